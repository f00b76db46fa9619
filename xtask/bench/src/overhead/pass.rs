//! One pass: a tool looks on while every work that it can see is done once.

use std::{collections::BTreeMap, thread, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{
    running::{cpu_time, peak_memory},
    testbed::Testbed,
    tools::{Tool, Watching},
    work::{Took, WORKS},
};

/// All work done without any tool, by name.
pub type Untraced = BTreeMap<String, Took>;

/// What one pass found.
#[derive(Default, Serialize, Deserialize)]
pub struct Pass {
    pub round: u32,
    pub tool: String,
    /// How many times as long each work took as without the tool.
    pub wall: BTreeMap<String, f64>,
    /// The same of its time on the processor.
    pub cpu: BTreeMap<String, f64>,
    /// What the tool itself used; none, where it is not a process of its own.
    pub own: Option<Own>,
    /// What went wrong, if something did: there are no figures then.
    pub failure: Option<String>,
    /// What others used of a processor meanwhile.
    pub others: Option<f64>,
}

#[derive(Serialize, Deserialize)]
pub struct Own {
    /// Time on the processor per second, while work goes on.
    pub busy: f64,
    /// The same while nothing happens.
    pub idle: f64,
    /// MiB at the most.
    pub memory: f64,
    /// ns on the processor per event, where the tool counts its events.
    pub each: Option<f64>,
    /// Events it says it has lost; none, where it does not say.
    pub lost: Option<u64>,
}

/// What the work takes without a tool.
pub fn untraced(testbed: &Testbed) -> Result<Untraced> {
    WORKS
        .iter()
        .map(|work| Ok((work.name.to_owned(), work.run(testbed, &[] as &[&str])?)))
        .collect()
}

/// What the tool itself has used, while it runs.
struct Used {
    busy: Duration,
    span: Duration,
    idle: f64,
    memory: f64,
}

/// What a tool found of each work; it is compared with what was measured before
/// and after it.
pub fn with(testbed: &Testbed, tool: &Tool) -> Result<(BTreeMap<String, Took>, Option<Own>)> {
    let watching = tool.start(testbed)?;
    let looked = look(testbed, tool, &watching);
    let told = watching.stop(testbed);
    let (took, used) = looked?;
    let told = told?;
    let own = used.map(|used| Own {
        busy: used.busy.as_secs_f64() / used.span.as_secs_f64(),
        idle: used.idle,
        memory: used.memory,
        each: told
            .events
            .map(|events| used.busy.as_nanos() as f64 / events as f64),
        lost: told.lost,
    });
    Ok((took, own))
}

fn look(
    testbed: &Testbed,
    tool: &Tool,
    watching: &Watching,
) -> Result<(BTreeMap<String, Took>, Option<Used>)> {
    let pids = watching.pids();
    let own = || pids.iter().copied().map(cpu_time).sum::<Duration>();
    let rest = Duration::from_millis(if testbed.quick { 300 } else { 1000 });
    let began = own();
    if !pids.is_empty() {
        thread::sleep(rest);
    }
    let before = own();
    let mut took = BTreeMap::new();
    let mut span = Duration::ZERO;
    for work in WORKS.iter().filter(|work| tool.sees(work.shows)) {
        let one = work
            .run(testbed, watching.around())
            .with_context(|| format!("the work `{}`", work.name))?;
        span += Duration::from_nanos((one.wall * one.rounds) as u64);
        took.insert(work.name.to_owned(), one);
    }
    let used = (!pids.is_empty()).then(|| Used {
        busy: own().saturating_sub(before),
        span,
        idle: before.saturating_sub(began).as_secs_f64() / rest.as_secs_f64(),
        memory: pids.iter().copied().filter_map(peak_memory).sum(),
    });
    Ok((took, used))
}

/// How many times as long each work took as without the tool: beside the mean
/// of the time before and after, so that what drifts meets both.
pub fn ratios(
    with: &BTreeMap<String, Took>,
    before: &Untraced,
    after: &Untraced,
    of: impl Fn(&Took) -> f64,
) -> BTreeMap<String, f64> {
    let ratio = |(work, took): (&String, &Took)| {
        let without = (of(before.get(work)?) + of(after.get(work)?)) / 2.0;
        Some((work.clone(), of(took) / without))
    };
    with.iter().filter_map(ratio).collect()
}
