//! All processes ever seen, by key, by identity and by number.

use std::{
    collections::HashMap,
    ops::{Index, IndexMut},
};

use super::{Key, Process};
use crate::event::ProcessId;

#[derive(Clone, Default)]
pub(super) struct Table {
    processes: Vec<Process>,
    by_id: HashMap<ProcessId, Key, foldhash::fast::FixedState>,
    /// The latest bearer of a number in the initial pid namespace.
    by_tgid: HashMap<u32, Key, foldhash::fast::FixedState>,
}

/// A process that was just made up.
pub(super) struct New {
    pub key: Key,
    /// Another had its number before, and who had it after that one.
    pub superseded: Option<(Key, Key)>,
}

impl Table {
    /// The process with that identity, made up if it is not known.
    pub fn ensure(&mut self, id: ProcessId) -> Result<Key, New> {
        if let Some(&key) = self.by_id.get(&id) {
            return Ok(key);
        }
        let key = Key::at(self.processes.len());
        self.processes.push(Process::new(id));
        self.by_id.insert(id, key);
        let superseded = self.line_up(id, key);
        Err(New { key, superseded })
    }

    /// Puts a process among those who have had its number, by their age.
    fn line_up(&mut self, id: ProcessId, key: Key) -> Option<(Key, Key)> {
        let Some(&latest) = self.by_tgid.get(&id.tgid) else {
            self.by_tgid.insert(id.tgid, key);
            return None;
        };
        let younger = self
            .bearers(id.tgid)
            .take_while(|&bearer| self[bearer].id.start > id.start)
            .last();
        let Some(younger) = younger else {
            self.by_tgid.insert(id.tgid, key);
            self[key].predecessor = Some(latest);
            return Some((latest, key));
        };
        self[key].predecessor = self[younger].predecessor.replace(key);
        Some((key, younger))
    }

    /// Who has had a number in the initial pid namespace, the latest first.
    pub fn bearers(&self, tgid: u32) -> impl Iterator<Item = Key> + '_ {
        std::iter::successors(self.find_pid(tgid), |&key| self[key].predecessor)
    }

    pub fn find(&self, id: ProcessId) -> Option<Key> {
        self.by_id.get(&id).copied()
    }

    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        self.by_tgid.get(&tgid).copied()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Key, &Process)> {
        let processes = self.processes.iter().enumerate();
        processes.map(|(index, process)| (Key::at(index), process))
    }
}

impl Index<Key> for Table {
    type Output = Process;

    fn index(&self, key: Key) -> &Process {
        &self.processes[key.index()]
    }
}

impl IndexMut<Key> for Table {
    fn index_mut(&mut self, key: Key) -> &mut Process {
        &mut self.processes[key.index()]
    }
}
