//! The processes that lists show: the retained ones, and those in the
//! [archive](Archive). Only readers use these queries; [`Model::apply`] knows the
//! retained processes alone.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use super::{Archive, Key, Model, ProcessRef, Tally};
use crate::event::{Comm, ProcessId};

impl Model {
    /// Sets the archive of the stream, or an empty one that this model fills. The model
    /// must count from the beginning of the stream.
    pub fn set_archive(&mut self, archive: Archive) {
        self.archive = archive;
    }

    /// Returns the archive of the processes evicted so far.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Returns the keys of the archived processes in order of appearance.
    pub(super) fn archived(&self) -> Vec<Key> {
        self.archive.all_keys()
    }

    /// Drops the archived processes. They still count as listed.
    pub(super) fn clear_archive(&mut self) {
        self.archive.clear();
    }

    /// Returns true if the process with this key is archived, unless this model still has
    /// to create or to evict it.
    fn has_archived(&self, key: Key) -> bool {
        let is_past = key.index() < self.processes.created() && self.processes.get(key).is_none();
        is_past && self.archive.contains(key)
    }

    /// Returns all listed processes in order of appearance. Archived ones are unpacked.
    pub fn processes(&self) -> impl Iterator<Item = (Key, ProcessRef<'_>)> {
        self.processes_since(0)
    }

    /// Returns the listed processes that appeared at [`Key::index`] `place` or later.
    pub fn processes_since(&self, place: usize) -> impl Iterator<Item = (Key, ProcessRef<'_>)> {
        let keys = self.keys_since(place);
        keys.map(|key| (key, self.process(key)))
    }

    /// Returns the keys of these processes, without unpacking them.
    pub fn keys_since(&self, place: usize) -> impl Iterator<Item = Key> {
        let retained = self.processes.since(place).map(|(key, _)| key);
        let mut retained = retained.peekable();
        let archived = self.archive.keys(place..self.processes.created());
        let mut archived = archived.peekable();
        std::iter::from_fn(move || {
            let next = retained.peek().copied();
            let older = archived.next_if(|&key| next.is_none_or(|next| key < next));
            if older.is_some() {
                return older;
            }
            archived.next_if(|&key| next == Some(key));
            retained.next()
        })
    }

    /// Returns true if a listed process was forked while tracing. Does not unpack it.
    pub fn is_forked(&self, key: Key) -> bool {
        match self.has_archived(key) {
            true => self.archive.is_forked(key),
            false => self.processes[key].forked_at.is_some(),
        }
    }

    /// Returns true if a listed process [is of this part](Self::is_of_this_part). Does not
    /// unpack it.
    pub fn has_in_this_part(&self, key: Key) -> bool {
        // Only such processes are archived.
        self.has_archived(key) || self.is_of_this_part(&self.processes[key])
    }

    /// Returns the number of evictions so far.
    fn evicted(&self) -> u64 {
        self.retained.tally().processes
    }

    /// Returns the number of listed processes, present ones included.
    pub fn process_count(&self) -> usize {
        self.processes.len() + self.archive.len(self.evicted()) as usize
    }

    /// Returns the number of listed processes that [are of this part](Self::is_of_this_part).
    /// Takes time linear in the retained ones.
    pub fn count_of_this_part(&self) -> u64 {
        let retained = self.processes.since(0);
        let retained = retained.filter(|&(key, _)| self.has_in_this_part(key));
        retained.count() as u64 + self.archive.len(self.evicted())
    }

    /// Returns the number of processes that are no longer listed: evicted (see
    /// [`Retention`](super::Retention)) and not archived, or [exited before the
    /// checkpoint](Self::exited_before_checkpoint).
    pub fn unlisted(&self) -> u64 {
        let evicted = self.evicted();
        (evicted - self.archive.len(evicted)).saturating_add(self.exited_before_checkpoint())
    }

    /// Returns the number of processes that were forked while tracing and are no longer
    /// listed, by command name, the largest number first. If there were very many names,
    /// the count under none includes those of the others.
    pub fn unlisted_by_comm(&self) -> Vec<(Option<Comm>, u64)> {
        let mut unlisted: BTreeMap<Option<Comm>, u64> = BTreeMap::new();
        if self.evicted() <= self.archive.len(self.evicted()) {
            return Vec::new();
        }
        let started = &self.retained.tally().started;
        for ((comm, _), started) in &started.by_kind {
            *unlisted.entry(*comm).or_default() += started.count;
        }
        *unlisted.entry(None).or_default() += started.rest.count;
        for (comm, archived) in self.archive.by_comm(self.evicted()) {
            if let Some(count) = unlisted.get_mut(&comm) {
                *count = count.saturating_sub(archived);
            }
        }
        let mut unlisted: Vec<_> = unlisted
            .into_iter()
            .filter(|&(_, count)| count > 0)
            .collect();
        unlisted.sort_by_key(|&(_, count)| Reverse(count));
        unlisted
    }

    /// Replaces the times by the owner's name with those by owner, if every owner is
    /// listed.
    pub(super) fn name_archived_owners(&self, tally: &mut Tally) {
        let evicted = self.evicted();
        if evicted == 0 || self.archive.len(evicted) < evicted {
            return;
        }
        tally.reapers.by_name.clear();
        for (owner, reaped) in self.archive.reaped() {
            if self.has_archived(owner) {
                tally.reapers.by_owner.insert(Some(owner), reaped);
            }
        }
    }

    /// Returns the number of processes that exited before the checkpoint at which
    /// this model started. [`Self::totals`] counts them, [`Self::tally`] does not.
    pub fn exited_before_checkpoint(&self) -> u64 {
        self.retained.exited_before_checkpoint()
    }

    /// Returns true if the process with this key is listed.
    pub fn contains(&self, key: Key) -> bool {
        self.processes.get(key).is_some() || self.has_archived(key)
    }

    /// Returns the process with this key. For one that is no longer listed returns a
    /// placeholder: no name, PID 0, vanished.
    /// An archived one is unpacked.
    pub fn process(&self, key: Key) -> ProcessRef<'_> {
        if self.has_archived(key)
            && let Some(process) = self.archive.get(key)
        {
            return process.into();
        }
        (&self.processes[key]).into()
    }

    /// Returns the listed process with this identity.
    pub fn find(&self, id: ProcessId) -> Option<Key> {
        let retained = self.processes.find(id);
        let archived = || self.archive.find(id).filter(|&key| self.contains(key));
        retained.or_else(archived)
    }

    /// Returns the latest listed process with this PID.
    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        let archived = || {
            let mut same = self.archive.with_pid(tgid);
            same.find(|&key| self.contains(key))
        };
        self.processes.find_pid(tgid).or_else(archived)
    }

    /// Returns the parent of a process in the fork tree.
    pub fn tree_parent(&self, key: Key) -> Option<Key> {
        match self.has_archived(key) {
            true => self.archive.tree_parent(key),
            false => self.processes[key].tree_parent,
        }
    }

    /// Returns the listed children of a process in the fork tree, exited ones included.
    pub fn tree_children(&self, key: Key) -> Cow<'_, [Key]> {
        let retained = &self.processes[key].tree_children;
        let archived = self.archive.children(key);
        let mut all: Vec<Key> = archived.filter(|&it| self.has_archived(it)).collect();
        if all.is_empty() {
            return Cow::Borrowed(retained);
        }
        all.extend(retained);
        all.sort_unstable();
        Cow::Owned(all)
    }
}
