//! Scheduler states of a process, cell by cell, from streamed changes. The most active thread
//! decides: a process runs while any of its threads does. Must not know colours or the screen.

use crate::{event::TaskState, model::Process, tui::view::timeline::window::Scale};

/// The states, the most active first.
const BY_ACTIVITY: [TaskState; 7] = [
    TaskState::Running,
    TaskState::Runnable,
    TaskState::Uninterruptible,
    TaskState::Traced,
    TaskState::Stopped,
    TaskState::Interruptible,
    TaskState::Idle,
];

/// Returns the state that took most of each cell, up to `until`; `None` for a cell without a known
/// state. Empty for a process without changes. Takes time linear in the changes and the cells, and
/// logarithmic in the threads.
pub fn cell_states(process: &Process, scale: &Scale, until: u64) -> Vec<Option<TaskState>> {
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
        sums.add(since..ended, threads.most_active());
        since = since.max(change.at);
        threads.change(change.pid, change.state);
    }
    sums.add(since..until, threads.most_active());
    sums.most()
}

/// The known states of a process's threads.
#[derive(Default)]
struct Threads {
    /// PID and state, by PID.
    states: Vec<(u32, TaskState)>,
    /// The number of threads in each state, in the order of [`BY_ACTIVITY`].
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

    /// Returns the index of the most active state.
    fn most_active(&self) -> Option<usize> {
        self.counts.iter().position(|&count| count > 0)
    }
}

fn rank(state: TaskState) -> Option<usize> {
    BY_ACTIVITY.iter().position(|&other| other == state)
}

/// Time in each state, cell by cell, ns.
struct Sums<'a> {
    scale: &'a Scale,
    cells: Vec<[u64; BY_ACTIVITY.len()]>,
}

impl Sums<'_> {
    fn new(scale: &Scale) -> Sums<'_> {
        let cells = vec![[0; BY_ACTIVITY.len()]; scale.cells];
        Sums { scale, cells }
    }

    fn add(&mut self, span: std::ops::Range<u64>, state: Option<usize>) {
        let Some(state) = state else { return };
        let shown = &self.scale.range;
        let (since, until) = (span.start.max(shown.start), span.end.min(shown.end));
        if since >= until || self.cells.is_empty() {
            return;
        }
        let (first, last) = (self.scale.nearest(since), self.scale.nearest(until));
        for cell in first..=last {
            let begins = self.scale.begins(cell).max(since);
            let ends = self.scale.begins(cell + 1).min(until);
            self.cells[cell][state] += ends.saturating_sub(begins);
        }
    }

    fn most(self) -> Vec<Option<TaskState>> {
        let most = |times: [u64; BY_ACTIVITY.len()]| {
            let states = times.into_iter().zip(BY_ACTIVITY).rev();
            // Of equal times, the most active state wins.
            let most = states.filter(|&(time, _)| time > 0);
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

    /// Returns a letter for each of ten cells of 10 ms of process 10.
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
        let states = cell_states(&process, &scale, START + until * MS);
        states.into_iter().map(letter).collect()
    }

    #[test]
    fn cell_shows_the_longest_state() {
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
        // A known state does not extend beyond the end of the window.
        assert_eq!(drawn(&changes, 65), ".RSSTTT...");
    }

    #[test]
    fn most_active_thread_decides() {
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
