//! The columns of the tree, one row each: what it says, how the tree is put in
//! order by it, and whether it is there unless the reader chooses otherwise.
//! To add a column, add its row.

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

pub struct Figure {
    pub column: Column,
    /// For the list from which columns are chosen.
    pub about: &'static str,
    /// Shown unless the reader chooses otherwise.
    pub usual: bool,
    /// The smallest first, until the reader wants it the other way round.
    pub ascending: bool,
    /// What decides the order, where it is known.
    pub order: fn(&Data<'_>, &Process) -> Option<u128>,
    /// The words in as many columns; none: the tree itself.
    pub cell: Option<fn(&Data<'_>, &Process, usize) -> Phrase>,
}

/// The column with the tree itself, which is always there.
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

/// In the order of the screen.
pub const FIGURES: &[Figure] = figures! {
    figure("PID", 7, 0), usual up, "its number in the initial pid namespace",
        |_, process| Some(process.id.tgid.into()),
        Some(|_, process, _| Phrase::plain(process.id.tgid.to_string()));
    rest("PROCESS", 28), usual up, "the tree: name and command line",
        |_, process| process.known_comm().map(by_name),
        None;
    figure("PPID", 7, 12), chosen up, "the number of its parent now, who must reap it",
        |data, process| process.parent.map(|parent| data.model.process(parent).id.tgid.into()),
        Some(|data, process, _| match process.parent {
            Some(parent) => Phrase::plain(data.model.process(parent).id.tgid.to_string()),
            None => unknown(),
        });
    word("STATE", 8, 6), usual down, "alive, zombie, reaped",
        |_, process| Some(gravity(process.state())),
        Some(|_, process, _| state(process.state()));
    word("S", 2, 14), chosen down, "its main thread, as ps(1) names it: R, S, D, T, t, I, Z, X; needs --states",
        |_, process| Some(urgency(letter(process)?)),
        Some(|_, process, _| match letter(process) {
            Some((tone, letter)) => Phrase::of(tone, letter),
            None => unknown(),
        });
    word("BORN", 15, 11), chosen up, "when it was made, UTC",
        |_, process| Some(process.id.start.into()),
        Some(|data, process, _| Phrase::plain(words::clock(data.model, process.id.start)));
    figure("AGE", 8, 2), usual down, "how long it has lived; of a zombie, how long it has been one",
        |data, process| match process.state() {
            State::Zombie => process.zombie_time(data.now).map(u128::from),
            State::Alive | State::Exiting | State::Reaped | State::Vanished => {
                process.lifetime(data.now).map(u128::from)
            }
        },
        Some(|data, process, _| Phrase::plain(words::age(process, data.now)));
    figure("EXIT", 9, 0), usual down, "how it ended: exit code or signal",
        // Killed, then failed, then ended well.
        |_, process| {
            let status = process.status?;
            match (status.signal(), status.exit_code()) {
                (Some(signal), _) => Some(0x1_0000 + signal.unsigned_abs() as u128),
                (None, Some(code)) => Some(code.unsigned_abs() as u128),
                (None, None) => None,
            }
        },
        Some(|_, process, width| words::ending(process, width));
    figure("WAITED", 8, 10), chosen down, "how long it was a zombie before it was reaped",
        |data, process| process.zombie_time(data.now).map(u128::from),
        Some(|data, process, _| match (process.zombie_time(data.now), process.state()) {
            (Some(time), _) => Phrase::plain(units::duration(time)),
            (None, State::Alive) => Phrase::new(),
            (None, State::Exiting | State::Zombie | State::Reaped | State::Vanished) => unknown(),
        });
    figure("THR", 4, 5), usual down, "threads that live; of the dead, all that ever did",
        |_, process| Some(match process.state() {
            State::Alive => process.threads.len() as u128,
            State::Exiting | State::Zombie | State::Reaped | State::Vanished => {
                process.threads_seen.into()
            }
        }),
        Some(|_, process, _| words::threads(process));
    figure("KIDS", 5, 9), chosen down, "processes that it made, as far as they are kept",
        |_, process| Some(process.tree_child_count() as u128),
        Some(|_, process, _| count(process.tree_child_count() as u64));
    figure("CPU", 8, 8), chosen down, "time on CPU; known when it has ended",
        |_, process| words::final_usage(process).map(|usage| usage.runtime.into()),
        Some(|_, process, _| match words::final_usage(process) {
            Some(usage) => Phrase::plain(units::duration(usage.runtime)),
            None => unknown(),
        });
    figure("1ST-RUN", 8, 15), chosen down, "from being made runnable to a CPU, when it was born",
        |_, process| process.first_run_latency().map(u128::from),
        Some(|_, process, _| latency(process.first_run_latency()));
    figure("WAKE-UP", 8, 15), chosen down, "from a wake-up to a CPU, at most; needs --states",
        |_, process| process.wakeups().map(|wakeups| wakeups.latency_max.into()),
        Some(|_, process, _| latency(process.wakeups().map(|wakeups| wakeups.latency_max)));
    figure("PEAK", 8, 8), chosen down, "the most memory it had resident; known when it has ended",
        |_, process| Some(words::final_usage(process)?.maxrss?.into()),
        Some(|data, process, _| {
            let pages = words::final_usage(process).and_then(|usage| usage.maxrss);
            let size = data.model.session().map_or(0, |session| session.page_size);
            match pages {
                Some(pages) if size > 0 => Phrase::plain(units::bytes(pages.saturating_mul(size))),
                Some(_) | None => unknown(),
            }
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
    figure("MAJOR", 6, 8), chosen down, "faults that waited for a disk; known when it has ended",
        |_, process| words::final_usage(process).map(|usage| usage.maj_flt.into()),
        Some(|_, process, _| words::final_usage(process).map_or_else(unknown, |usage| count(usage.maj_flt)));
    figure("COW?", 6, 4), usual down, "pages copied on write; ? where some may have been no copies",
        |_, process| Some(process.faults.copies().into()),
        Some(|data, process, _| words::copies(data.model, &process.faults));
    figure("FORK", 8, 9), chosen down, "how long the fork took that made it",
        |_, process| process.fork_cost.as_ref()?.took.map(u128::from),
        Some(|_, process, _| match &process.fork_cost {
            Some(cost) => cost.took.map_or_else(unknown, |took| Phrase::plain(units::duration(took))),
            None => Phrase::new(),
        });
    word("CGROUP", 24, 13), chosen up, "its control group: container, service, session",
        |_, process| process.cgroup.map(u128::from),
        Some(|data, process, width| match words::cgroup(data.model, process) {
            Some(path) => Phrase::plain(words::end_of(&path, width, data.glyphs)),
            None => unknown(),
        });
};

/// By the letters of the name.
fn by_name(comm: crate::event::Comm) -> u128 {
    let mut letters = [0; 16];
    for (letter, byte) in letters.iter_mut().zip(comm.as_bytes()) {
        *letter = byte.to_ascii_lowercase();
    }
    u128::from_be_bytes(letters)
}

/// Zombies before all others: they are what one looks for.
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

/// What its main thread does, as ps(1) names it; unknown of the living where it
/// was not told.
fn letter(process: &Process) -> Option<(Tone, &'static str)> {
    match process.state() {
        State::Zombie => Some((Tone::Bad, "Z")),
        State::Exiting | State::Reaped => Some((Tone::Dim, TaskState::Dead.letter())),
        State::Vanished => None,
        State::Alive => {
            let (state, _) = process.main_state()?;
            Some((words::doing_tone(state), state.letter()))
        }
    }
}

/// What one looks for first: who is stuck, stopped, a zombie; then who runs.
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
    fn a_title_has_room_for_itself_and_the_sign_that_it_sorts() {
        for Figure { column, .. } in FIGURES {
            let (Width::Fixed(width) | Width::Rest(width)) = column.width;
            assert!(column.title.len() < usize::from(width), "{}", column.title);
        }
        assert!(FIGURES[NAME].cell.is_none());
    }
}
