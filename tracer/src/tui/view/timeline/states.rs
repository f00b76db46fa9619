//! In which state of the scheduler a process was, cell by cell, where its
//! changes were streamed. Of its threads the most active one speaks: a process
//! runs while any of them does. No colours and no screen.

use crate::{event::TaskState, model::Process, tui::view::timeline::window::Scale};

/// The most active first.
const BY_ACTIVITY: [TaskState; 7] = [
    TaskState::Running,
    TaskState::Runnable,
    TaskState::Uninterruptible,
    TaskState::Traced,
    TaskState::Stopped,
    TaskState::Interruptible,
    TaskState::Idle,
];

/// The state that took most of each cell, up to `until`; none where nothing was
/// told. Empty for a process of which no change was told. Time linear in the
/// changes that are kept and in the cells; logarithmic in the threads.
pub fn doings(process: &Process, scale: &Scale, until: u64) -> Vec<Option<TaskState>> {
    let Some(scheduling) = process.scheduling.as_deref() else {
        return Vec::new();
    };
    let mut changes = scheduling.changes().peekable();
    let Some(mut since) = changes.peek().map(|first| first.at) else {
        return Vec::new();
    };
    let mut sums = Sums::new(scale);
    let mut threads = Threads::default();
    for change in changes {
        let ended = change.at.min(until);
        sums.add(since..ended, threads.doing());
        since = since.max(change.at);
        threads.change(change.pid, change.state);
    }
    sums.add(since..until, threads.doing());
    sums.most()
}

/// The state of each thread, as far as it was told.
#[derive(Default)]
struct Threads {
    /// By number.
    states: Vec<(u32, TaskState)>,
    /// How many are in each state, in the order of [`BY_ACTIVITY`].
    counts: [u32; BY_ACTIVITY.len()],
}

impl Threads {
    fn change(&mut self, pid: u32, state: TaskState) {
        let place = self.states.binary_search_by_key(&pid, |&(pid, _)| pid);
        let before = match place {
            Ok(place) if state == TaskState::Dead => Some(self.states.remove(place).1),
            Ok(place) => Some(std::mem::replace(&mut self.states[place].1, state)),
            Err(place) => {
                if state != TaskState::Dead {
                    self.states.insert(place, (pid, state));
                }
                None
            }
        };
        if let Some(place) = before.and_then(rank) {
            self.counts[place] -= 1;
        }
        if let Some(place) = rank(state) {
            self.counts[place] += 1;
        }
    }

    /// The place of the most active state.
    fn doing(&self) -> Option<usize> {
        self.counts.iter().position(|&count| count > 0)
    }
}

fn rank(state: TaskState) -> Option<usize> {
    BY_ACTIVITY.iter().position(|&other| other == state)
}

/// Time in each state, cell by cell.
struct Sums<'a> {
    scale: &'a Scale,
    cells: Vec<[u64; BY_ACTIVITY.len()]>,
}

impl Sums<'_> {
    fn new(scale: &Scale) -> Sums<'_> {
        let cells = vec![[0; BY_ACTIVITY.len()]; scale.cells];
        Sums { scale, cells }
    }

    fn add(&mut self, span: std::ops::Range<u64>, doing: Option<usize>) {
        let Some(doing) = doing else { return };
        let shown = &self.scale.range;
        let (since, until) = (span.start.max(shown.start), span.end.min(shown.end));
        if since >= until || self.cells.is_empty() {
            return;
        }
        let (first, last) = (self.scale.nearest(since), self.scale.nearest(until));
        for cell in first..=last {
            let begins = self.scale.begins(cell).max(since);
            let ends = self.scale.begins(cell + 1).min(until);
            self.cells[cell][doing] += ends.saturating_sub(begins);
        }
    }

    fn most(self) -> Vec<Option<TaskState>> {
        let most = |times: [u64; BY_ACTIVITY.len()]| {
            let told = times.into_iter().zip(BY_ACTIVITY).rev();
            // Of equals the most active one.
            let most = told.filter(|&(time, _)| time > 0);
            most.max_by_key(|&(time, _)| time).map(|(_, state)| state)
        };
        self.cells.into_iter().map(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{
            What,
            script::{MS, START, Script},
        },
        model::Model,
    };

    /// A letter for each of ten cells of 10 ms, of what process 10 did.
    fn drawn(changes: &[(u64, u32, TaskState)], until: u64) -> String {
        let mut script = Script::new().session().fork(1, 10).thread(10, 11);
        for &(at, pid, state) in changes {
            script = script.at(at * MS).event(pid, What::State(state));
        }
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        let process = model.process(model.find_pid(10).unwrap());
        let scale = Scale {
            range: START..START + 100 * MS,
            cells: 10,
        };
        let letter = |state: Option<TaskState>| state.map_or(".", TaskState::letter);
        let doings = doings(process, &scale, START + until * MS);
        doings.into_iter().map(letter).collect()
    }

    #[test]
    fn a_cell_shows_what_took_most_of_it() {
        use TaskState::{Interruptible, Running, Stopped, Uninterruptible};
        assert_eq!(drawn(&[], 100), "");
        let changes = [
            (10, 10, Running),
            // 6 ms of this cell asleep, 4 running; the next the other way round.
            (24, 10, Interruptible),
            (36, 10, Uninterruptible),
            (39, 10, Running),
            (40, 10, Stopped),
            (70, 10, Running),
        ];
        assert_eq!(drawn(&changes, 85), ".RSSTTTRR.");
        // Told and over before the end of the window is nothing after it.
        assert_eq!(drawn(&changes, 65), ".RSSTTT...");
    }

    #[test]
    fn of_many_threads_the_most_active_speaks() {
        use TaskState::{Dead, Interruptible, Running, Uninterruptible};
        let changes = [
            (0, 10, Interruptible),
            (20, 11, Running),
            (40, 11, Uninterruptible),
            (60, 11, Dead),
            (80, 10, Dead),
        ];
        assert_eq!(drawn(&changes, 100), "SSRRDDSS..");
    }
}
