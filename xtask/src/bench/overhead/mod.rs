//! How much slower work gets under tracer, under empty programs and under each
//! peer. Every tool has its turn in every round, and between two turns all work
//! is done without any: each figure stands beside that before and after it.

mod findings;
mod journal;
mod pass;

use std::time::Instant;

use anyhow::Result;

use super::{
    ground::Ground,
    machine,
    report::Report,
    tools::{TOOLS, Tool},
};
use journal::Journal;
use pass::{Pass, Untraced};

pub fn bench(ground: &Ground) -> Result<Report> {
    let began = Instant::now();
    let over = || {
        ground
            .budget
            .is_some_and(|budget| began.elapsed() >= budget)
    };
    let mut journal = Journal::open(ground.resume)?;
    let mut untraced: Option<Untraced> = None;
    'rounds: for round in 1..=ground.rounds {
        for tool in TOOLS.iter().filter(|tool| tool.absence().is_none()) {
            if journal.has(round, tool.name) {
                continue;
            }
            if over() {
                eprintln!("    the time is over: go on with --resume");
                break 'rounds;
            }
            eprintln!("    round {round} of {}: {}", ground.rounds, tool.name);
            let before = match untraced.take() {
                Some(before) => before,
                None => pass::untraced(ground)?,
            };
            let turn = pass::with(ground, tool);
            let after = pass::untraced(ground)?;
            journal.add(judge(round, tool, turn, &before, &after))?;
            untraced = Some(after);
        }
    }
    Ok(findings::report(journal.passes(), ground.rounds))
}

type Turn = Result<(Untraced, Option<pass::Own>)>;

fn judge(round: u32, tool: &Tool, turn: Turn, before: &Untraced, after: &Untraced) -> Pass {
    let pass = Pass {
        round,
        tool: tool.name.to_owned(),
        load: machine::load(),
        ..Pass::default()
    };
    match turn {
        Ok((with, own)) => Pass {
            wall: pass::ratios(&with, before, after, |took| took.wall),
            cpu: pass::ratios(&with, before, after, |took| took.cpu),
            own,
            ..pass
        },
        Err(error) => {
            eprintln!("    {}: {error:#}", tool.name);
            Pass {
                failure: Some(format!("{error:#}")),
                ..pass
            }
        }
    }
}
