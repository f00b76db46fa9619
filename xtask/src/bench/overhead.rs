//! How much slower work gets under tracer, under empty programs and under each
//! peer: every figure is the ratio of two runs that follow each other, with the
//! tool and without.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};

use super::{
    ground::Ground,
    machine,
    report::{Goal, Report, Table},
    running::{cpu_time, peak_memory},
    stats::{Spread, geometric_mean},
    tools::{TOOLS, Tool},
    work::{Took, WORKS, Work},
};

/// The tool whose slow-down has goals.
const OURS: &str = "tracer record";

/// What one tool did, by work.
#[derive(Default)]
struct Findings {
    wall: BTreeMap<&'static str, Vec<f64>>,
    cpu: BTreeMap<&'static str, Vec<f64>>,
    /// Its own time on the processor, per second of work.
    own: Vec<f64>,
    /// MiB.
    memory: Vec<f64>,
}

pub fn bench(ground: &Ground) -> Result<Report> {
    let mut report = Report::default();
    report.notes.extend(TOOLS.iter().filter_map(Tool::absence));
    let tools = || TOOLS.iter().filter(|tool| tool.absence().is_none());
    let mut findings: BTreeMap<&str, Findings> = BTreeMap::new();
    let mut loads = Vec::new();
    for round in 1..=ground.rounds {
        for tool in tools() {
            eprintln!("    round {round} of {}: {}", ground.rounds, tool.name);
            let found = findings.entry(tool.name).or_default();
            watch(ground, tool, found).with_context(|| tool.name)?;
            loads.extend(machine::load());
        }
    }
    let tools: Vec<(&str, &Findings)> = tools()
        .map(|tool| (tool.name, &findings[tool.name]))
        .collect();
    goals(&mut report, &tools);
    let wall = "How many times as long work takes";
    let cpu = "How many times as long it is on the processor itself (what the tool's own processes \
               use is not in it)";
    report
        .tables
        .push(ratios(wall, &tools, |found| &found.wall));
    report.tables.push(ratios(cpu, &tools, |found| &found.cpu));
    report.tables.push(own(&tools));
    for work in WORKS {
        report
            .notes
            .push(format!("`{}`: {}.", work.name, work.about));
    }
    report.notes.extend(machine::disturbance(loads));
    Ok(report)
}

/// All work that the tool can see, once without it and once with it.
fn watch(ground: &Ground, tool: &Tool, found: &mut Findings) -> Result<()> {
    let works = || WORKS.iter().filter(|work| tool.sees(work.shows));
    let without: Vec<Took> = works()
        .map(|work| work.run(ground, &[] as &[&str]))
        .collect::<Result<_>>()?;
    let watching = tool.start(ground)?;
    let own = || watching.pids().into_iter().map(cpu_time).sum::<Duration>();
    let (before, mut span) = (own(), 0.0);
    let work = |work: &Work| work.run(ground, watching.around());
    for (kind, without) in works().zip(without) {
        let with = work(kind)?;
        span += with.wall * with.rounds;
        found
            .wall
            .entry(kind.name)
            .or_default()
            .push(with.wall / without.wall);
        found
            .cpu
            .entry(kind.name)
            .or_default()
            .push(with.cpu / without.cpu);
    }
    let pids = watching.pids();
    if !pids.is_empty() {
        let used = own().saturating_sub(before);
        found.own.push(used.as_nanos() as f64 / span);
        found
            .memory
            .push(pids.into_iter().filter_map(peak_memory).sum());
    }
    watching.stop()
}

fn median(ratios: &BTreeMap<&str, Vec<f64>>, work: &str) -> Option<f64> {
    Some(Spread::of(ratios.get(work)?.iter().copied())?.median)
}

fn goals(report: &mut Report, tools: &[(&str, &Findings)]) {
    let Some((_, ours)) = tools.iter().find(|(name, _)| *name == OURS) else {
        return;
    };
    let medians = || {
        WORKS
            .iter()
            .filter_map(|work| median(&ours.wall, work.name))
    };
    report.goals.push(Goal::at_most(
        1.03,
        "",
        "slow-down by `tracer record`, geometric mean",
        geometric_mean(medians()),
    ));
    report.goals.push(Goal::at_most(
        1.06,
        "",
        "slow-down by `tracer record`, the worst",
        medians().reduce(f64::max),
    ));
    let peers = tools
        .iter()
        .filter(|(name, _)| !name.starts_with("tracer") && *name != "empty programs");
    let beaten: Vec<String> = peers
        .flat_map(|(name, peer)| {
            WORKS.iter().filter_map(move |work| {
                let (theirs, ours) = (
                    median(&peer.wall, work.name)?,
                    median(&ours.wall, work.name)?,
                );
                (theirs < ours).then(|| format!("{name} on {}", work.name))
            })
        })
        .collect();
    report.notes.push(match beaten.is_empty() {
        true => {
            "No peer slows any work that it can see down less than `tracer record` does.".to_owned()
        }
        false => format!(
            "Less slow-down than by `tracer record`: {}.",
            beaten.join(", ")
        ),
    });
}

fn ratios(
    title: &str,
    tools: &[(&str, &Findings)],
    of: impl Fn(&Findings) -> &BTreeMap<&'static str, Vec<f64>>,
) -> Table {
    let mut table = Table::new(title, ["tool"]);
    table
        .head
        .extend(WORKS.iter().map(|work| work.name.to_owned()));
    table.head.push("mean".to_owned());
    for (name, found) in tools {
        let ratios = of(found);
        let mut row = vec![(*name).to_owned()];
        row.extend(WORKS.iter().map(|work| {
            let spread = ratios
                .get(work.name)
                .and_then(|values| Spread::of(values.iter().copied()));
            spread.map_or("–".to_owned(), |spread| {
                format!(
                    "{:.2} [{:.2}–{:.2}]",
                    spread.median, spread.low, spread.high
                )
            })
        }));
        let mean = geometric_mean(WORKS.iter().filter_map(|work| median(ratios, work.name)));
        row.push(mean.map_or("–".to_owned(), |mean| format!("{mean:.3}")));
        table.rows.push(row);
    }
    table
}

fn own(tools: &[(&str, &Findings)]) -> Table {
    let title = "What the tool itself uses while work goes on";
    let mut table = Table::new(title, ["tool", "% of a core", "peak memory, MiB"]);
    for (name, found) in tools {
        let cell = |values: &[f64], factor: f64| {
            let spread = Spread::of(values.iter().copied());
            spread.map_or("–".to_owned(), |spread| {
                format!("{:.1}", spread.median * factor)
            })
        };
        table.rows.push(vec![
            (*name).to_owned(),
            cell(&found.own, 100.0),
            cell(&found.memory, 1.0),
        ]);
    }
    table
}
