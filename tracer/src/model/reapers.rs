//! Handlers of what is reported about owners: their SIGCHLD policy, heirs, wait calls
//! and reaps.

use super::{Key, Model, Reaping};
use crate::event::{ProcessId, Reaper, SigchldPolicy, Waits};

impl Model {
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
        if let Some(owner) = self.find(owner) {
            self.reaping(owner, |reaping| reaping.set_waits(waits));
        }
    }

    /// Returns all processes that have reaped children. Takes time linear in the
    /// retained processes.
    pub(super) fn reapers(&self) -> Vec<Reaper> {
        let reapers = self.processes().filter_map(|(_, process)| {
            let reaping = process.reaping.as_ref()?;
            (reaping.reaped > 0).then_some(Reaper {
                process: process.id,
                reaped: reaping.reaped,
                last: reaping.last_reaped,
            })
        });
        reapers.collect()
    }

    /// Sets the count of a reaper with children reaped before the checkpoint.
    pub(super) fn set_reap_count(&mut self, reaper: Reaper) {
        if let Some(owner) = self.find(reaper.process) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaper.reaped;
                reaping.last_reaped = reaper.last;
            });
        }
    }

    /// Counts a child reaped by a wait.
    pub(super) fn count_reap(&mut self, at: u64, by: ProcessId) {
        if let Some(owner) = self.find(by) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaping.reaped.saturating_add(1);
                reaping.last_reaped = reaping.last_reaped.max(Some(at));
            });
        }
    }
}
