//! Totals of a stream up to a checkpoint. A reader that starts at the checkpoint
//! gets events only for the processes still present; the summary supplies the rest.

use serde::{Deserialize, Serialize};

use super::{FaultClass, Faults, ProcessId, SigchldPolicy};

/// Counts of the stream up to the event that carries them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Time of the first event, ns since boot.
    pub began: u64,
    /// Number of events.
    pub events: u64,
    /// Number of new processes. New threads are counted separately.
    pub forks: u64,
    /// Number of new threads.
    pub threads: u64,
    /// Number of execs.
    pub execs: u64,
    /// Number of processes with no thread left.
    pub exits: u64,
    /// Number of records known to be lost.
    pub lost: u64,
    /// User page faults, indexed by the position of their class in
    /// [`FaultClass::ALL`].
    pub faults: Vec<u64>,
    /// Number of the last of [`Self::seconds`], in seconds since boot.
    pub second: u64,
    /// Counts in each of the last seconds, the oldest first.
    pub seconds: Vec<SecondCounts>,
    /// Number of forks that failed.
    pub failed_forks: u64,
    /// Processes still present that have reaped children, or of which it is known how they treat them.
    pub reapers: Vec<Reaper>,
    /// Pages copied because of the forks that created processes still present.
    pub copies: Vec<ForkCopies>,
    /// Processes still present with forks that later copies are charged to.
    pub open_forks: Vec<OpenForks>,
}

/// What is known so far of the way in which a process treats its children.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reaper {
    /// The reaper.
    pub process: ProcessId,
    /// Number of children it has reaped.
    pub reaped: u64,
    /// Time of its last reap, ns since boot.
    pub last: Option<u64>,
    /// Its SIGCHLD policy. None if it is unknown, and in recordings of earlier versions.
    pub policy: Option<DatedPolicy>,
    /// Process that would inherit its zombies, likewise.
    pub heir: Option<ProcessId>,
}

/// A SIGCHLD policy with the time at which it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DatedPolicy {
    /// Time of reading, ns since boot.
    pub at: u64,
    /// The policy.
    pub policy: SigchldPolicy,
}

/// Pages copied on write so far because of one fork.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ForkCopies {
    /// The child.
    pub child: ProcessId,
    /// Pages that the parent copied.
    pub by_parent: CopyCount,
    /// Pages that the child copied.
    pub by_child: CopyCount,
    /// Pages that either copied.
    pub by_both: CopyCount,
    /// True if another fork may have caused some of the copies.
    pub ambiguous: bool,
}

/// Pages copied on write, and when. A running task's copies are counted once a second, so each
/// was made up to a second before it was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyCount {
    /// Number of pages.
    pub count: u64,
    /// Largest number of pages counted in one second since boot.
    pub peak: u64,
    /// Time at which the first was counted, ns since boot; see [`Self::first`].
    pub first: u64,
    /// Time at which the last was counted, ns since boot; see [`Self::last`].
    pub last: u64,
    /// Pages counted in the second of the last.
    pub latest: u64,
}

impl CopyCount {
    /// Returns the time the first copies were counted, ns since boot. None if there
    /// were none.
    pub fn first(&self) -> Option<u64> {
        (self.count > 0).then_some(self.first)
    }

    /// Returns the time the last copies were counted, ns since boot. None if there
    /// were none.
    pub fn last(&self) -> Option<u64> {
        (self.count > 0).then_some(self.last)
    }

    /// Adds copies that were counted at this time.
    pub fn add(&mut self, at: u64, copies: u64) {
        const SECOND: u64 = 1_000_000_000;
        if copies == 0 {
            return;
        }
        if self.count == 0 {
            self.first = at;
        }
        if self.count == 0 || self.last / SECOND != at / SECOND {
            self.latest = 0;
        }
        self.last = at;
        self.count = self.count.saturating_add(copies);
        self.latest = self.latest.saturating_add(copies);
        self.peak = self.peak.max(self.latest);
    }
}

/// The forks of a process that its later copies are charged to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OpenForks {
    /// The process.
    pub parent: ProcessId,
    /// Its newest child. None if that child is gone.
    pub newest: Option<ProcessId>,
    /// Number of children that have neither exec'ed nor exited.
    pub open: u32,
    /// True if others shared the memory when the newest was created.
    pub ambiguous: bool,
}

/// Counts of one second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SecondCounts {
    /// New processes.
    pub forks: u64,
    /// Execs.
    pub execs: u64,
    /// Exits of processes.
    pub exits: u64,
    /// Page faults.
    pub faults: u64,
    /// Pages copied on write, see [`Faults::copies`].
    pub copies: u64,
    /// Lost records.
    pub lost: u64,
}

impl Summary {
    /// Returns what was added since an earlier summary of the same stream.
    pub fn since(&self, earlier: &Summary) -> Summary {
        let faults = self.faults().since(earlier.faults());
        let reapers = self.reapers.iter().filter_map(|reaper| {
            let before = earlier
                .reapers
                .iter()
                .find(|it| it.process == reaper.process);
            let before = before.map_or(0, |before| before.reaped);
            let reaped = reaper.reaped.saturating_sub(before);
            let is_known = reaped > 0 || reaper.policy.is_some() || reaper.heir.is_some();
            is_known.then_some(Reaper { reaped, ..*reaper })
        });
        Summary {
            began: earlier.began.max(self.began),
            events: self.events.saturating_sub(earlier.events),
            forks: self.forks.saturating_sub(earlier.forks),
            threads: self.threads.saturating_sub(earlier.threads),
            execs: self.execs.saturating_sub(earlier.execs),
            exits: self.exits.saturating_sub(earlier.exits),
            lost: self.lost.saturating_sub(earlier.lost),
            faults: Summary::faults_by_class(&faults),
            second: self.second,
            seconds: self.seconds.clone(),
            failed_forks: self.failed_forks.saturating_sub(earlier.failed_forks),
            reapers: reapers.collect(),
            copies: self.copies.clone(),
            open_forks: self.open_forks.clone(),
        }
    }

    /// Returns the counts in the order of [`FaultClass::ALL`].
    pub fn faults_by_class(faults: &Faults) -> Vec<u64> {
        let classes = FaultClass::ALL.iter();
        classes.map(|&class| faults.of(class)).collect()
    }

    /// Returns the faults by class. A class added to the format later reads as 0.
    pub fn faults(&self) -> Faults {
        let of = |class: FaultClass| self.faults.get(class as usize).copied();
        Faults::by_class(|class| of(class).unwrap_or(0))
    }
}
