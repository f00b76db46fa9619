//! Who is whose child: in the fork tree, which never changes, and by who must
//! reap it, which does.

use super::{Key, Model};
use crate::event::ProcessId;

impl Model {
    /// The process with that identity; the idle task (0) is nobody.
    pub(super) fn parent_of(&mut self, id: ProcessId) -> Option<Key> {
        (id.tgid != 0).then(|| self.ensure(id))
    }

    /// Hangs a process into the fork tree, once.
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

    /// Whether `key` hangs below `ancestor`: a placeholder that turns out to
    /// be older than its parent must not close a circle.
    fn is_descendant(&self, key: Key, ancestor: Key) -> bool {
        // Only a process that already has children can be an ancestor.
        !self.processes[ancestor].tree_children.is_empty()
            && std::iter::successors(Some(key), |&key| self.processes[key].tree_parent)
                .any(|key| key == ancestor)
    }

    /// `forget_original_parent` (kernel/exit.c): the living and the zombies of
    /// a dead process get another parent. So will a child of which it is told
    /// only later that it had that parent.
    pub(super) fn reparent_children(&mut self, from: Key, to: Key) {
        if from == to {
            return;
        }
        self.change(from, |process| process.heir = Some(to));
        let own = self.processes[from].tree_children.iter().copied();
        let children: Vec<Key> = own.chain(self.index.adopted(from)).collect();
        for child in children {
            let process = &self.processes[child];
            if process.parent == Some(from) && !process.state().is_gone() {
                self.change(child, |process| process.parent = Some(to));
            }
        }
    }

    /// Who has `parent`'s children now: itself, or who inherited them.
    pub(super) fn heir(&self, parent: Option<Key>) -> Option<Key> {
        let parent = parent?;
        // Each heir lived when the one before died; a few steps reach the
        // living, and what lies behind a circle of lost events is unknown.
        const STEPS: usize = 16;
        let heirs = std::iter::successors(Some(parent), |&key| self.processes[key].heir);
        heirs.take(STEPS).last()
    }
}
