//! Keeps one start time, and so one identity, per task where `/proc` is a source.
//!
//! The kernel's events report a start to the nanosecond, `/proc/PID/stat` rounded
//! down to a tick (fs/proc/array.c, `do_task_stat`). Two starts of one PID within
//! one tick are the same task: for a PID to be reused so soon, the whole pid space
//! would have to wrap in 10 ms.
//!
//! The start that is reported first is kept, because events that were emitted cannot
//! be changed. Later ones are replaced by it.

use std::collections::HashMap;

use super::clock::ticks_of;
use crate::event::{Event, What};

/// Start time that was reported first, by PID, in ns since boot.
///
/// As large as the process table: a reused PID replaces the entry, and a freed task is
/// removed.
#[derive(Default)]
pub struct Starts(HashMap<u32, u64>);

impl Starts {
    /// Returns the start time under which the task is known. A new task is known
    /// under `start`.
    pub fn unified(&mut self, pid: u32, start: u64) -> u64 {
        let known = self.0.entry(pid).or_insert(start);
        if ticks_of(*known) != ticks_of(start) {
            *known = start;
        }
        *known
    }

    /// Replaces the start times of all tasks that an event refers to.
    pub fn unify(&mut self, event: &mut Event) {
        event.each_identity(&mut |identity| {
            *identity.start = self.unified(identity.pid, *identity.start);
        });
        if let What::Free(_) = event.what {
            self.0.remove(&event.who.task.pid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FirstRun, ProcessId, Reap};

    const TICK: u64 = 10_000_000;

    fn event(pid: u32, start: u64, what: What) -> Event {
        Event {
            at: 1,
            cpu: 0,
            who: ProcessId { tgid: pid, start }.leader(),
            what,
        }
    }

    fn unified(starts: &mut Starts, mut event: Event) -> Event {
        starts.unify(&mut event);
        event
    }

    #[test]
    fn a_task_found_in_proc_keeps_the_start_in_ticks() {
        let mut starts = Starts::default();
        assert_eq!(starts.unified(7, 5 * TICK), 5 * TICK);
        let exec = unified(
            &mut starts,
            event(7, 5 * TICK + 1234, What::OomVictim(Box::default())),
        );
        assert_eq!(
            exec.who,
            ProcessId {
                tgid: 7,
                start: 5 * TICK
            }
            .leader()
        );
    }

    #[test]
    fn a_traced_fork_keeps_the_exact_start() {
        let mut starts = Starts::default();
        let exact = 5 * TICK + 1234;
        unified(
            &mut starts,
            event(7, exact, What::FirstRun(FirstRun::default())),
        );
        assert_eq!(starts.unified(7, 5 * TICK), exact);
    }

    #[test]
    fn a_reused_pid_is_another_task() {
        let mut starts = Starts::default();
        starts.unified(7, 5 * TICK);
        assert_eq!(starts.unified(7, 6 * TICK + 1), 6 * TICK + 1);
        // A PID may be reused within a tick once the first task is freed.
        unified(&mut starts, event(7, 6 * TICK + 1, What::Free(None)));
        assert_eq!(starts.unified(7, 6 * TICK + 2), 6 * TICK + 2);
    }

    #[test]
    fn other_tasks_of_an_event_are_replaced_too() {
        let mut starts = Starts::default();
        starts.unified(3, TICK);
        let by = ProcessId {
            tgid: 3,
            start: TICK + 99,
        }
        .leader();
        let reap = unified(&mut starts, event(7, 9 * TICK, What::Reap(Reap { by })));
        let What::Reap(Reap { by }) = reap.what else {
            unreachable!()
        };
        assert_eq!(
            by,
            ProcessId {
                tgid: 3,
                start: TICK
            }
            .leader()
        );
    }
}
