//! The section on task states: processes in uninterruptible sleep, waiting for a
//! CPU, or slow to run after a wake-up.

use std::cmp::Reverse;

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::process_name,
};
use crate::{
    event::{
        StateTimes, TaskState, Wakeups,
        units::{duration, plural},
    },
    model::{Key, MissingStates, Model},
};

const ROWS: usize = 10;
/// Thresholds for a note: time, ns, and share of the whole, %.
const LONG: u64 = 500_000_000;
const MUCH: u64 = 50;

macro_rules! in_state {
    ($name:ident, $table:literal, $key:literal, $about:literal) => {
        /// Processes by their time in a state.
        pub static $name: TableKind = TableKind {
            name: $table,
            about: $about,
            columns: &[
                Column::right("time_ns", $key, "time in the state, sum of all threads"),
                Column::right(
                    "share",
                    "share",
                    "share of the time that was counted, percent",
                ),
                Column::right("running_ns", "running", "time on a CPU"),
                Column::right("counted_ns", "counted", "time that was counted"),
                Column::left("process", "process", "process").of(Holds::Process),
            ],
        };
    };
}

in_state!(
    BLOCKED,
    "blocked",
    "uninterruptible",
    "time in uninterruptible sleep by process; needs --states=count"
);
in_state!(
    WAITING,
    "waiting_for_cpu",
    "runnable",
    "time waiting for a CPU by process; needs --states=count"
);

/// Processes by their wake-up latency.
pub static WAKEUPS: TableKind = TableKind {
    name: "wakeups",
    about: "delays from a wake-up to a CPU by process; needs --states=count",
    columns: &[
        Column::right("latency_max_ns", "wake-up to CPU, max", "longest delay"),
        Column::right("latency_average_ns", "average", "average delay"),
        Column::right("wakeups", "wake-ups", "number of wake-ups"),
        Column::right(
            "first_run_ns",
            "fork to CPU",
            "delay from being made runnable by fork to the first run",
        ),
        Column::left("process", "process", "process").of(Holds::Process),
    ],
};

/// A process with counted task states.
struct Counted {
    key: Key,
    times: StateTimes,
    wakeups: Wakeups,
    first_run_latency: Option<u64>,
    /// Turns on a CPU that are counted as runnable.
    missed_turns: u64,
    missing: Option<MissingStates>,
}

impl Counted {
    fn share(&self, state: TaskState) -> u64 {
        share(self.times.of(state), self.times.total())
    }
}

fn share(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 100 / u128::from(whole.max(1))) as u64
}

fn counted(scope: &Scope<'_>) -> Vec<Counted> {
    let model = scope.model;
    let all = scope.processes().filter_map(|(key, process)| {
        Some(Counted {
            key,
            times: process.state_times(model.now())?,
            wakeups: process.wakeups()?,
            first_run_latency: process.first_run_latency(),
            missed_turns: process.scheduling.as_ref()?.missed(),
            missing: process.missing_states(),
        })
    });
    all.collect()
}

/// Writes the section if states were counted.
pub fn write_if_counted(scope: &Scope<'_>, page: &mut dyn Output) {
    if scope.processes().any(|(_, it)| it.scheduling.is_some()) {
        write(scope, page);
    }
}

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let counted = counted(scope);
    if counted.is_empty() {
        page.section("Task states: not counted (use --states=count)");
        return;
    }
    page.section(&format!(
        "Task states: of {}{}",
        plural(counted.len() as u64, "process", "processes"),
        scope.evicted_note()
    ));
    let all = counted.iter().map(|it| it.times);
    let all = all.fold(StateTimes::default(), StateTimes::plus);
    let states = TaskState::ALIVE.iter().filter(|&&it| all.of(it) > 0);
    let states = states.map(|&state| format!("{} {}", duration(all.of(state)), state.name()));
    page.labelled("", &states.collect::<Vec<_>>().join(", "));
    most(
        scope,
        page,
        &counted,
        (&BLOCKED, TaskState::Uninterruptible),
    );
    most(scope, page, &counted, (&WAITING, TaskState::Runnable));
    slowest(scope, page, &counted);
    for sentence in notes(scope.model, &counted) {
        page.labelled("  note", &sentence);
    }
}

