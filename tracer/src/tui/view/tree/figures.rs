//! The columns of the tree, one row each: content, order, and whether it is shown by default. To
//! add a column, add its row.

use crate::{
    event::{TaskState, units},
    model::{Process, State},
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        text::words,
        widget::columns::{Column, figure, rest, word},
    },
};

/// A column of the tree.
pub struct Figure {
    /// Title, width and rank.
    pub column: Column,
    /// The description in the column chooser.
    pub about: &'static str,
    /// True if shown by default.
    pub usual: bool,
    /// True if the smallest value comes first by default.
    pub ascending: bool,
    /// Returns the sort key, if the value is known.
    pub order: fn(&Data<'_>, &Process) -> Option<u128>,
    /// Returns the cell's text for a width; `None` for the tree itself.
    pub cell: Option<fn(&Data<'_>, &Process, usize) -> Phrase>,
}

/// The column with the tree, which is always shown.
pub const NAME: usize = 1;

macro_rules! figures {
    ($($column:expr, $usual:ident $direction:ident, $about:literal, $order:expr, $cell:expr;)*) => {
        &[$(Figure {
            column: $column,
            about: $about,
            usual: figures!(@$usual),
            ascending: figures!(@$direction),
            order: $order,
            cell: $cell,
        },)*]
    };
    (@usual) => { true };
    (@chosen) => { false };
    (@up) => { true };
    (@down) => { false };
}

/// The columns in the order of the screen.
pub const FIGURES: &[Figure] = figures! {
    figure("PID", 7, 0), usual up, "PID in the initial namespace",
        |_, process| Some(process.id.tgid.into()),
        Some(|_, process, _| Phrase::plain(process.id.tgid.to_string()));
    rest("PROCESS", 28), usual up, "the tree: name and command line",
        |_, process| process.known_comm().map(by_name),
        None;
    figure("PPID", 7, 12), chosen up, "PID of the current parent, which must reap it",
        |data, process| data.model.parent_pid(process).map(u128::from),
        Some(|data, process, _| match data.model.parent_pid(process) {
            Some(parent) => Phrase::plain(parent.to_string()),
            None => unknown(),
        });
    word("STATE", 8, 6), usual down, "alive, zombie, reaped",
        |_, process| Some(gravity(process.state())),
        Some(|_, process, _| state(process.state()));
    word("S", 2, 14), chosen down, "state of the main thread as in ps(1): R, S, D, T, t, I, Z, X; needs --states",
        |_, process| Some(urgency(letter(process)?)),
        Some(|_, process, _| match letter(process) {
            Some((tone, letter)) => Phrase::of(tone, letter),
            None => unknown(),
        });
    word("BORN", 15, 11), chosen up, "start time",
        |_, process| Some(process.id.start.into()),
        Some(|data, process, _| Phrase::plain(words::clock(data, process.id.start)));
    figure("AGE", 8, 2), usual down, "lifetime; when exiting or a zombie, the time since then",
        |data, process| match process.state() {
            State::Zombie => process.zombie_time(data.now).map(|time| time.min.into()),
            State::Exiting => process.exiting_time(data.now).map(u128::from),
            State::Alive | State::Reaped | State::Vanished => {
                process.lifetime(data.now).map(u128::from)
            }
        },
        Some(|data, process, _| Phrase::plain(words::age(process, data.now)));
    figure("EXIT", 9, 0), usual down, "exit code or signal",
        // Killed, then failed, then successful.
        |_, process| {
            let status = process.status?;
            match (status.signal(), status.exit_code()) {
                (Some(signal), _) => Some(0x1_0000 + signal.unsigned_abs() as u128),
                (None, Some(code)) => Some(code.unsigned_abs() as u128),
                (None, None) => None,
            }
        },
        Some(|_, process, width| words::ending(process, width));
    figure("WAITED", 8, 10), chosen down, "time it was a zombie before the reap",
        |data, process| process.zombie_time(data.now).map(|time| time.min.into()),
        Some(|data, process, _| match (process.zombie_time(data.now), process.state()) {
            (Some(time), _) => Phrase::plain(time.compact()),
            (None, State::Alive) => Phrase::new(),
            (None, State::Exiting | State::Zombie | State::Reaped | State::Vanished) => unknown(),
        });
    figure("THR", 4, 5), usual down, "threads; for exited processes, all that were seen",
        |_, process| Some(match process.state() {
            State::Alive => process.threads.len() as u128,
            State::Exiting | State::Zombie | State::Reaped | State::Vanished => {
                process.threads_seen.into()
            }
        }),
        Some(|_, process, _| words::threads(process));
    figure("KIDS", 5, 9), chosen down, "children that were seen, exited ones included",
        |_, process| Some(process.tree_child_count().into()),
        Some(|_, process, _| count(process.tree_child_count()));
    figure("CPU", 8, 8), chosen down, "time on CPU; known after the exit",
        |_, process| words::final_usage(process).map(|usage| usage.runtime.into()),
        Some(|_, process, _| words::account(process, |usage| Some(units::duration(usage.runtime))));
    figure("1ST-RUN", 8, 15), chosen down, "time from the fork's wake-up to its first run",
        |_, process| process.first_run_latency().map(u128::from),
        Some(|_, process, _| latency(process.first_run_latency()));
    figure("WAKE-UP", 8, 15), chosen down, "longest time from a wake-up to a CPU; needs --states",
        |_, process| process.wakeups().map(|wakeups| wakeups.latency_max.into()),
        Some(|_, process, _| latency(process.wakeups().map(|wakeups| wakeups.latency_max)));
    figure("PEAK", 8, 8), chosen down, "peak resident memory; known after the exit",
        |_, process| Some(words::final_usage(process)?.maxrss?.into()),
        Some(|data, process, _| {
            let size = data.model.session().map(|session| session.page_size);
            let size = size.filter(|&size| size > 0);
            words::account(process, |usage| {
                Some(units::bytes(usage.maxrss?.saturating_mul(size?)))
            })
        });
    figure("FAULTS", 7, 3), usual down, "page faults since tracing began",
        |_, process| Some(process.faults.total().into()),
        Some(|data, process, _| words::faults(data.model, process.faults.total()));
    figure("/S", 6, 7), chosen down, "page faults in the last second",
        |data, process| process.recent_faults.as_ref().map(|recent| recent.rate(data.now).into()),
        Some(|data, process, _| match &process.recent_faults {
            Some(recent) => words::faults(data.model, recent.rate(data.now)),
            None => Phrase::new(),
        });
    figure("MAJOR", 6, 8), chosen down, "page faults that waited for a disk; known after the exit",
        |_, process| words::final_usage(process).map(|usage| usage.maj_flt.into()),
        Some(|_, process, _| words::account(process, |usage| Some(units::count(usage.maj_flt))));
    figure("COW?", 6, 4), usual down, "pages copied on write; ? if some may not have been copies",
        |_, process| Some(process.faults.copies().into()),
        Some(|data, process, _| words::copies(data.model, &process.faults));
    figure("FORK", 8, 9), chosen down, "duration of its fork",
        |_, process| process.fork_cost.as_ref()?.took.map(u128::from),
        Some(|_, process, _| match (&process.fork_cost, process.forked_at) {
            (Some(cost), _) => cost.took.map_or_else(unknown, |took| Phrase::plain(units::duration(took))),
            // It copied no address space.
            (None, Some(_)) => Phrase::new(),
            (None, None) => unknown(),
        });
    word("CGROUP", 24, 13), chosen up, "cgroup: container, service, session",
        |_, process| process.cgroup.map(u128::from),
        Some(|data, process, width| match words::cgroup(data.model, process) {
            Some(path) => Phrase::plain(words::tail(&path, width, data.glyphs)),
            None => unknown(),
        });
};

/// Returns a sort key that orders names alphabetically.
fn by_name(comm: crate::event::Comm) -> u128 {
    let mut letters = [0; 16];
    for (letter, byte) in letters.iter_mut().zip(comm.as_bytes()) {
        *letter = byte.to_ascii_lowercase();
    }
    u128::from_be_bytes(letters)
}

/// Returns the rank of a state. Zombies come first, because readers look for them.
fn gravity(state: State) -> u128 {
    match state {
        State::Zombie => 4,
        State::Exiting => 3,
        State::Vanished => 2,
        State::Alive => 1,
        State::Reaped => 0,
    }
}

fn state(state: State) -> Phrase {
    let tone = match state {
        State::Zombie => Tone::Bad,
        State::Exiting => Tone::Warn,
        State::Alive | State::Reaped | State::Vanished => Tone::Dim,
    };
    Phrase::of(tone, state.name())
}

/// Returns the state of the main thread, as ps(1) names it; `None` if it is unknown.
fn letter(process: &Process) -> Option<(Tone, &'static str)> {
    match process.state() {
        State::Zombie => Some((Tone::Bad, "Z")),
        State::Exiting | State::Reaped => Some((Tone::Dim, TaskState::Dead.letter())),
        State::Vanished => None,
        State::Alive => {
            let (state, _) = process.main_state()?;
            Some((words::task_state_tone(state), state.letter()))
        }
    }
}

/// Returns the rank of a state letter: uninterruptible, stopped and zombie processes first, then
/// running ones.
fn urgency((_, letter): (Tone, &str)) -> u128 {
    let order = ["X", "I", "S", "R", "Z", "t", "T", "D"];
    order.iter().position(|&other| other == letter).unwrap_or(0) as u128
}

fn latency(latency: Option<u64>) -> Phrase {
    latency.map_or_else(unknown, |latency| Phrase::plain(units::duration(latency)))
}

fn count(count: u64) -> Phrase {
    match count {
        0 => Phrase::of(Tone::Dim, "0"),
        count => Phrase::plain(units::count(count)),
    }
}

fn unknown() -> Phrase {
    Phrase::of(Tone::Faint, "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::columns::Width;

    #[test]
    fn titles_fit_with_the_sort_glyph() {
        for Figure { column, .. } in FIGURES {
            let (Width::Fixed(width) | Width::Rest(width)) = column.width;
            assert!(column.title.len() < usize::from(width), "{}", column.title);
        }
        assert!(FIGURES[NAME].cell.is_none());
    }
}
