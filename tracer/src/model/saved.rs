//! Serialization of a model: [`Model::save`] and [`Model::restore`]. State derived
//! from the processes is not stored but rebuilt. The bytes fit this version of the
//! model only. This module must not know where they are stored or how they are
//! compressed.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Arc,
};

use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq as _};

use super::{
    Archive, GapSpan, History, Key, Model, Preference, Process, StreamEnd, Totals,
    cgroup_paths::Cgroups,
    delta::DeltaCodec,
    failures::FailedForks,
    index::{Claim, Claimant, Index},
    program_budget::ProgramBudget,
    retention::Retained,
    table::Table,
    unmatched::Unmatched,
};
use crate::event::{Session, Text};

/// Error returned when bytes are not a saved model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unrestorable;

impl fmt::Display for Unrestorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the saved state is damaged")
    }
}

impl std::error::Error for Unrestorable {}

/// The fields of a model as they are written.
#[derive(Serialize)]
struct SavedModelRef<'a> {
    session: &'a Option<Arc<Session>>,
    created: usize,
    processes: RetainedProcesses<'a>,
    exited: u64,
    claims: Vec<(Claim, Claimant)>,
    retained: &'a Retained,
    cgroups: &'a Cgroups,
    failed_forks: &'a FailedForks,
    unmatched: &'a VecDeque<Unmatched>,
    began: Option<u64>,
    traced_since: u64,
    now: u64,
    end: StreamEnd,
    generation: u32,
    gaps: &'a Vec<GapSpan>,
    totals: &'a Totals,
    history: &'a History,
    programs: &'a ProgramBudget,
}

/// The fields of [`SavedModelRef`] in the same order, as they are read.
#[derive(Deserialize)]
struct SavedModel {
    session: Option<Arc<Session>>,
    created: usize,
    processes: Vec<(u64, Box<Process>)>,
    exited: u64,
    claims: Vec<(Claim, Claimant)>,
    retained: Retained,
    cgroups: Cgroups,
    failed_forks: FailedForks,
    unmatched: VecDeque<Unmatched>,
    began: Option<u64>,
    traced_since: u64,
    now: u64,
    end: StreamEnd,
    generation: u32,
    gaps: Vec<GapSpan>,
    totals: Totals,
    history: History,
    programs: ProgramBudget,
}

/// The retained processes, [delta-encoded](DeltaCodec), each with the number of
/// keys between its own and the previous one.
struct RetainedProcesses<'a>(&'a Table);

impl Serialize for RetainedProcesses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        let (mut codec, mut next) = (DeltaCodec::default(), 0);
        for (key, process) in self.0.since(0) {
            let mut process = process.clone();
            codec.encode(&mut process);
            list.serialize_element(&(key.index() - next, process))?;
            next = key.index() + 1;
        }
        list.end()
    }
}

fn decode_deltas(encoded: Vec<(u64, Box<Process>)>) -> Vec<(Key, Box<Process>)> {
    let (mut codec, mut next) = (DeltaCodec::default(), 0_usize);
    let decode = |(gap, mut process): (u64, Box<Process>)| {
        codec.decode(&mut process);
        let place = next.saturating_add(gap as usize);
        next = place.saturating_add(1);
        (Key::at(place), process)
    };
    encoded.into_iter().map(decode).collect()
}

impl Model {
    /// Returns the model as bytes. Takes time linear in the retained processes.
    pub fn save(&self) -> Vec<u8> {
        let Model {
            session,
            processes,
            index,
            retained,
            cgroups,
            failed_forks,
            unmatched,
            began,
            traced_since,
            now,
            end,
            generation,
            gaps,
            totals,
            history,
            programs,
            changed: _,
            archive: _,
            preference: _,
        } = self;
        let out = SavedModelRef {
            session,
            created: processes.created(),
            processes: RetainedProcesses(processes),
            exited: index.exited,
            claims: index.claims(),
            retained,
            cgroups,
            failed_forks,
            unmatched,
            began: *began,
            traced_since: *traced_since,
            now: *now,
            end: *end,
            generation: *generation,
            gaps,
            totals,
            history,
            programs,
        };
        postcard::to_allocvec(&out).expect("every length is known, and memory has room")
    }

    /// Returns the model that was saved. `created` bounds the number of processes
    /// it can ever have seen: memory grows by a few bytes per hundred of them,
    /// evicted ones included.
    ///
    /// Damaged bytes either return an error or a model that can continue.
    pub fn restore(bytes: &[u8], created: usize) -> Result<Model, Unrestorable> {
        let (saved, rest) =
            postcard::take_from_bytes::<SavedModel>(bytes).map_err(|_| Unrestorable)?;
        if !rest.is_empty() || saved.created > created {
            return Err(Unrestorable);
        }
        let SavedModel {
            session,
            created,
            processes,
            exited,
            claims,
            retained,
            cgroups,
            failed_forks,
            unmatched,
            began,
            traced_since,
            now,
            end,
            generation,
            gaps,
            totals,
            history,
            programs,
        } = saved;
        let mut model = Model {
            session,
            processes: Table::of(created, decode_deltas(processes)).ok_or(Unrestorable)?,
            index: Index::default(),
            retained,
            cgroups,
            failed_forks,
            unmatched,
            began,
            traced_since,
            now,
            end,
            generation,
            gaps,
            totals,
            history,
            programs,
            changed: None,
            archive: Archive::default(),
            preference: Preference::default(),
        };
        if !model.rebuild_index(exited, claims) || !model.is_a_forest() {
            return Err(Unrestorable);
        }
        model.share_texts();
        Ok(model)
    }

    /// Returns true if parents and children agree in the fork tree and no process
    /// is its own ancestor. Takes time linear in the processes.
    fn is_a_forest(&self) -> bool {
        let mut children = HashSet::new();
        for (key, process) in self.processes.since(0) {
            for &child in &process.tree_children {
                let hangs = self.processes.get(child).map(|it| it.tree_parent);
                if hangs != Some(Some(key)) || !children.insert(child) {
                    return false;
                }
            }
        }
        let hanging = self
            .processes
            .since(0)
            .filter(|(_, it)| it.tree_parent.is_some());
        if hanging.count() != children.len() {
            return false;
        }
        // Every process must be reachable from a root, else there is a circle.
        let roots = self
            .processes
            .since(0)
            .filter(|(_, it)| it.tree_parent.is_none());
        let mut below: Vec<Key> = roots.map(|(key, _)| key).collect();
        let mut reached = 0;
        while let Some(key) = below.pop() {
            reached += 1;
            below.extend(&self.processes[key].tree_children);
        }
        reached == self.processes.len()
    }

    /// Makes equal arguments and file names share one allocation, as inherited ones
    /// did before saving.
    pub(super) fn share_texts(&mut self) {
        let mut known: HashSet<Text> = HashSet::new();
        let mut share = |text: &mut Text| match known.get(text) {
            Some(same) => *text = same.clone(),
            None => {
                known.insert(text.clone());
            }
        };
        self.processes.each(|process| process.each_text(&mut share));
    }
}
