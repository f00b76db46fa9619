//! The retained processes, by key, by identity and by PID.
//!
//! Keys ascend in order of appearance and are never reused, so they sort by age and
//! a stale key finds nothing. Behind the keys are pages of chunks of boxes. A chunk or page
//! without processes is freed, which leaves one pointer for every [`PAGE`] chunks ever
//! used: 2 MB for each billion of processes. Two tables may [share](Table::share) a chunk
//! until either changes one of its processes: a pause of the dashboard costs one pointer per
//! chunk, and after that the memory of the processes that change.

use std::{
    collections::HashMap,
    ops::Index,
    sync::{Arc, LazyLock},
};

use super::{Key, Process};
use crate::event::ProcessId;

/// Number of processes per chunk.
const CHUNK: usize = 32;
/// Number of chunks per page.
const PAGE: usize = 128;

/// Boxes of evicted processes, for reuse. Allocating a new box costs more, because
/// processes are large. A box is cleared on reuse, so its memory is written once. A
/// clone has none.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the boxes are what is retained")]
struct Spare(Vec<Box<Process>>);

impl Spare {
    /// Maximum number of boxes.
    const KEPT: usize = 1024;

    fn put(&mut self, process: Box<Process>) {
        if self.0.len() < Self::KEPT {
            self.0.push(process);
        }
    }

    fn take(&mut self, id: ProcessId) -> Box<Process> {
        let Some(mut process) = self.0.pop() else {
            return Box::new(Process::new(id));
        };
        *process = Process::new(id);
        process
    }
}

impl Clone for Spare {
    fn clone(&self) -> Self {
        Spare::default()
    }
}

/// The processes of one chunk.
#[derive(Clone)]
struct Slots {
    retained: usize,
    processes: [Option<Box<Process>>; CHUNK],
}

impl Default for Slots {
    fn default() -> Self {
        Slots {
            retained: 0,
            processes: [const { None }; CHUNK],
        }
    }
}

/// A chunk and its ownership. Storing the ownership is cheaper than checking at
/// every change whether a chunk is shared.
#[derive(Clone)]
enum Chunk {
    Own(Box<Slots>),
    Shared(Arc<Slots>),
}

impl Chunk {
    fn slots(&self) -> &Slots {
        match self {
            Chunk::Own(slots) => slots,
            Chunk::Shared(slots) => slots,
        }
    }

    /// Returns the slots for a change; copies shared ones first.
    fn own(&mut self) -> Option<&mut Slots> {
        if let Chunk::Shared(slots) = self {
            *self = Chunk::Own(Box::new(Slots::clone(slots)));
        }
        match self {
            Chunk::Own(slots) => Some(slots),
            Chunk::Shared(_) => None,
        }
    }

    fn share(&mut self) {
        if let Chunk::Own(slots) = self {
            *self = Chunk::Shared(Arc::new(std::mem::take(slots)));
        }
    }
}

/// The chunks of one page.
#[derive(Clone)]
struct Page {
    /// Number of chunks in use.
    used: usize,
    chunks: [Option<Chunk>; PAGE],
}

impl Default for Page {
    fn default() -> Self {
        Page {
            used: 0,
            chunks: [const { None }; PAGE],
        }
    }
}

/// Chunks by number.
#[derive(Clone, Default)]
struct Chunks(Vec<Option<Box<Page>>>);

impl Chunks {
    fn get(&self, number: usize) -> Option<&Chunk> {
        let page = self.0.get(number / PAGE)?.as_ref()?;
        page.chunks[number % PAGE].as_ref()
    }

    fn get_mut(&mut self, number: usize) -> Option<&mut Chunk> {
        let page = self.0.get_mut(number / PAGE)?.as_mut()?;
        page.chunks[number % PAGE].as_mut()
    }

    /// Returns a chunk, which is empty if it did not exist.
    fn insert(&mut self, number: usize) -> &mut Chunk {
        let place = number / PAGE;
        if self.0.len() <= place {
            self.0.resize_with(place + 1, || None);
        }
        let page = self.0[place].get_or_insert_default();
        let chunk = &mut page.chunks[number % PAGE];
        page.used += usize::from(chunk.is_none());
        chunk.get_or_insert_with(|| Chunk::Own(Box::default()))
    }

    fn remove(&mut self, number: usize) {
        let Some(place) = self.0.get_mut(number / PAGE) else {
            return;
        };
        if let Some(page) = place
            && page.chunks[number % PAGE].take().is_some()
        {
            page.used -= 1;
            if page.used == 0 {
                *place = None;
            }
        }
    }

