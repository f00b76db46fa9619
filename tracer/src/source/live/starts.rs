//! One identity per task where `/proc` is a witness. The kernel's events say
//! when a task started to the nanosecond, `/proc/PID/stat` to the tick before
//! it (fs/proc/array.c, `do_task_stat`). Two starts of one number within one
//! tick are one task: to come back so soon the whole pid space would have to
//! wrap in 10 ms.
//!
//! The first witness names the task for good, whichever it is: what was told
//! cannot be taken back, and whoever comes later is translated.

use std::collections::HashMap;

use crate::event::{Event, What};

/// USER_HZ is 100 on x86 (include/asm-generic/param.h).
pub const NS_PER_TICK: u64 = 10_000_000;

/// By number, the start under which its bearer was first told. As large as
/// the process table: a number that comes back takes the entry over, and who
/// is freed leaves.
#[derive(Default)]
pub struct Starts(HashMap<u32, u64>);

impl Starts {
    /// The start under which that task is known, from now on if it was not.
    pub fn of(&mut self, pid: u32, start: u64) -> u64 {
        let known = self.0.entry(pid).or_insert(start);
        if *known / NS_PER_TICK != start / NS_PER_TICK {
            *known = start;
        }
        *known
    }

    /// Translates all that an event names.
    pub fn settle(&mut self, event: &mut Event) {
        event.each_identity(&mut |identity| {
            *identity.start = self.of(identity.pid, *identity.start);
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

    const TICK: u64 = NS_PER_TICK;

    fn event(pid: u32, start: u64, what: What) -> Event {
        Event {
            at: 1,
            cpu: 0,
            who: ProcessId { tgid: pid, start }.leader(),
            what,
        }
    }

    fn settled(starts: &mut Starts, mut event: Event) -> Event {
        starts.settle(&mut event);
        event
    }

    #[test]
    fn who_was_found_by_its_tick_keeps_that_name() {
        let mut starts = Starts::default();
        assert_eq!(starts.of(7, 5 * TICK), 5 * TICK);
        let exec = settled(
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
    fn who_was_forked_under_our_eyes_keeps_the_exact_start() {
        let mut starts = Starts::default();
        let exact = 5 * TICK + 1234;
        settled(
            &mut starts,
            event(7, exact, What::FirstRun(FirstRun::default())),
        );
        assert_eq!(starts.of(7, 5 * TICK), exact);
    }

    #[test]
    fn a_number_that_comes_back_is_somebody_else() {
        let mut starts = Starts::default();
        starts.of(7, 5 * TICK);
        assert_eq!(starts.of(7, 6 * TICK + 1), 6 * TICK + 1);
        // And so is one that comes back in the same tick, once the first is freed.
        settled(&mut starts, event(7, 6 * TICK + 1, What::Free(None)));
        assert_eq!(starts.of(7, 6 * TICK + 2), 6 * TICK + 2);
    }

    #[test]
    fn others_that_an_event_names_are_translated_too() {
        let mut starts = Starts::default();
        starts.of(3, TICK);
        let by = ProcessId {
            tgid: 3,
            start: TICK + 99,
        }
        .leader();
        let reap = settled(&mut starts, event(7, 9 * TICK, What::Reap(Reap { by })));
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
