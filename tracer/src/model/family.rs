//! Parents and children: in the fork tree, which never changes, and by the parent
//! that must reap, which does change.

use super::{Key, Model, Process, State, process::SIGCHLD};
use crate::event::ProcessId;

/// Maximum number of heirs, one after another, that are followed. Each was running when the
/// one before exited, so a few steps reach a running process. Beyond a circle caused by lost
/// events, the heir is unknown.
const HEIRS: usize = 16;

impl Model {
    /// Returns the PID of a process's current parent; 0 for init and kthreadd, which
    /// the idle task creates.
    pub fn parent_pid(&self, process: &Process) -> Option<u32> {
        match process.parent {
            Some(parent) => Some(self.process(parent).id.tgid),
            None => (process.id.tgid <= 2).then_some(0),
        }
    }

    /// Returns the process with this identity; none for the idle task (PID 0).
    pub(super) fn parent_of(&mut self, id: ProcessId) -> Option<Key> {
        (id.tgid != 0).then(|| self.ensure(id))
    }

    /// Attaches a process to its parent in the fork tree, once.
    pub(super) fn attach_to_tree(&mut self, key: Key, parent: Option<Key>) {
        if let Some(parent) = parent
            && parent != key
            && self.processes[key].tree_parent.is_none()
            && !self.is_descendant(parent, key)
        {
            self.change(key, |process| process.tree_parent = Some(parent));
            self.change_unindexed(parent, |process| process.tree_children.push(key));
        }
    }

    /// Returns true if `key` is below `ancestor` in the fork tree. A placeholder
    /// that turns out to be older than its parent must not close a circle.
    fn is_descendant(&self, key: Key, ancestor: Key) -> bool {
        // Only a process with children can be an ancestor.
        !self.processes[ancestor].tree_children.is_empty()
            && std::iter::successors(Some(key), |&key| self.processes[key].tree_parent)
                .any(|key| key == ancestor)
    }

    /// Reparents the present children of a process that exited at `at`
    /// (`forget_original_parent`, kernel/exit.c). A child for which this parent is
    /// reported later is reparented then.
    ///
    /// The exit releases zombies that nobody will wait for. These are the zombies of
    /// a pid namespace's init, which inherits from itself and reaps them as it exits
    /// (`zap_pid_ns_processes`, kernel/pid_namespace.c), and those of which the heir
    /// discards exit statuses (`reparent_leader`, kernel/exit.c).
    pub(super) fn reparent_children(&mut self, mut at: u64, mut from: Key, mut to: Key) {
        for _ in 0..HEIRS {
            self.pass_children(at, from, to);
            // The record of the heir's exit, which is later, may have arrived before.
            let heir = &self.processes[to];
            let later = heir.exited_at.filter(|&exited| exited > at);
            let Some((exited, next)) = later.zip(heir.heir) else {
                return;
            };
            (at, from, to) = (exited, to, next);
        }
    }

    /// Passes the present children of a process on to its heir.
    fn pass_children(&mut self, at: u64, from: Key, to: Key) {
        let released = from == to || self.processes[to].discards_children();
        if from != to {
            self.change(from, |process| process.heir = Some(to));
        }
        let own = self.processes[from].tree_children.iter().copied();
        let children: Vec<Key> = own.chain(self.index.adopted(from)).collect();
        for child in children {
            let process = &self.processes[child];
            if process.parent != Some(from) || process.state().is_gone() {
                continue;
            }
            self.change(child, |process| {
                let tracer = process.tracer();
                let releasable = process.state() == State::Zombie && tracer.is_none();
                process.hand_over(at, Some(to), tracer);
                // `reparent_leader` sets it.
                process.exit_signal = Some(SIGCHLD);
                if releasable && released {
                    process.release_by_exit(at, Some(from));
                }
            });
        }
    }

    /// Returns the process that has `parent`'s children now: `parent` itself or its
    /// heir.
    pub(super) fn heir(&self, parent: Option<Key>) -> Option<Key> {
        let parent = parent?;
        let heirs = std::iter::successors(Some(parent), |&key| self.processes[key].heir);
        heirs.take(HEIRS).last()
    }
}
