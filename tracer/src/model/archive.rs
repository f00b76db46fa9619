//! Evicted processes that a reader of a recording keeps, so that lists show everybody.
//!
//! The archive lies beside the model. Nothing in it changes any more, and
//! [`Model::apply`](super::Model::apply) never looks at it, so models with and without
//! one are equal. Every process that a model has created and no longer retains was
//! evicted before, so one archive, made by a pass over the whole recording, serves a
//! model at any place of it: saved states hold retained processes only.
//!
//! An archived process is some 100 bytes ([`packed`](super::packed)) and a [`Slot`] beside
//! them. It is unpacked each time that it is looked at.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    num::NonZeroU32,
    sync::Arc,
};

use super::{Key, OwnerTally, Process, packed, texts::Texts, unpacked::Unpacked};
use crate::event::{Comm, ProcessId, Text};

/// Number of slots per chunk.
const CHUNK: usize = 64;

/// Memory of a chunk, bytes, with its counts, the allocator's word and its place in the tree.
const CHUNK_SIZE: usize = size_of::<Chunk>() + 56;

/// Size of a segment of packed processes, bytes. A larger process has one of its own.
const SEGMENT: usize = 1 << 16;

/// Memory of an entry in a hash table of PIDs or cgroups that is two thirds full, bytes.
const ENTRY: usize = 24;

type Table<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Returns true if a process of a model is to be kept.
type Wanted<M> = Arc<dyn Fn(&M, Key) -> bool + Send + Sync>;

/// Slots of one part of the keys.
type Chunk = [Slot; CHUNK];

/// The place of an archived process, and its links to others.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// None if it is not archived.
    place: Option<Place>,
    /// Its parent in the fork tree.
    parent: Option<Key>,
    /// Process with the same PID that was evicted before it.
    predecessor: Option<Key>,
    /// Child of the same parent in the fork tree that was evicted before it.
    sibling: Option<Key>,
    /// Its child in the fork tree that was evicted last.
    last_child: Option<Key>,
}

/// The place of a packed process.
#[derive(Clone, Copy)]
struct Place {
    /// Number of the segment, counted from 1.
    segment: NonZeroU32,
    /// Position in it, bytes.
    offset: u16,
    /// True if it was forked while tracing.
    is_forked: bool,
}

/// The archive of a stream, for models of type `M`. Clones share their contents until one of them changes.
#[derive(Clone, Default)]
pub struct Archive<M>(Option<Arc<Contents<M>>>);

#[derive(Clone, Default)]
struct Contents<M> {
    /// Maximum memory, bytes.
    budget: usize,
    /// Memory in use, bytes.
    bytes: usize,
    /// Processes to keep when there is no room for all.
    wanted: Option<Wanted<M>>,
    /// Number of evictions so far, whether archived or not.
    evicted: u64,
    /// Number of processes archived before the first for which there was no room.
    archived: u64,
    /// Those archived later because they are wanted: the number of the eviction and the
    /// command name if it was forked while tracing.
    later: Vec<(u64, Option<Option<Comm>>)>,
    /// Packed processes, in the order of their eviction.
    segments: Vec<Arc<Vec<u8>>>,
    /// Chunks in use, by number.
    chunks: BTreeMap<usize, Arc<Chunk>>,
    /// The latest process with each PID. Each is linked to the previous one.
    by_tgid: Table<u32, Key>,
    /// Number of the [`Self::archived`] that were forked while tracing, by command name.
    by_comm: Table<Option<Comm>, u64>,
    /// Those that owned zombies.
    owners: Vec<Key>,
    /// Paths of their cgroups, which the model may forget.
    cgroups: Table<u64, Text>,
    /// Their arguments and file names.
    texts: Texts,
    /// The processes looked at lately.
    unpacked: Unpacked,
}