    /// Returns the chunks from a number on, in order.
    fn since(&self, first: usize) -> impl Iterator<Item = (usize, &Chunk)> {
        let pages = self.0.iter().enumerate().skip(first / PAGE);
        let pages = pages.filter_map(|(number, page)| Some((number, page.as_ref()?)));
        let chunks = pages.flat_map(|(page, chunks)| (page * PAGE..).zip(&chunks.chunks));
        let chunks = chunks.filter_map(|(number, chunk)| Some((number, chunk.as_ref()?)));
        chunks.skip_while(move |&(number, _)| number < first)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Chunk> {
        let pages = self.0.iter_mut().flatten();
        pages.flat_map(|page| page.chunks.iter_mut().flatten())
    }
}

/// Processes by key, identity and PID.
#[derive(Clone, Default)]
pub(super) struct Table {
    chunks: Chunks,
    spare: Spare,
    /// Number of processes ever created.
    created: usize,
    retained: usize,
    /// The latest process with each PID in the initial namespace. Earlier ones are
    /// linked from it.
    by_tgid: HashMap<u32, Key, foldhash::fast::FixedState>,
    /// Result of the latest lookup. An event looks up its subject more than once,
    /// and so does the next event.
    latest: Option<(ProcessId, Key)>,
}

/// A process that was just inserted.
pub(super) struct Inserted {
    /// Its key.
    pub key: Key,
    /// An earlier process with the same PID, and the process that follows it.
    pub superseded: Option<(Key, Key)>,
}

/// Placeholder for every evicted process.
static EVICTED: LazyLock<Process> = LazyLock::new(|| {
    let mut evicted = Process::new(ProcessId::default());
    evicted.vanished_at = Some(0);
    evicted
});

impl Table {
    /// Returns the process with this identity, inserted if it is unknown.
    pub fn ensure(&mut self, id: ProcessId) -> Result<Key, Inserted> {
        if let Some(key) = self.look_up(id) {
            return Ok(key);
        }
        let key = self.push(id);
        self.latest = Some((id, key));
        let superseded = self.link_same_pid(id, key);
        Err(Inserted { key, superseded })
    }

    /// Builds a table from saved processes. None if keys do not ascend or reach
    /// `created`, or if two processes have one identity.
    pub fn of(created: usize, processes: Vec<(Key, Box<Process>)>) -> Option<Table> {
        let mut table = Table {
            created,
            retained: processes.len(),
            ..Table::default()
        };
        let mut by_age = Vec::with_capacity(processes.len());
        let mut next = 0;
        for (key, process) in processes {
            let place = key.index();
            if place < next || place >= created {
                return None;
            }
            next = place + 1;
            by_age.push((process.id, key));
            let slots = table.chunks.insert(place / CHUNK).own()?;
            slots.retained += 1;
            slots.processes[place % CHUNK] = Some(process);
        }
        by_age.sort_unstable();
        let mut older: Option<(ProcessId, Key)> = None;
        for (id, key) in by_age {
            let predecessor = older.filter(|(older, _)| older.tgid == id.tgid);
            if predecessor.is_some_and(|(older, _)| older == id) {
                return None;
            }
            table.set_predecessor(key, predecessor.map(|(_, key)| key));
            table.by_tgid.insert(id.tgid, key);
            older = Some((id, key));
        }
        Some(table)
    }

    /// Returns the number of processes ever created.
    pub fn created(&self) -> usize {
        self.created
    }

    /// Continues as after that many processes.
    #[cfg(test)]
    pub fn skip_to(&mut self, created: usize) {
        self.created = created;
    }

    fn push(&mut self, id: ProcessId) -> Key {
        let place = self.created;
        let process = self.spare.take(id);
        if let Some(slots) = self.chunks.insert(place / CHUNK).own() {
            slots.retained += 1;
            slots.processes[place % CHUNK] = Some(process);
        }
        self.created += 1;
        self.retained += 1;
        Key::at(place)
    }

    /// Takes back a box returned by [`Self::remove`].
    pub fn recycle(&mut self, process: Box<Process>) {
        self.spare.put(process);
    }

    /// Prepares for a clone that shares every chunk until one side changes it.
    pub fn share(&mut self) {
        self.chunks.iter_mut().for_each(Chunk::share);
    }

