//! Evicted processes that a reader of a recording keeps, so that lists show everybody.
//!
//! The archive lies beside the model. Nothing in it changes any more, and
//! [`Model::apply`](super::Model::apply) never looks at it, so models with and without
//! one are equal. Every process that a model has created and no longer retains was
//! evicted before, so one archive, made by a pass over the whole recording, serves a
//! model at any place of it: saved states hold retained processes only.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::Arc,
};

use super::{Key, OwnerTally, Process};
use crate::event::{Comm, ProcessId, Text};

/// Number of processes per chunk.
const CHUNK: usize = 64;

/// Memory that an entry costs beside the process itself, bytes: its place in a chunk, and
/// those among the children of its parent and among the processes with its PID, in tables
/// that are two thirds full.
const ENTRY: usize = 48;

type Table<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Returns true if a process of a model is to be kept.
type Wanted<M> = Arc<dyn Fn(&M, Key) -> bool + Send + Sync>;

/// Archived processes of one part of the keys.
type Chunk = [Option<Box<Process>>; CHUNK];

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
    by_key: Vec<Option<Arc<Chunk>>>,
    /// The latest process with each PID. Each is linked to the previous one.
    by_tgid: Table<u32, Key>,
    /// Children in the fork tree, in the order of their eviction.
    children: Table<Key, Vec<Key>>,
    /// Number of the [`Self::archived`] that were forked while tracing, by command name.
    by_comm: Table<Option<Comm>, u64>,
    /// The former zombies of each.
    reaped: Table<Key, OwnerTally>,
    /// Paths of their cgroups, which the model may forget.
    cgroups: Table<u64, Text>,
    /// Arguments and file names, of which equal ones share their memory.
    texts: HashSet<Text, foldhash::fast::FixedState>,
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
        contents.children.contains_key(&key) || wanted(model, key)
    }

    /// Returns true if the eviction with this number has yet to be archived.
    pub(super) fn awaits(&self, number: u64) -> bool {
        let contents = self.0.as_ref();
        contents.is_some_and(|it| it.evicted == number)
    }

    /// Archives the next evicted process if there is room for it.
    pub(super) fn add(&mut self, key: Key, mut process: Box<Process>, more: Evicted<'_>) {
        let Some(contents) = self.0.as_mut().map(Arc::make_mut) else {
            return;
        };
        let number = contents.evicted;
        let has_refused = contents.has_refused();
        contents.evicted += 1;
        if contents.is_choosing() && !more.wanted || contents.wanted.is_none() && has_refused {
            return;
        }
        let bytes = contents.compact(&mut process);
        if contents.bytes.saturating_add(bytes) > contents.budget {
            return;
        }
        contents.bytes += bytes;
        let comm = process.forked_at.map(|_| process.known_comm());
        if has_refused {
            contents.later.push((number, comm));
        } else {
            contents.archived += 1;
            if let Some(comm) = comm {
                *contents.by_comm.entry(comm).or_default() += 1;
            }
        }
        contents
            .reaped
            .extend(more.reaped.map(|reaped| (key, reaped)));
        let cgroup = more.cgroup;
        if let Some((id, path)) = process.cgroup.zip(cgroup) {
            contents.cgroups.entry(id).or_insert_with(|| path.clone());
        }
        if let Some(parent) = process.tree_parent {
            contents.children.entry(parent).or_default().push(key);
        }
        process.predecessor = contents.by_tgid.insert(process.id.tgid, key);
        let place = key.index() / CHUNK;
        if contents.by_key.len() <= place {
            contents.by_key.resize_with(place + 1, || None);
        }
        let chunk = &mut contents.by_key[place];
        let chunk = chunk.get_or_insert_with(|| Arc::new([const { None }; CHUNK]));
        Arc::make_mut(chunk)[key.index() % CHUNK] = Some(process);
    }

    /// Returns the process with this key.
    pub(super) fn get(&self, key: Key) -> Option<&Process> {
        let chunk = self.0.as_ref()?.by_key.get(key.index() / CHUNK)?.as_ref()?;
        chunk[key.index() % CHUNK].as_deref()
    }

    /// Returns the archived processes whose keys have an index in `places`, in order of
    /// appearance.
    pub(super) fn range(
        &self,
        places: std::ops::Range<usize>,
    ) -> impl Iterator<Item = (Key, &Process)> {
        let chunks = self.0.iter().flat_map(|contents| contents.by_key.iter());
        let chunks = chunks.enumerate().skip(places.start / CHUNK);
        let chunks = chunks.filter_map(|(number, chunk)| Some((number, chunk.as_deref()?)));
        let processes = chunks.flat_map(|(number, chunk)| {
            let places = (number * CHUNK..).zip(chunk);
            places.filter_map(|(place, process)| Some((Key::at(place), process.as_deref()?)))
        });
        let (start, end) = (places.start, places.end);
        let processes = processes.skip_while(move |(key, _)| key.index() < start);
        processes.take_while(move |(key, _)| key.index() < end)
    }

    /// Returns the archived processes that had a PID in the initial namespace, the one
    /// evicted last first.
    pub(super) fn with_pid(&self, tgid: u32) -> impl Iterator<Item = (Key, &Process)> {
        let first = self
            .0
            .as_ref()
            .and_then(|it| it.by_tgid.get(&tgid).copied());
        let keys = std::iter::successors(first, |&key| self.get(key)?.predecessor);
        keys.filter_map(|key| Some((key, self.get(key)?)))
    }

    /// Returns the archived process with this identity.
    pub(super) fn find(&self, id: ProcessId) -> Option<Key> {
        let mut same = self.with_pid(id.tgid);
        same.find(|(_, process)| process.id == id)
            .map(|(key, _)| key)
    }

    /// Returns the archived children of a process in the fork tree.
    pub(super) fn children(&self, parent: Key) -> &[Key] {
        let contents = self.0.as_ref();
        let children = contents.and_then(|contents| contents.children.get(&parent));
        children.map_or(&[], Vec::as_slice)
    }

    /// Returns the former zombies of each archived process.
    pub(super) fn reaped(&self) -> impl Iterator<Item = (Key, &OwnerTally)> {
        let contents = self.0.iter();
        contents.flat_map(|contents| contents.reaped.iter().map(|(&key, reaped)| (key, reaped)))
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

    /// Releases what an evicted process needs no more. Returns its memory in bytes, without
    /// what it shares with others.
    fn compact(&mut self, process: &mut Process) -> usize {
        process.tree_children = Vec::new();
        process.threads.shrink_to_fit();
        process.executions.shrink_to_fit();
        process.signals.shrink_to_fit();
        let mut own = size_of::<Process>() + ENTRY + process.heap_size();
        process.each_text(&mut |text| match self.texts.get(text) {
            Some(same) => *text = same.clone(),
            None => {
                own += text.as_bytes().len() + ENTRY;
                self.texts.insert(text.clone());
            }
        });
        own
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
