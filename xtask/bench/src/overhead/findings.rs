//! Summarises all passes.

use std::collections::BTreeMap;

use super::pass::{Own, Pass};
use crate::{
    machine,
    report::{Goal, Report, Table, number},
    stats::{Spread, geometric_mean},
    tools::{Method, TOOLS, Tool},
    work::WORKS,
};

/// The tool whose slow-down has goals.
const OURS: &str = "tracer record";

/// Ratios by work, of one pass.
type Ratios = fn(&Pass) -> &BTreeMap<String, f64>;

/// One tool's passes.
struct Findings<'a> {
    tool: &'static Tool,
    passes: Vec<&'a Pass>,
}

impl Findings<'_> {
    /// Returns the mean of all turns. A median would be misleading on a machine with two
    /// speeds: it lies between the two or at either.
    fn of(&self, ratios: Ratios, work: &str) -> Option<Spread> {
        let values = self.passes.iter().filter_map(|pass| ratios(pass).get(work));
        Spread::of_mean(values.copied())
    }

    fn mean(&self, ratios: Ratios) -> Option<f64> {
        let medians = WORKS
            .iter()
            .filter_map(|work| self.of(ratios, work.name))
            .map(|spread| spread.median);
        geometric_mean(medians)
    }

    fn own(&self, of: impl Fn(&Own) -> Option<f64>) -> Option<f64> {
        let owns = self.passes.iter().filter_map(|pass| pass.own.as_ref());
        Some(Spread::of(owns.filter_map(of))?.median)
    }
}

const WALL: Ratios = |pass| &pass.wall;
const CPU: Ratios = |pass| &pass.cpu;

/// Reports on `passes`, of `whole` planned ones.
pub fn report(passes: &[Pass], whole: usize) -> Report {
    let tools: Vec<Findings> = TOOLS
        .iter()
        .map(|tool| Findings {
            tool,
            passes: passes
                .iter()
                .filter(|pass| pass.tool == tool.name)
                .collect(),
        })
        .filter(|found| !found.passes.is_empty())
        .collect();
    let mut report = Report::default();
    let disturbance = machine::disturbance(passes.iter().filter_map(|pass| pass.others));
    if let Some(ours) = tools.iter().find(|found| found.tool.name == OURS) {
        goals(&mut report, ours, &tools, disturbance.is_none());
    }
    let wall = "Time of work, relative to untraced";
    let cpu = "CPU time of work, relative to untraced (without the CPU time of the tool's own \
               processes)";
    report.tables.push(ratios(wall, &tools, WALL));
    report.tables.push(ratios(cpu, &tools, CPU));
    report.tables.push(own(&tools));
    report.notes.push(
        "Of the memory of `record` 16 MiB are the ring buffer, which the kernel maps twice, and \
         some 8 its program file."
            .to_owned(),
    );
    report.notes.extend(TOOLS.iter().filter_map(Tool::absence));
    for found in &tools {
        let mut failures = BTreeMap::<&str, u32>::new();
        for why in found
            .passes
            .iter()
            .filter_map(|pass| pass.failure.as_deref())
        {
            *failures.entry(why).or_default() += 1;
        }
        report
            .notes
            .extend(failures.into_iter().map(|(why, times)| {
                format!(
                    "{}: no figures in {times} of its rounds: {why}",
                    found.tool.name
                )
            }));
    }
    if passes.len() < whole {
        report
            .notes
            .push(format!("Ended early: {} of {whole} passes.", passes.len()));
    }
    for work in WORKS {
        report
            .notes
            .push(format!("`{}`: {}.", work.name, work.about));
    }
    report.notes.push(
        "All but `build` and `stress` stay on one processor, so that the scheduler's choices are \
         not measured."
            .to_owned(),
    );
    report.notes.push(
        "A ratio is the geometric mean over all turns of a tool, each relative to the untraced \
         work right before and after it; in brackets the quartiles of that mean over other draws \
         of the same turns (bootstrap). Judged tools have three times as many turns."
            .to_owned(),
    );
    if let Some(disturbance) = disturbance {
        report.notes.push(disturbance);
        report.notes.push(
            "Slow-down is not judged: that needs a quiet machine. The ratios of CPU time are the \
             steadier ones."
                .to_owned(),
        );
    }
    report
}

