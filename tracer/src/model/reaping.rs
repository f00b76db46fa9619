//! What is known of how a process treats its children's deaths: what it has set
//! for SIGCHLD, whether and when it waits, who would inherit from it.

use serde::{Deserialize, Serialize};

use super::{Key, Model};
use crate::event::{ProcessId, Reaper, SigchldPolicy, Waits};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reaping {
    /// What it had set, and when that was seen: at the latest death of a child,
    /// or when it was found.
    pub sigchld_policy: Option<(u64, SigchldPolicy)>,
    /// Who would inherit its zombies: the nearest subreaper above it, or its
    /// pid namespace's init.
    pub heir: Option<ProcessId>,
    /// Its wait calls, counted once a second.
    pub waits: Option<Waits>,
    /// Of them, those that tracers before this one counted.
    waits_before: u64,
    /// Children that it has reaped by waiting.
    pub reaped: u64,
    pub last_reaped: Option<u64>,
}

impl Reaping {
    /// Whoever counts its wait calls begins at zero.
    pub(super) fn reset_counters(&mut self) {
        self.waits_before = self.waits.map_or(0, |waits| waits.count);
    }

    fn set_waits(&mut self, waits: Waits) {
        self.waits = Some(Waits {
            count: self.waits_before.saturating_add(waits.count),
            last: waits.last,
        });
    }

    /// When it is known to have waited last, by a call that was counted or by
    /// a child that it reaped.
    pub fn last_waited(&self) -> Option<u64> {
        self.waits.map(|waits| waits.last).max(self.last_reaped)
    }
}

impl Model {
    fn reaping(&mut self, key: Key, tell: impl FnOnce(&mut Reaping)) {
        self.change_unindexed(key, |process| tell(process.reaping.get_or_insert_default()));
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
        // Told once a second: its process may have ended, and be forgotten.
        if let Some(owner) = self.find(owner) {
            self.reaping(owner, |reaping| reaping.set_waits(waits));
        }
    }

    /// Everyone who has reaped children. Linear in the processes that are kept.
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

    /// What is known of a reaper whose children were told earlier.
    pub(super) fn set_reap_count(&mut self, reaper: Reaper) {
        if let Some(owner) = self.find(reaper.process) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaper.reaped;
                reaping.last_reaped = reaper.last;
            });
        }
    }

    /// A wait has reaped a child.
    pub(super) fn count_reap(&mut self, at: u64, by: ProcessId) {
        if let Some(owner) = self.find(by) {
            self.reaping(owner, |reaping| {
                reaping.reaped = reaping.reaped.saturating_add(1);
                reaping.last_reaped = reaping.last_reaped.max(Some(at));
            });
        }
    }
}