/// Facts about an evicted process that are stored outside of it.
pub(super) struct Evicted<'a> {
    /// True if the archive [wants](Archive::wants) it.
    pub wanted: bool,
    /// Path of its cgroup.
    pub cgroup: Option<&'a Text>,
    /// Its former zombies.
    pub reaped: Option<OwnerTally>,
}

impl<M: Clone + Default> Archive<M> {
    /// Returns an empty archive that takes at most about `budget` bytes.
    pub fn new(budget: usize) -> Archive<M> {
        Archive(Some(Arc::new(Contents {
            budget,
            ..Contents::default()
        })))
    }

    /// Prefers some processes: when half of the memory is in use, only they and their
    /// ancestors are archived.
    pub fn preferring(
        mut self,
        wanted: impl Fn(&M, Key) -> bool + Send + Sync + 'static,
    ) -> Archive<M> {
        if let Some(contents) = self.0.as_mut().map(Arc::make_mut) {
            contents.wanted = Some(Arc::new(wanted));
        }
        self
    }

    /// Returns the memory in use, in bytes, about.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |contents| contents.bytes)
    }

    /// Returns the maximum memory, in bytes; 0 if there is no archive.
    pub fn budget(&self) -> usize {
        self.0.as_ref().map_or(0, |contents| contents.budget)
    }

    /// Returns how many of the first `evicted` processes that were evicted are archived.
    pub(super) fn len(&self, evicted: u64) -> u64 {
        let Some(contents) = &self.0 else { return 0 };
        let later = &contents.later;
        let later = later.partition_point(|&(number, _)| number < evicted);
        contents.archived.min(evicted) + later as u64
    }

    /// Returns how many of these were forked while tracing, by command name, if any of the
    /// first `evicted` is not archived.
    pub(super) fn by_comm(&self, evicted: u64) -> BTreeMap<Option<Comm>, u64> {
        let mut by_comm = BTreeMap::new();
        if let Some(contents) = &self.0 {
            by_comm.extend(contents.by_comm.iter().map(|(&comm, &count)| (comm, count)));
            let later = contents.later.iter();
            for &(_, comm) in later.take_while(|&&(number, _)| number < evicted) {
                if let Some(comm) = comm {
                    *by_comm.entry(comm).or_default() += 1;
                }
            }
        }
        by_comm
    }

    /// Returns true if a process that is about to be evicted is kept even though there is
    /// no room for all.
    pub(super) fn wants(&self, model: &M, key: Key) -> bool {
        let Some(contents) = &self.0 else {
            return false;
        };
        let Some(wanted) = contents.wanted.as_ref().filter(|_| contents.is_choosing()) else {
            return false;
        };
        let slot = contents.slot(key);
        slot.is_some_and(|slot| slot.last_child.is_some()) || wanted(model, key)
    }

    /// Returns true if the eviction with this number has yet to be archived.
    pub(super) fn awaits(&self, number: u64) -> bool {
        let contents = self.0.as_ref();
        contents.is_some_and(|it| it.evicted == number)
    }

    /// Archives the next evicted process if there is room for it.
    pub(super) fn add(&mut self, key: Key, process: Box<Process>, more: Evicted<'_>) {
        let Some(contents) = self.0.as_mut().map(Arc::make_mut) else {
            return;
        };
        let number = contents.evicted;
        let has_refused = contents.has_refused();
        contents.evicted += 1;
        if contents.is_choosing() && !more.wanted || contents.wanted.is_none() && has_refused {
            return;
        }
        let (cgroup, tgid) = (process.cgroup.zip(more.cgroup), process.id.tgid);
        let comm = process.forked_at.map(|_| process.known_comm());
        let parent = process.tree_parent;
        let Some(place) = contents.store(process, more.reaped.as_ref()) else {
            return;
        };
        if has_refused {
            contents.later.push((number, comm));
            contents.bytes += size_of_val(&contents.later[0]);
        } else {
            contents.archived += 1;
            if let Some(comm) = comm {
                *contents.by_comm.entry(comm).or_default() += 1;
            }
        }
        if more.reaped.is_some() {
            contents.owners.push(key);
            contents.bytes += size_of::<Key>();
        }
        if let Some((id, path)) = cgroup {
            let new = contents.cgroups.insert(id, path.clone()).is_none();
            contents.bytes += usize::from(new) * (ENTRY + path.as_bytes().len());
        }
        let sibling = parent.and_then(|it| contents.slot_mut(it).last_child.replace(key));
        let predecessor = contents.by_tgid.insert(tgid, key);
        contents.bytes += usize::from(predecessor.is_none()) * ENTRY;
        let slot = contents.slot_mut(key);
        *slot = Slot {
            place: Some(place),
            parent,
            predecessor,
            sibling,
            ..*slot
        };
    }

    /// Returns the process with this key.
    pub(super) fn get(&self, key: Key) -> Option<Arc<Process>> {
        let contents = self.0.as_ref()?;
        let slot = contents.slot(key)?;
        let bytes = contents.bytes_at(slot.place?)?;
        contents.unpacked.get(key, |process| {
            packed::unpack(bytes, &contents.texts, process)?;
            process.tree_parent = slot.parent;
            Some(())
        })
    }

    /// Returns the keys of all archived processes, in order of appearance. Takes time linear
    /// in these.
    pub(super) fn all_keys(&self) -> Vec<Key> {
        let Some(contents) = &self.0 else {
            return Vec::new();
        };
        let places = contents.chunks.keys().map(|number| number * CHUNK);
        let keys = places.flat_map(|place| (place..place + CHUNK).map(Key::at));
        keys.filter(|&key| self.contains(key)).collect()
    }

    /// Drops the archived processes. They still count as listed.
    pub(super) fn clear(&mut self) {
        let used = self.0.as_mut().filter(|contents| contents.bytes > 0);
        let Some(contents) = used.map(Arc::make_mut) else {
            return;
        };
        contents.chunks.clear();
        contents.segments.clear();
        contents.by_tgid.clear();
        contents.owners.clear();
        contents.cgroups.clear();
        contents.texts.clear();
        contents.bytes = 0;
    }

    /// Returns true if an archived process was forked while tracing.
    pub(super) fn is_forked(&self, key: Key) -> bool {
        let slot = self.0.as_ref().and_then(|contents| contents.slot(key));
        slot.and_then(|slot| slot.place)
            .is_some_and(|place| place.is_forked)
    }

    /// Returns the parent of an archived process in the fork tree.
    pub(super) fn tree_parent(&self, key: Key) -> Option<Key> {
        self.0.as_ref()?.slot(key)?.parent
    }

    /// Returns true if the process with this key is archived.
    pub(super) fn contains(&self, key: Key) -> bool {
        let slot = self.0.as_ref().and_then(|contents| contents.slot(key));
        slot.is_some_and(|slot| slot.place.is_some())
    }

    /// Returns the keys of the archived processes that have an index in `places`, in order
    /// of appearance.
    pub(super) fn keys(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = Key> {
        let (start, end) = (places.start, places.end);
        self.0.iter().flat_map(move |contents| {
            let chunks = contents.chunks.range(start / CHUNK..);
            let slots = chunks.flat_map(|(number, chunk)| (number * CHUNK..).zip(chunk.iter()));
            let slots = slots.skip_while(move |&(place, _)| place < start);
            let slots = slots.take_while(move |&(place, _)| place < end);
            let archived = slots.filter(|(_, slot)| slot.place.is_some());
            archived.map(|(place, _)| Key::at(place))
        })
    }

    /// Returns the archived processes that had a PID in the initial namespace, the one
    /// evicted last first.
    pub(super) fn with_pid(&self, tgid: u32) -> impl Iterator<Item = Key> {
        let contents = self.0.as_ref();
        let last = contents.and_then(|it| it.by_tgid.get(&tgid).copied());
        std::iter::successors(last, move |&key| contents?.slot(key)?.predecessor)
    }

    /// Returns the archived process with this identity.
    pub(super) fn find(&self, id: ProcessId) -> Option<Key> {
        let is_it = |&key: &Key| self.get(key).is_some_and(|process| process.id == id);
        self.with_pid(id.tgid).find(is_it)
    }

    /// Returns the archived children of a process in the fork tree, the one evicted last
    /// first.
    pub(super) fn children(&self, parent: Key) -> impl Iterator<Item = Key> {
        let contents = self.0.as_ref();
        let last = contents.and_then(|it| it.slot(parent)?.last_child);
        std::iter::successors(last, move |&key| contents?.slot(key)?.sibling)
    }

    /// Returns the former zombies of each archived process.
    pub(super) fn reaped(&self) -> impl Iterator<Item = (Key, OwnerTally)> {
        self.0.iter().flat_map(|contents| {
            let tally = |&key: &Key| {
                let place = contents.slot(key)?.place?;
                Some((key, packed::unpack_tally(contents.bytes_at(place)?)?))
            };
            contents.owners.iter().filter_map(tally)
        })
    }

    /// Returns the path of an archived process's cgroup.
    pub(super) fn cgroup_path(&self, id: u64) -> Option<&Text> {
        self.0.as_ref()?.cgroups.get(&id)
    }
}

