//! Recovery from lost records. After a gap, a new snapshot lists the
//! processes present; all others have vanished.

use super::{GapSpan, Model, Process, State, WaitStatus, gap_span};
use crate::event::{Event, Gap, What};

impl Model {
    pub(super) fn on_gap(&mut self, at: u64, gap: &Gap) {
        let lost: Vec<_> = gap
            .lost
            .iter()
            .map(|lost| (lost.kind, lost.count))
            .collect();
        let span = GapSpan {
            since: gap.since,
            until: at,
            lost,
            cause: gap.cause,
            count: 1,
        };
        self.totals.lost = self.totals.lost.saturating_add(span.total());
        let second = self.history.at(at);
        second.lost = second.lost.saturating_add(span.total());
        match self.gaps.last_mut() {
            Some(last) if last.continues_into(&span) => last.extend(span),
            _ => self.gaps.push(span),
        }
        gap_span::limit(&mut self.gaps);
    }

    /// Completes a snapshot: every process that was present at `began` is in it.
    /// Takes time linear in the processes present.
    pub(super) fn on_snapshot_end(&mut self, at: u64, began: u64) {
        self.generation = self.generation.saturating_add(1);
        let generation = self.generation;
        let mut present: Vec<_> = (self.index.present.iter())
            .map(|&key| (key, &self.processes[key]))
            .filter(|(_, process)| process.id.start < began)
            .map(|(key, process)| (key, process.generation == generation))
            .collect();
        present.sort_unstable();
        for (key, found) in present {
            self.change(key, |process| match found {
                true => process.retain_found_threads(generation, began),
                false => process.vanish(at),
            });
        }
    }
}

impl Process {
    /// Drops the threads that the snapshot did not contain.
    fn retain_found_threads(&mut self, generation: u32, began: u64) {
        self.retain_threads(|thread| thread.generation == generation || thread.id.start >= began);
        if self.state() == State::Zombie && self.status.is_none() {
            self.status = self.leader_exit.map(WaitStatus);
        }
    }

    /// Marks the process as vanished: its exit was missed and noticed at `at`.
    pub(super) fn vanish(&mut self, at: u64) {
        self.vanished_at = Some(at);
        self.retain_threads(|_| false);
        self.close_all_states();
    }
}

impl Model {
    /// Corrects an inferred exit if the event shows that the process still exists
    /// or runs.
    pub(super) fn correct_inferences(&mut self, event: &Event) {
        let Some(key) = self.processes.look_up(event.who.process) else {
            return;
        };
        let process = &self.processes[key];
        if process.vanished_at.is_none() && !process.end_inferred {
            return;
        }
        let (lives, exists) = match &event.what {
            What::Exec(_) | What::Comm(_) | What::Wait(_) | What::Exit(_) => (true, true),
            What::WakeupNew | What::FirstRun(_) | What::Fork(_) | What::ForkFailed(_) => {
                (true, true)
            }
            What::Snapshot(_) | What::Signal(_) | What::OomVictim(_) | What::Notify(_) => {
                (false, true)
            }
            What::LastSwitch(_) | What::Faults(_) | What::Fault(_) | What::ExitStart => {
                (false, true)
            }
            // The end itself, and an RCU grace period after it.
            What::Reap(_) | What::Free(_) => (false, false),
            What::Moved(_) | What::State(_) => (false, true),
            // Read late: the process may have exited meanwhile.
            What::Waits(_) | What::States(_) => (false, false),
            What::Implied(_) => (false, false),
            What::Session(_) | What::SnapshotEnd(_) | What::Gap(_) => (false, false),
            What::Cgroup(_) | What::Summary(_) => (false, false),
            What::End | What::PartEnd => (false, false),
        };
        let at = event.at;
        self.change(key, |process| {
            if exists && process.vanished_at.is_some_and(|vanished| vanished < at) {
                process.vanished_at = None;
            }
            let ended = process.exited_at.or(process.zombie_at);
            if lives && process.end_inferred && ended.is_some_and(|ended| ended < at) {
                process.revive();
            }
        });
    }
}
