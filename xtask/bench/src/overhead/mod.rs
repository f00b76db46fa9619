//! Measures the slow-down of work under tracer, under empty programs and under each
//! peer. Every tool has a turn in every round. Between two turns all work runs untraced,
//! and each turn is compared with the runs before and after it.

mod findings;
mod journal;
mod pass;

use std::time::Instant;

use anyhow::Result;

use crate::{
    machine::Others,
    report::Report,
    testbed::Testbed,
    tools::{TOOLS, Tool},
};
use journal::Journal;
use pass::{Pass, Untraced};

/// Turns of a judged tool for each turn of a peer: its goals are finer than a few
/// turns can resolve.
const OFTEN: u32 = 3;

pub fn bench(testbed: &Testbed) -> Result<Report> {
    let began = Instant::now();
    let over = || {
        testbed
            .budget
            .is_some_and(|budget| began.elapsed() >= budget)
    };
    let mut journal = Journal::open(testbed.resume)?;
    let mut untraced: Option<Untraced> = None;
    let turns: Vec<(u32, &Tool)> = turns(testbed.rounds).collect();
    for (number, &(round, tool)) in turns.iter().enumerate() {
        if journal.has(round, tool.name) {
            continue;
        }
        if over() {
            eprintln!("    time is up: continue with --resume");
            break;
        }
        eprintln!("    {} of {}: {}", number + 1, turns.len(), tool.name);
        let before = match untraced.take() {
            Some(before) => before,
            None => pass::untraced(testbed)?,
        };
        let others = Others::from_now();
        let turn = pass::with(testbed, tool);
        let after = pass::untraced(testbed)?;
        let pass = Pass {
            round,
            tool: tool.name.to_owned(),
            others: others.and_then(|others| others.share()),
            ..judge(tool, turn, &before, &after)
        };
        journal.add(pass)?;
        untraced = Some(after);
    }
    Ok(findings::report(journal.passes(), turns.len()))
}

/// Returns the turns: a round and its tool.
fn turns(rounds: u32) -> impl Iterator<Item = (u32, &'static Tool)> {
    let tools = || TOOLS.iter().filter(|tool| tool.absence().is_none());
    (0..rounds * OFTEN).flat_map(move |round| {
        tools()
            .filter(move |tool| tool.is_judged() || round % OFTEN == 0)
            .map(move |tool| (round, tool))
    })
}

type Turn = Result<(Untraced, Option<pass::Own>)>;

fn judge(tool: &Tool, turn: Turn, before: &Untraced, after: &Untraced) -> Pass {
    match turn {
        Ok((with, own)) => Pass {
            wall: pass::ratios(&with, before, after, |took| took.wall),
            cpu: pass::ratios(&with, before, after, |took| took.cpu),
            own,
            ..Pass::default()
        },
        Err(error) => {
            eprintln!("    {}: {error:#}", tool.name);
            Pass {
                failure: Some(format!("{error:#}")),
                ..Pass::default()
            }
        }
    }
}
