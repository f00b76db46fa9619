//! One pass: all work that a tool can see runs once under the tool.

use std::{collections::BTreeMap, thread, time::Duration};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::{
    running::{cpu_time, peak_memory},
    testbed::Testbed,
    tools::{ActiveTool, Tool},
    work::{Took, WORKS},
};

/// Time of all work without a tool, by name.
pub type Untraced = BTreeMap<String, Took>;

/// Result of one pass.
#[derive(Default, Serialize, Deserialize)]
pub struct Pass {
    pub round: u32,
    pub tool: String,
    /// Time of each work, relative to untraced.
    pub wall: BTreeMap<String, f64>,
    /// CPU time of each work, relative to untraced.
    pub cpu: BTreeMap<String, f64>,
    /// Resources of the tool itself; none if it is no process of its own.
    pub own: Option<Own>,
    /// Error of a failed pass, which has no figures.
    pub failure: Option<String>,
    /// Share of a processor that other processes used meanwhile.
    pub others: Option<f64>,
}

/// Resources of a tool itself.
#[derive(Serialize, Deserialize)]
pub struct Own {
    /// CPU time per second while work runs.
    pub busy: f64,
    /// CPU time per second while nothing happens.
    pub idle: f64,
    /// Peak memory, MiB.
    pub memory: f64,
    /// CPU time per event, ns; none if the tool does not count events.
    pub each: Option<f64>,
    /// Lost events that it reports; none if it does not report them.
    pub lost: Option<u64>,
}

/// Runs all work without a tool.
pub fn untraced(testbed: &Testbed) -> Result<Untraced> {
    WORKS
        .iter()
        .map(|work| Ok((work.name.to_owned(), work.run(testbed, &[] as &[&str])?)))
        .collect()
}

/// Resources of a tool, measured while it runs.
struct Used {
    busy: Duration,
    span: Duration,
    idle: f64,
    memory: f64,
}

/// Runs all work that the tool can see under it.
pub fn with(testbed: &Testbed, tool: &Tool) -> Result<(BTreeMap<String, Took>, Option<Own>)> {
    let active = tool.start(testbed)?;
    let measured = measure(testbed, tool, &active);
    let totals = active.stop(testbed);
    let (took, used) = measured?;
    let totals = totals?;
    let own = used.map(|used| Own {
        busy: used.busy.as_secs_f64() / used.span.as_secs_f64(),
        idle: used.idle,
        memory: used.memory,
        each: totals
            .events
            .map(|events| used.busy.as_nanos() as f64 / events as f64),
        lost: totals.lost,
    });
    Ok((took, own))
}

fn measure(
    testbed: &Testbed,
    tool: &Tool,
    active: &ActiveTool,
) -> Result<(BTreeMap<String, Took>, Option<Used>)> {
    let pids = active.pids();
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
            .run(testbed, active.around())
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

/// Returns the ratio of each work to the mean of the untraced times before and after,
/// so that a drift cancels out.
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
