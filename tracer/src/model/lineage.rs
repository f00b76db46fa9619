//! Lineages of exited processes. Retained processes pin their ancestors, so a relay of forks,
//! one process at a time, would pin one more for each generation. Beyond a limit, a pinned
//! process below another exited one is cut out of the fork tree: its children hang below its
//! parent and remember it as their [`LostParent`].

use super::{Key, LostParent, Model, Process, pinned, process::Eviction};
use crate::event::{Comm, ProcessId};

impl Model {
    /// Collapses lineages if too many exited processes are pinned, the oldest first. Takes
    /// constant time per pinned process.
    pub(super) fn collapse_lineages(&mut self) {
        let most = pinned::most(self.retained.policy().exited);
        let Some(mut pinned) = self.retained.pinned.take_due(most) else {
            return;
        };
        let is_pinned = |key: Key| {
            let process = self.processes.get(key);
            process.is_some_and(|it| it.eviction == Eviction::Pinned && it.reference_count > 0)
        };
        pinned.retain(|&key| is_pinned(key));
        let mut excess = match pinned.len() > most {
            true => pinned.len() - most / 2,
            false => 0,
        };
        pinned.retain(|&key| {
            let is_cut = excess > 0 && self.cut_out(key);
            excess -= usize::from(is_cut);
            !is_cut
        });
        self.retained.pinned.put_back(pinned);
    }

    /// Cuts an exited process out of the fork tree if its parent has left the process table,
    /// too, and no child refers to it otherwise. Returns false if it cannot be cut out.
    fn cut_out(&mut self, key: Key) -> bool {
        let process = &self.processes[key];
        let parent = process.tree_parent.filter(|&parent| {
            let parent = self.processes.get(parent);
            parent.is_some_and(|parent| parent.state().is_gone())
        });
        let Some(parent) = parent else { return false };
        let children = process.tree_children.clone();
        let owns = |&child: &Key| self.processes[child].parent == Some(key);
        if children.is_empty() || children.iter().any(owns) {
            return false;
        }
        let lost = LostParent {
            key,
            id: process.id,
            comm: process.known_comm(),
            generations: 1 + process.lost_parent().map_or(0, |lost| lost.generations),
        };
        let own = process.own_child_count();
        for &child in &children {
            self.change(child, |child| {
                child.tree_parent = Some(parent);
                match &mut child.pending_mut().rare.lost_parent {
                    Some(known) => {
                        known.generations = known.generations.saturating_add(lost.generations);
                    }
                    none => *none = Some(Box::new(lost.clone())),
                }
            });
        }
        self.change_unindexed(key, |process| {
            process.tree_children = Vec::new();
            let rare = &mut process.pending_mut().rare;
            rare.evicted_children = rare.evicted_children.saturating_add(own);
            rare.distant_children = 0;
        });
        self.change_unindexed(parent, |parent| {
            let rare = &mut parent.pending_mut().rare;
            rare.distant_children = rare.distant_children.saturating_add(children.len() as u64);
            parent.tree_children.extend(children);
            parent.tree_children.sort_unstable();
        });
        true
    }

    /// Returns the identity and the command name of a process's parent at the fork, if it is
    /// known.
    pub fn original_parent(&self, process: &Process) -> Option<(ProcessId, Option<Comm>)> {
        let key = process.original_parent?;
        if let Some(lost) = process.lost_parent().filter(|lost| lost.key == key) {
            return Some((lost.id, lost.comm));
        }
        let parent = self.process(key);
        Some((parent.id, parent.known_comm()))
    }
}

impl Process {
    /// Returns the parent at the fork if it is no longer retained, although this process is.
    pub fn lost_parent(&self) -> Option<&LostParent> {
        self.pending.as_ref()?.rare.lost_parent.as_deref()
    }

    /// Returns the number of retained processes that it created.
    pub(super) fn own_child_count(&self) -> u64 {
        let pending = self.pending.as_ref();
        let distant = pending.map_or(0, |pending| pending.rare.distant_children);
        (self.tree_children.len() as u64).saturating_sub(distant)
    }

    /// Notes the eviction of a process that has this one as `tree_parent`.
    pub(super) fn count_evicted_child(&mut self, is_own: bool) {
        let rare = &mut self.pending_mut().rare;
        match is_own {
            true => rare.evicted_children = rare.evicted_children.saturating_add(1),
            false => rare.distant_children = rare.distant_children.saturating_sub(1),
        }
    }
}
