//! Handlers of what is reported about owners: their SIGCHLD policy, heirs, wait calls
//! and reaps.

use super::{Key, Model, Reaping};
use crate::event::{DatedPolicy, ProcessId, Purpose, Reaper, SigchldPolicy, Waits};

/// What is known about a process's last wait for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastWait {
    /// It waited at this time, ns since boot.
    At(u64),
    /// It has not waited since it was forked.
    Never,
    /// It has not waited since tracing began.
    NotSinceTracing,
    /// Waits are not traced.
    Unknown,
}

impl Model {
    /// Returns what is known about a process's last wait, by a counted call or a child
    /// it reaped.
    pub fn last_wait(&self, key: Key) -> LastWait {
        let process = self.process(key);
        let last = process.reaping.as_ref().and_then(|it| it.last_waited());
        let session = self.session();
        let untraced = session.is_some_and(|it| it.missing(Purpose::Waits).is_some());
        match last {
            Some(at) => LastWait::At(at),
            None if untraced => LastWait::Unknown,
            None if process.forked_at.is_some() => LastWait::Never,
            None => LastWait::NotSinceTracing,
        }
    }

    fn reaping(&mut self, key: Key, change: impl FnOnce(&mut Reaping)) {
        self.change_unindexed(key, |process| {
            change(process.reaping.get_or_insert_default())
        });
    }

    pub(super) fn on_care(
        &mut self,
        at: u64,
        key: Option<Key>,
        sigchld_policy: Option<SigchldPolicy>,
    ) {
        if let (Some(key), Some(sigchld_policy)) = (key, sigchld_policy) {
            self.reaping(key, |reaping| {
                if reaping
                    .sigchld_policy
                    .is_none_or(|(earlier, _)| earlier <= at)
                {
                    reaping.sigchld_policy = Some((at, sigchld_policy));
                }
            });
        }
    }

    pub(super) fn on_heir(&mut self, owner: Key, heir: ProcessId) {
        self.reaping(owner, |reaping| reaping.heir = Some(heir));
    }

    pub(super) fn on_waits(&mut self, owner: ProcessId, waits: Waits) {
        // Read once a second, so the process may have exited and been evicted.
        if let Some(owner) = self.processes.find(owner) {
            self.reaping(owner, |reaping| reaping.set_waits(waits));
        }
    }

    /// Returns what is known of how the processes treat their children. Takes time linear in
    /// the retained processes.
    pub(super) fn reapers(&self) -> Vec<Reaper> {
        let reapers = self.processes.since(0).filter_map(|(_, process)| {
            let reaping = process.reaping.as_ref()?;
            let policy = reaping.sigchld_policy;
            Some(Reaper {
                process: process.id,
                reaped: reaping.reaped,
                last: reaping.last_reaped,
                policy: policy.map(|(at, policy)| DatedPolicy { at, policy }),
                heir: reaping.heir,
            })
        });
        reapers.collect()
    }

    /// Sets what was known of a process's treatment of its children at a checkpoint.
    pub(super) fn set_reaper(&mut self, reaper: Reaper) {
        if let Some(owner) = self.processes.find(reaper.process) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaper.reaped;
                reaping.last_reaped = reaper.last;
                let policy = reaper.policy.map(|dated| (dated.at, dated.policy));
                reaping.sigchld_policy = policy.or(reaping.sigchld_policy);
                reaping.heir = reaper.heir.or(reaping.heir);
            });
        }
    }

    /// Counts a child reaped by a wait.
    pub(super) fn count_reap(&mut self, at: u64, by: ProcessId) {
        if let Some(owner) = self.processes.find(by) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaping.reaped.saturating_add(1);
                reaping.last_reaped = reaping.last_reaped.max(Some(at));
            });
        }
    }
}