    /// Links a process into the list of processes with its PID, ordered by age.
    fn link_same_pid(&mut self, id: ProcessId, key: Key) -> Option<(Key, Key)> {
        let Some(&latest) = self.by_tgid.get(&id.tgid) else {
            self.by_tgid.insert(id.tgid, key);
            return None;
        };
        let younger = self
            .with_pid(id.tgid)
            .take_while(|&candidate| self[candidate].id.start > id.start)
            .last();
        let Some(younger) = younger else {
            self.by_tgid.insert(id.tgid, key);
            self.set_predecessor(key, Some(latest));
            return Some((latest, key));
        };
        self.set_predecessor(key, self[younger].predecessor);
        self.set_predecessor(younger, Some(key));
        Some((key, younger))
    }

    fn set_predecessor(&mut self, key: Key, predecessor: Option<Key>) {
        if let Some(process) = self.get_mut(key) {
            process.predecessor = predecessor;
        }
    }

    /// Removes a process. Takes time linear in the retained processes with the same
    /// PID.
    pub fn remove(&mut self, key: Key) -> Option<Box<Process>> {
        let number = key.index() / CHUNK;
        let slots = self.chunks.get_mut(number)?.own()?;
        let process = slots.processes[key.index() % CHUNK].take()?;
        slots.retained -= 1;
        if slots.retained == 0 {
            self.chunks.remove(number);
        }
        self.retained -= 1;
        self.latest = None;
        let tgid = process.id.tgid;
        let younger = self
            .with_pid(tgid)
            .find(|&candidate| self[candidate].predecessor == Some(key));
        match (younger, process.predecessor) {
            (Some(younger), older) => self.set_predecessor(younger, older),
            (None, Some(older)) => {
                self.by_tgid.insert(tgid, older);
            }
            (None, None) => {
                self.by_tgid.remove(&tgid);
            }
        }
        Some(process)
    }

    /// Returns the processes that have had a PID in the initial namespace, the
    /// latest first.
    pub fn with_pid(&self, tgid: u32) -> impl Iterator<Item = Key> + '_ {
        let known = |key: &Key| self.get(*key).is_some();
        std::iter::successors(self.find_pid(tgid), |&key| self.get(key)?.predecessor).filter(known)
    }

    /// Returns the process with this identity. Takes time linear in the retained,
    /// younger processes with the same PID; mostly there are none.
    pub fn find(&self, id: ProcessId) -> Option<Key> {
        if let Some((latest, key)) = self.latest
            && latest == id
        {
            return Some(key);
        }
        let mut candidate = self.find_pid(id.tgid)?;
        loop {
            let process = self.get(candidate)?;
            if process.id.start <= id.start {
                return (process.id == id).then_some(candidate);
            }
            candidate = process.predecessor?;
        }
    }

    /// Like [`Self::find`], and remembers the result for the next lookup.
    pub fn look_up(&mut self, id: ProcessId) -> Option<Key> {
        let key = self.find(id)?;
        self.latest = Some((id, key));
        Some(key)
    }

    /// Returns the latest process with this PID.
    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        self.by_tgid.get(&tgid).copied()
    }

    pub fn get(&self, key: Key) -> Option<&Process> {
        let slots = self.chunks.get(key.index() / CHUNK)?.slots();
        slots.processes[key.index() % CHUNK].as_deref()
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut Process> {
        let slots = self.chunks.get_mut(key.index() / CHUNK)?.own()?;
        slots.processes[key.index() % CHUNK].as_deref_mut()
    }

    /// Calls `change` for every retained process.
    pub fn each(&mut self, mut change: impl FnMut(&mut Process)) {
        let slots = self.chunks.iter_mut().filter_map(Chunk::own);
        let processes = slots.flat_map(|slots| slots.processes.iter_mut().flatten());
        processes.for_each(|process| change(process));
    }

    /// Returns the number of retained processes.
    pub fn len(&self) -> usize {
        self.retained
    }

    /// Returns the retained processes from a position in the order of appearance.
    pub fn since(&self, place: usize) -> impl Iterator<Item = (Key, &Process)> {
        let chunks = self.chunks.since(place / CHUNK);
        let processes = chunks.flat_map(|(number, chunk)| {
            let places = (number * CHUNK..).zip(&chunk.slots().processes);
            places.filter_map(|(place, process)| Some((Key::at(place), process.as_deref()?)))
        });
        processes.skip_while(move |(key, _)| key.index() < place)
    }
}

impl PartialEq for Table {
    /// Returns true if both hold equal processes under the same keys. Spare boxes,
    /// the latest lookup and sharing do not count.
    fn eq(&self, other: &Table) -> bool {
        self.created == other.created
            && self.by_tgid == other.by_tgid
            && self.since(0).eq(other.since(0))
    }
}

impl Index<Key> for Table {
    type Output = Process;

    fn index(&self, key: Key) -> &Process {
        self.get(key).unwrap_or(&EVICTED)
    }
}
