//! Counts of a stream at a checkpoint, for readers that start there.

use super::{History, Model, Second, Totals};
use crate::event::{SecondCounts, Summary};

impl Model {
    /// Returns the totals of the events so far. Together with the events about the
    /// processes still present, another model can start from it.
    pub fn summary(&self) -> Summary {
        let Totals {
            events,
            forks,
            threads,
            failed_forks,
            execs,
            exits,
            lost,
            faults,
        } = self.totals;
        let (second, seconds) = self.history.counts();
        Summary {
            began: self.began(),
            events,
            forks,
            threads,
            execs,
            exits,
            lost,
            faults: Summary::faults_by_class(&faults),
            second,
            seconds,
            failed_forks,
            reapers: self.reapers(),
            copies: self.fork_copies(),
            open_forks: self.open_forks(),
        }
    }

    /// Starts all counts at `at`.
    pub(super) fn reset_counts(&mut self, at: u64) {
        self.began = Some(at);
        self.totals = Totals::default();
        self.history = History::default();
        self.index.exited = 0;
        self.failed_forks.clear();
    }

    /// Applies the totals at the end of a checkpoint. The checkpoint's events were
    /// counted when they happened.
    pub(super) fn on_summary(&mut self, summary: &Summary) {
        self.began = Some(summary.began);
        self.totals = Totals {
            events: summary.events,
            forks: summary.forks,
            threads: summary.threads,
            failed_forks: summary.failed_forks,
            execs: summary.execs,
            exits: summary.exits,
            lost: summary.lost,
            faults: summary.faults(),
        };
        let known = self
            .processes
            .since(0)
            .filter(|(_, it)| it.exited_at.is_some());
        let known = known.count() as u64;
        self.retained
            .set_exited_before_checkpoint(summary.exits.saturating_sub(known));
        self.index.exited = summary.exits;
        self.history = History::of(summary.second, &summary.seconds);
        for reaper in &summary.reapers {
            self.set_reaper(*reaper);
        }
        self.set_fork_copies(&summary.copies);
        // Recordings of earlier versions have neither.
        if !summary.copies.is_empty() {
            self.set_open_forks(&summary.open_forks);
        }
        if summary.failed_forks == 0 {
            // Those that the checkpoint repeats lie before.
            self.failed_forks.clear();
        }
        self.evict_mentioned();
    }
}

impl From<Second> for SecondCounts {
    fn from(second: Second) -> Self {
        let Second {
            forks,
            execs,
            exits,
            faults,
            copies,
            lost,
        } = second;
        SecondCounts {
            forks,
            execs,
            exits,
            faults,
            copies,
            lost,
        }
    }
}

impl From<SecondCounts> for Second {
    fn from(counts: SecondCounts) -> Self {
        let SecondCounts {
            forks,
            execs,
            exits,
            faults,
            copies,
            lost,
        } = counts;
        Second {
            forks,
            execs,
            exits,
            faults,
            copies,
            lost,
        }
    }
}