impl<M> Contents<M> {
    /// Returns true if an evicted process was not archived.
    fn has_refused(&self) -> bool {
        self.archived + (self.later.len() as u64) < self.evicted
    }

    /// Returns true if only the wanted processes are archived from now on.
    fn is_choosing(&self) -> bool {
        self.wanted.is_some() && self.bytes >= self.budget / 2
    }

    /// Packs a process. Returns its place, or none if there is no room for it.
    fn store(&mut self, mut process: Box<Process>, reaped: Option<&OwnerTally>) -> Option<Place> {
        let room = self.budget.checked_sub(self.bytes)?;
        if self.texts.size_of_new(&mut process) > room {
            return None;
        }
        let is_forked = process.forked_at.is_some();
        let (packed, texts) = packed::pack(process, reaped, &mut self.texts);
        self.bytes += texts;
        // Its slots may need a chunk each.
        if texts + packed.len() + 2 * CHUNK_SIZE > room {
            return None;
        }
        self.bytes += packed.len();
        let last = self.segments.last();
        if last.is_none_or(|last| last.len() + packed.len() > SEGMENT) {
            let size = packed.len().max(SEGMENT.min(self.budget));
            self.segments.push(Arc::new(Vec::with_capacity(size)));
        }
        let segment = NonZeroU32::new(self.segments.len() as u32)?;
        let last = Arc::make_mut(self.segments.last_mut()?);
        let offset = last.len() as u16;
        last.extend_from_slice(&packed);
        Some(Place {
            segment,
            offset,
            is_forked,
        })
    }

    fn slot(&self, key: Key) -> Option<&Slot> {
        let chunk = self.chunks.get(&(key.index() / CHUNK))?;
        Some(&chunk[key.index() % CHUNK])
    }

    fn slot_mut(&mut self, key: Key) -> &mut Slot {
        let number = key.index() / CHUNK;
        let chunk = self.chunks.entry(number).or_insert_with(|| {
            self.bytes += CHUNK_SIZE;
            Arc::new([Slot::default(); CHUNK])
        });
        &mut Arc::make_mut(chunk)[key.index() % CHUNK]
    }

    fn bytes_at(&self, place: Place) -> Option<&[u8]> {
        let segment = self.segments.get(place.segment.get() as usize - 1)?;
        segment.get(usize::from(place.offset)..)
    }
}

impl<M> PartialEq for Archive<M> {
    /// Returns true: the contents follow from the stream and the budget.
    fn eq(&self, _: &Archive<M>) -> bool {
        true
    }
}

impl<M: Clone + Default> fmt::Debug for Archive<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("budget", &self.budget())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
