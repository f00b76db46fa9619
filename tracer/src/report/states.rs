//! The section on task states: processes in uninterruptible sleep, waiting for a
//! CPU, or slow to run after a wake-up.

use std::cmp::Reverse;

use super::{
    page::{Align, Page},
    words::{evicted_note, plural, process_name},
};
use crate::{
    event::{StateTimes, TaskState, Wakeups, units::duration},
    model::{Key, MissingStates, Model, Process},
};

const ROWS: usize = 10;
/// Thresholds for a note: time, ns, and share of the whole, %.
const LONG: u64 = 500_000_000;
const MUCH: u64 = 50;

/// A process with counted task states.
struct Counted<'a> {
    key: Key,
    process: &'a Process,
    times: StateTimes,
    wakeups: Wakeups,
}

impl Counted<'_> {
    fn share(&self, state: TaskState) -> u64 {
        share(self.times.of(state), self.times.total())
    }
}

fn share(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 100 / u128::from(whole.max(1))) as u64
}

fn counted(model: &Model) -> Vec<Counted<'_>> {
    let all = model.processes().filter_map(|(key, process)| {
        Some(Counted {
            key,
            process,
            times: process.state_times(model.now())?,
            wakeups: process.wakeups()?,
        })
    });
    all.collect()
}

/// Writes the section if states were counted.
pub fn write_if_counted(model: &Model, page: &mut Page) {
    if model.processes().any(|(_, it)| it.scheduling.is_some()) {
        write(model, page);
    }
}

/// Writes the section.
pub fn write(model: &Model, page: &mut Page) {
    let counted = counted(model);
    if counted.is_empty() {
        page.section("Task states: not counted (use --states=count)");
        return;
    }
    page.section(&format!(
        "Task states: of {}{}",
        plural(counted.len() as u64, "process", "processes"),
        evicted_note(model)
    ));
    let all = counted.iter().map(|it| it.times);
    let all = all.fold(StateTimes::default(), StateTimes::plus);
    let states = TaskState::ALIVE.iter().filter(|&&it| all.of(it) > 0);
    let states = states.map(|&state| format!("{} {}", duration(all.of(state)), state.name()));
    page.labelled("", &states.collect::<Vec<_>>().join(", "));
    most(model, page, &counted, TaskState::Uninterruptible);
    most(model, page, &counted, TaskState::Runnable);
    slowest(model, page, &counted);
    for sentence in notes(model, &counted) {
        page.labelled("  note", &sentence);
    }
}

/// Writes the processes with the most time in a state.
fn most(model: &Model, page: &mut Page, counted: &[Counted<'_>], state: TaskState) {
    let mut rows: Vec<_> = counted.iter().filter(|it| it.times.of(state) > 0).collect();
    rows.sort_by_key(|it| (Reverse(it.times.of(state)), it.key));
    let more = rows.len().saturating_sub(ROWS);
    let rows: Vec<_> = rows
        .iter()
        .take(ROWS)
        .map(|it| {
            [
                duration(it.times.of(state)),
                format!("{} %", it.share(state)),
                duration(it.times.running),
                duration(it.times.total()),
                process_name(model, it.key),
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.table(
        [
            (state.name(), Align::Right),
            ("share", Align::Right),
            ("running", Align::Right),
            ("counted", Align::Right),
            ("process", Align::Left),
        ],
        &rows,
    );
    if more > 0 {
        page.line(&format!("  and {more} more"));
    }
}

/// Writes the processes with the longest delay from a wake-up to a CPU.
fn slowest(model: &Model, page: &mut Page, counted: &[Counted<'_>]) {
    let mut rows: Vec<_> = counted.iter().filter(|it| it.wakeups.count > 0).collect();
    rows.sort_by_key(|it| (Reverse(it.wakeups.latency_max), it.key));
    let more = rows.len().saturating_sub(ROWS);
    let rows: Vec<_> = rows
        .iter()
        .take(ROWS)
        .map(|it| {
            let first = it.process.first_run_latency();
            [
                duration(it.wakeups.latency_max),
                it.wakeups.average().map_or("–".to_owned(), duration),
                it.wakeups.count.to_string(),
                first.map_or("–".to_owned(), duration),
                process_name(model, it.key),
            ]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.table(
        [
            ("wake-up to CPU, max", Align::Right),
            ("average", Align::Right),
            ("wake-ups", Align::Right),
            ("fork to CPU", Align::Right),
            ("process", Align::Left),
        ],
        &rows,
    );
    if more > 0 {
        page.line(&format!("  and {more} more"));
    }
}

/// Returns notes on processes that were held up, the longest time first, and on
/// incomplete figures.
fn notes(model: &Model, counted: &[Counted<'_>]) -> Vec<String> {
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
    let unseen = counted
        .iter()
        .filter_map(|it| it.process.scheduling.as_ref());
    let missed = unseen.map(|it| it.missed());
    let missed = missed.fold(0, u64::saturating_add);
    let lacks = |wanted: fn(MissingStates) -> bool| {
        let lack = counted.iter().filter_map(|it| it.process.missing_states());
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
