//! The processes that are retained, by key, by identity and by number.
//!
//! Keys ascend in order of appearance and are never used again, so that they
//! sort by age and a stale one finds nobody. Behind them stand chunks of boxes:
//! a chunk that nobody is left in is given back, and what remains of it is a
//! pointer for every [`CHUNK`] processes ever seen. Two tables may
//! [share](Table::share) a chunk until either changes one of its processes: a
//! pause of the dashboard costs a pointer per chunk, and then the memory of those
//! that change.

use std::{
    collections::HashMap,
    ops::Index,
    sync::{Arc, LazyLock},
};

use super::{Key, Process};
use crate::event::ProcessId;

const CHUNK: usize = 32;

/// Processes that were let go, boxes for those to come: to ask the allocator for
/// one costs more, since it is large. They are cleared when they are used again,
/// so that their memory is gone over once. A clone has none.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the boxes are what is retained")]
struct Spare(Vec<Box<Process>>);

impl Spare {
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

/// To ask at every change whether somebody shares a chunk would cost more than
/// most changes: so it is known.
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

    /// To be changed: what is shared is copied first.
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

#[derive(Clone, Default)]
pub(super) struct Table {
    chunks: Vec<Option<Chunk>>,
    spare: Spare,
    /// How many there ever were.
    created: usize,
    retained: usize,
    /// The latest bearer of a number in the initial pid namespace; from it the
    /// earlier ones are reached.
    by_tgid: HashMap<u32, Key, foldhash::fast::FixedState>,
    /// Who was looked for last: an event looks for its subject more than once,
    /// and so does the next.
    latest: Option<(ProcessId, Key)>,
}

/// A process that was just created up.
pub(super) struct Inserted {
    pub key: Key,
    /// Another had its number before, and who had it after that one.
    pub superseded: Option<(Key, Key)>,
}

/// Stands for everyone who was let go: nothing is known of it.
static EVICTED: LazyLock<Process> = LazyLock::new(|| {
    let mut nobody = Process::new(ProcessId::default());
    nobody.vanished_at = Some(0);
    nobody
});

impl Table {
    /// The process with that identity, created up if it is not known.
    pub fn ensure(&mut self, id: ProcessId) -> Result<Key, Inserted> {
        if let Some(key) = self.look_up(id) {
            return Ok(key);
        }
        let key = self.push(id);
        self.latest = Some((id, key));
        let superseded = self.link_same_pid(id, key);
        Err(Inserted { key, superseded })
    }

    /// A table of these processes, of so many that there ever were. None if keys
    /// do not ascend, are too high, or two processes have one identity.
    pub fn of(created: usize, processes: Vec<(Key, Box<Process>)>) -> Option<Table> {
        let mut table = Table {
            created,
            retained: processes.len(),
            ..Table::default()
        };
        table.chunks.resize_with(created.div_ceil(CHUNK), || None);
        let mut by_age = Vec::with_capacity(processes.len());
        let mut next = 0;
        for (key, process) in processes {
            let place = key.index();
            if place < next || place >= created {
                return None;
            }
            next = place + 1;
            by_age.push((process.id, key));
            let chunk = table.chunks.get_mut(place / CHUNK)?;
            let slots = chunk.get_or_insert_with(|| Chunk::Own(Box::default()));
            let slots = slots.own()?;
            slots.retained += 1;
            slots.processes[place % CHUNK] = Some(process);
        }
        by_age.sort_unstable();
        let mut elder: Option<(ProcessId, Key)> = None;
        for (id, key) in by_age {
            let predecessor = elder.filter(|(elder, _)| elder.tgid == id.tgid);
            if predecessor.is_some_and(|(elder, _)| elder == id) {
                return None;
            }
            table.set_predecessor(key, predecessor.map(|(_, key)| key));
            table.by_tgid.insert(id.tgid, key);
            elder = Some((id, key));
        }
        Some(table)
    }

    /// How many there ever were.
    pub fn created(&self) -> usize {
        self.created
    }

    fn push(&mut self, id: ProcessId) -> Key {
        let place = self.created;
        if place.is_multiple_of(CHUNK) {
            self.chunks.push(None);
        }
        let process = self.spare.take(id);
        // It is none, too, when all that were in it have been let go.
        let newest = self.chunks.last_mut();
        let newest = newest.map(|chunk| chunk.get_or_insert_with(|| Chunk::Own(Box::default())));
        if let Some(slots) = newest.and_then(Chunk::own) {
            slots.retained += 1;
            slots.processes[place % CHUNK] = Some(process);
        }
        self.created += 1;
        self.retained += 1;
        Key::at(place)
    }

