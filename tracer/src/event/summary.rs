//! What the events before a moment add up to, for whoever comes in at that
//! moment and is told of the processes that are still there, not of the others.

use super::{FaultClass, Faults, ProcessId};

/// Counts of the stream up to the event that carries them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The time of the first event, ns since boot.
    pub began: u64,
    pub events: u64,
    /// New processes; new threads are counted apart.
    pub forks: u64,
    pub threads: u64,
    pub execs: u64,
    /// Processes whose last thread has exited.
    pub exits: u64,
    /// Records known to be lost.
    pub lost: u64,
    /// User page faults, by the place of their class in [`FaultClass::ALL`].
    pub faults: Vec<u64>,
    /// The number of the last of [`Self::seconds`] since boot.
    pub second: u64,
    /// What happened in each of the last seconds, the oldest first.
    pub seconds: Vec<SecondCounts>,
    /// Tasks that were asked for and not made.
    pub failed_forks: u64,
    /// Those still there who have reaped children.
    pub reapers: Vec<Reaper>,
}

/// How many children a process has reaped so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reaper {
    pub process: ProcessId,
    pub reaped: u64,
    /// When it last did, ns since boot.
    pub last: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SecondCounts {
    pub forks: u64,
    pub execs: u64,
    pub exits: u64,
    pub faults: u64,
    /// See [`Faults::copies`].
    pub copies: u64,
    pub lost: u64,
}

impl Summary {
    /// What was added since an earlier summary of the same stream.
    pub fn since(&self, earlier: &Summary) -> Summary {
        let faults = self.faults().since(earlier.faults());
        let reapers = self.reapers.iter().filter_map(|reaper| {
            let before = earlier
                .reapers
                .iter()
                .find(|it| it.process == reaper.process);
            let before = before.map_or(0, |before| before.reaped);
            let reaped = reaper.reaped.saturating_sub(before);
            (reaped > 0).then_some(Reaper { reaped, ..*reaper })
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
        }
    }

    pub fn faults_by_class(faults: &Faults) -> Vec<u64> {
        let classes = FaultClass::ALL.iter();
        classes.map(|&class| faults.of(class)).collect()
    }

    /// A class that has been added since is not known to have occurred.
    pub fn faults(&self) -> Faults {
        let of = |class: FaultClass| self.faults.get(class as usize).copied();
        Faults::by_class(|class| of(class).unwrap_or(0))
    }
}