/// Adds the goals. Slow-down is judged only on a quiet machine.
fn goals(report: &mut Report, ours: &Findings, tools: &[Findings], quiet: bool) {
    let mut goal = |limit, unit, what: &str, figure| {
        report.goals.push(Goal::at_most(limit, unit, what, figure));
    };
    let worst = WORKS
        .iter()
        .filter_map(|work| ours.of(WALL, work.name))
        .map(|spread| spread.median)
        .reduce(f64::max);
    goal(
        1.03,
        "",
        "slow-down by `tracer record`, geometric mean",
        ours.mean(WALL).filter(|_| quiet),
    );
    goal(
        1.06,
        "",
        "slow-down by `tracer record`, the worst",
        worst.filter(|_| quiet),
    );
    goal(
        1000.0,
        "ns",
        "own CPU per event recorded",
        ours.own(|own| own.each),
    );
    goal(
        40.0,
        "MiB",
        "memory of `record`, at work",
        ours.own(|own| Some(own.memory)),
    );
    goal(
        0.0,
        "events",
        "lost",
        ours.own(|own| Some(own.lost? as f64)),
    );
    if !quiet {
        return;
    }
    let floor = tools
        .iter()
        .find(|found| matches!(found.tool.method, Method::Floor));
    if let (Some(floor), Some(ours)) = (floor.and_then(|floor| floor.mean(WALL)), ours.mean(WALL)) {
        report.notes.push(format!(
            "Of the {ours:.3} of `tracer record` {floor:.3} are those of empty programs on the same \
             hooks. The rest are its records, and the work of its reader on the other processor \
             (docs/performance/history.md)."
        ));
    }
    let peers = tools
        .iter()
        .filter(|found| matches!(found.tool.method, Method::Beside(..) | Method::Around(..)));
    let beaten: Vec<String> = peers
        .flat_map(|peer| {
            WORKS.iter().filter_map(|work| {
                let theirs = peer.of(WALL, work.name)?.median;
                (theirs < ours.of(WALL, work.name)?.median)
                    .then(|| format!("{} on `{}`", peer.tool.name, work.name))
            })
        })
        .collect();
    report.notes.push(match beaten.is_empty() {
        true => {
            "No peer slows any work that it can see down less than `tracer record` does.".to_owned()
        }
        false => format!(
            "Less slow-down than by `tracer record`, which sees more: {}.",
            beaten.join(", ")
        ),
    });
}

fn ratios(title: &str, tools: &[Findings], of: Ratios) -> Table {
    let mut table = Table::new(title, ["tool"]);
    table
        .head
        .extend(WORKS.iter().map(|work| work.name.to_owned()));
    table.head.push("mean".to_owned());
    for found in tools {
        let mut row = vec![found.tool.name.to_owned()];
        row.extend(WORKS.iter().map(|work| {
            let spread = found.of(of, work.name);
            spread.map_or("–".to_owned(), |spread| {
                format!(
                    "{:.2} [{:.2}–{:.2}]",
                    spread.median, spread.low, spread.high
                )
            })
        }));
        let mean = found.mean(of);
        row.push(mean.map_or("–".to_owned(), |mean| format!("{mean:.3}")));
        table.rows.push(row);
    }
    table
}

/// A title, and the figure of a tool's own use.
type Column = (&'static str, fn(&Own) -> Option<f64>);

const COLUMNS: &[Column] = &[
    ("busy, % of a core", |own| Some(own.busy * 100.0)),
    ("idle, % of a core", |own| Some(own.idle * 100.0)),
    ("ns per event", |own| own.each),
    ("peak memory, MiB", |own| Some(own.memory)),
    ("lost, as reported", |own| Some(own.lost? as f64)),
];

fn own(tools: &[Findings]) -> Table {
    let title = "CPU, memory and losses of the tool itself, median of its passes";
    let mut table = Table::new(title, ["tool"]);
    table
        .head
        .extend(COLUMNS.iter().map(|column| column.0.to_owned()));
    for found in tools {
        let mut row = vec![found.tool.name.to_owned()];
        row.extend(
            COLUMNS
                .iter()
                .map(|column| found.own(column.1).map_or("–".to_owned(), number)),
        );
        table.rows.push(row);
    }
    table
}