    /// Takes a box back that [`Self::remove`] gave out.
    pub fn recycle(&mut self, process: Box<Process>) {
        self.spare.put(process);
    }

    /// From here on a clone shares every chunk that neither changes.
    pub fn share(&mut self) {
        self.chunks.iter_mut().flatten().for_each(Chunk::share);
    }

    /// Puts a process among those who have had its number, by their age.
    fn link_same_pid(&mut self, id: ProcessId, key: Key) -> Option<(Key, Key)> {
        let Some(&latest) = self.by_tgid.get(&id.tgid) else {
            self.by_tgid.insert(id.tgid, key);
            return None;
        };
        let younger = self
            .with_pid(id.tgid)
            .take_while(|&bearer| self[bearer].id.start > id.start)
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

    /// Forgets a process. Linear in those retained who had the same number.
    pub fn remove(&mut self, key: Key) -> Option<Box<Process>> {
        let place = self.chunks.get_mut(key.index() / CHUNK)?;
        let slots = place.as_mut()?.own()?;
        let process = slots.processes[key.index() % CHUNK].take()?;
        slots.retained -= 1;
        if slots.retained == 0 {
            *place = None;
        }
        self.retained -= 1;
        self.latest = None;
        let tgid = process.id.tgid;
        let younger = self
            .with_pid(tgid)
            .find(|&bearer| self[bearer].predecessor == Some(key));
        match (younger, process.predecessor) {
            (Some(younger), elder) => self.set_predecessor(younger, elder),
            (None, Some(elder)) => {
                self.by_tgid.insert(tgid, elder);
            }
            (None, None) => {
                self.by_tgid.remove(&tgid);
            }
        }
        Some(process)
    }

    /// Who has had a number in the initial pid namespace, the latest first.
    pub fn with_pid(&self, tgid: u32) -> impl Iterator<Item = Key> + '_ {
        let known = |key: &Key| self.get(*key).is_some();
        std::iter::successors(self.find_pid(tgid), |&key| self.get(key)?.predecessor).filter(known)
    }

    /// Linear in those retained who had the same number and are younger: mostly there
    /// is none.
    pub fn find(&self, id: ProcessId) -> Option<Key> {
        if let Some((latest, key)) = self.latest
            && latest == id
        {
            return Some(key);
        }
        let mut bearer = self.find_pid(id.tgid)?;
        loop {
            let process = self.get(bearer)?;
            if process.id.start <= id.start {
                return (process.id == id).then_some(bearer);
            }
            bearer = process.predecessor?;
        }
    }

    /// The same, of one who is soon to be looked for again.
    pub fn look_up(&mut self, id: ProcessId) -> Option<Key> {
        let key = self.find(id)?;
        self.latest = Some((id, key));
        Some(key)
    }

    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        self.by_tgid.get(&tgid).copied()
    }

    pub fn get(&self, key: Key) -> Option<&Process> {
        let slots = self.chunks.get(key.index() / CHUNK)?.as_ref()?.slots();
        slots.processes[key.index() % CHUNK].as_deref()
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut Process> {
        let slots = self.chunks.get_mut(key.index() / CHUNK)?.as_mut()?.own()?;
        slots.processes[key.index() % CHUNK].as_deref_mut()
    }

    /// Changes every process that is retained.
    pub fn each(&mut self, mut change: impl FnMut(&mut Process)) {
        let chunks = self.chunks.iter_mut().flatten();
        let slots = chunks.filter_map(Chunk::own);
        let processes = slots.flat_map(|slots| slots.processes.iter_mut().flatten());
        processes.for_each(|process| change(process));
    }

    /// How many are retained.
    pub fn len(&self) -> usize {
        self.retained
    }

    /// Those retained from a place in the order of appearance on.
    pub fn since(&self, place: usize) -> impl Iterator<Item = (Key, &Process)> {
        let first = place / CHUNK;
        let chunks = self.chunks.iter().enumerate().skip(first);
        let retained = chunks.filter_map(|(number, chunk)| Some((number, chunk.as_ref()?)));
        let processes = retained.flat_map(|(number, chunk)| {
            let places = (number * CHUNK..).zip(&chunk.slots().processes);
            places.filter_map(|(place, process)| Some((Key::at(place), process.as_deref()?)))
        });
        processes.skip_while(move |(key, _)| key.index() < place)
    }
}

impl PartialEq for Table {
    /// True if both hold equal processes under the same keys. Spare boxes, the
    /// latest look-up and the sharing of chunks do not count.
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