/// Writes the processes with the most time in a state.
fn most(
    scope: &Scope<'_>,
    page: &mut dyn Output,
    counted: &[Counted],
    (kind, state): (&'static TableKind, TaskState),
) {
    let mut most: Vec<_> = counted.iter().filter(|it| it.times.of(state) > 0).collect();
    most.sort_by_key(|it| (Reverse(it.times.of(state)), it.key));
    let total = most.len();
    let mut rows = most.into_iter().map(|it| {
        vec![
            Cell::Duration(it.times.of(state)),
            Cell::Share(it.share(state)),
            Cell::Duration(it.times.running),
            Cell::Duration(it.times.total()),
            Cell::Process(it.key),
        ]
    });
    page.table(scope, kind, (ROWS, total), &mut rows);
}

/// Writes the processes with the longest delay from a wake-up to a CPU.
fn slowest(scope: &Scope<'_>, page: &mut dyn Output, counted: &[Counted]) {
    let mut slowest: Vec<_> = counted.iter().filter(|it| it.wakeups.count > 0).collect();
    slowest.sort_by_key(|it| (Reverse(it.wakeups.latency_max), it.key));
    let total = slowest.len();
    let mut rows = slowest.into_iter().map(|it| {
        vec![
            Cell::Duration(it.wakeups.latency_max),
            Cell::some(it.wakeups.average(), Cell::Duration),
            Cell::Count(it.wakeups.count),
            Cell::some(it.first_run_latency, Cell::Duration),
            Cell::Process(it.key),
        ]
    });
    page.table(scope, &WAKEUPS, (ROWS, total), &mut rows);
}

/// Returns notes on processes that were held up, the longest time first, and on
/// incomplete figures.
fn notes(model: &Model, counted: &[Counted]) -> Vec<String> {
    let mut notes = Vec::new();
    for it in counted {
        let (asleep, total) = (it.times.uninterruptible, it.times.total());
        if asleep >= LONG && it.share(TaskState::Uninterruptible) >= MUCH {
            let says = format!(
                "{} spent {} % of {} in uninterruptible sleep (disk, kernel lock or vfork child)",
                process_name(model, it.key),
                it.share(TaskState::Uninterruptible),
                duration(total),
            );
            notes.push((asleep, says));
        }
        let waited = it.times.runnable;
        let needed = waited.saturating_add(it.times.running);
        if waited >= LONG && share(waited, needed) >= MUCH {
            let says = format!(
                "{} needed a CPU for {} and waited for one {} % of that time",
                process_name(model, it.key),
                duration(needed),
                share(waited, needed),
            );
            notes.push((waited, says));
        }
    }
    notes.sort_by_key(|&(time, _)| Reverse(time));
    let missed = counted.iter().map(|it| it.missed_turns);
    let missed = missed.fold(0, u64::saturating_add);
    let lacks = |wanted: fn(MissingStates) -> bool| {
        let lack = counted.iter().filter_map(|it| it.missing);
        lack.filter(|&lack| wanted(lack)).count() as u64
    };
    let incomplete = lacks(|lack| lack == MissingStates::End);
    let unreported = lacks(|lack| matches!(lack, MissingStates::Threads(_)));
    let mut notes: Vec<_> = notes.into_iter().take(ROWS).map(|(_, says)| says).collect();
    if missed > 0 {
        notes.push(format!(
            "the kernel did not show the start of {}: counted as runnable, not as running",
            plural(missed, "turn on a CPU", "turns on a CPU")
        ));
    }
    if incomplete > 0 {
        notes.push(format!(
            "the final times of {} are missing: the record of a thread's end was lost",
            plural(incomplete, "process", "processes")
        ));
    }
    if unreported > 0 {
        notes.push(format!(
            "the times of some threads of {} are missing: they were not reported, or there was no room",
            plural(unreported, "process", "processes")
        ));
    }
    notes
}
