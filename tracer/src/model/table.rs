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

impl Table {
    /// The process with that identity, and whether it had to be made up.
    pub fn ensure(&mut self, id: ProcessId) -> (Key, bool) {
        if let Some(&key) = self.by_id.get(&id) {
            return (key, false);
        }
        let key = Key(self.processes.len() as u32);
        self.processes.push(Process::new(id));
        self.by_id.insert(id, key);
        let latest = self.by_tgid.entry(id.tgid).or_insert(key);
        if self.processes[latest.0 as usize].id.start < id.start {
            *latest = key;
        }
        (key, true)
    }

    pub fn find(&self, id: ProcessId) -> Option<Key> {
        self.by_id.get(&id).copied()
    }

    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        self.by_tgid.get(&tgid).copied()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Key, &Process)> {
        self.processes
            .iter()
            .enumerate()
            .map(|(index, process)| (Key(index as u32), process))
    }
}

impl Index<Key> for Table {
    type Output = Process;

    fn index(&self, key: Key) -> &Process {
        &self.processes[key.0 as usize]
    }
}

impl IndexMut<Key> for Table {
    fn index_mut(&mut self, key: Key) -> &mut Process {
        &mut self.processes[key.0 as usize]
    }
}
