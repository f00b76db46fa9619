//! The archive: a model that retains few processes and archives the others lists the same
//! as one that retains all.

use std::collections::BTreeMap;

use super::{
    check,
    retained::{keeping, night},
};
use crate::{
    event::{Comm, Event},
    model::{Archive, Key, Model, Process, Retention, process::Pending},
};

const FEW: Retention = Retention {
    exited: 100,
    ..Retention::ALL
};

fn archiving(archive: Archive, events: &[Event]) -> Model {
    let mut model = Model::new(FEW);
    model.set_archive(archive);
    events.iter().for_each(|event| model.apply(event));
    check(&model);
    model
}

/// Returns the facts about a process, without the model's own bookkeeping.
fn facts(process: &Process) -> Process {
    let mut facts = process.clone();
    facts.predecessor = None;
    facts.reference_count = 0;
    facts.eviction = Process::new(process.id).eviction;
    facts.tree_children.clear();
    if let Some(pending) = facts.pending.as_mut() {
        pending.rare.evicted_children = 0;
    }
    facts.pending = facts
        .pending
        .filter(|pending| **pending != Pending::default());
    facts
}

fn assert_same_list(model: &Model, all: &Model) {
    let keys = |model: &Model| Vec::from_iter(model.processes().map(|(key, _)| key));
    assert_eq!(keys(model), keys(all));
    assert_eq!(model.process_count(), all.process_count());
    assert_eq!(model.unlisted(), 0);
    assert!(model.unlisted_by_comm().is_empty());
    for (key, process) in all.processes() {
        assert_eq!(facts(&model.process(key)), facts(&process));
        assert_eq!(model.tree_children(key), all.tree_children(key));
        assert_eq!(model.tree_parent(key), all.tree_parent(key));
        let count = model.process(key).tree_child_count();
        assert_eq!(count, process.tree_child_count());
        assert_eq!(model.find(process.id), Some(key));
        assert_eq!(
            model.find_pid(process.id.tgid),
            all.find_pid(process.id.tgid)
        );
        let later = |model: &Model| model.processes_since(key.index()).count();
        if key.index().is_multiple_of(500) {
            assert_eq!(later(model), later(all));
        }
    }
    let (tally, of_all) = (model.tally(), all.tally());
    assert_eq!(tally.reapers, of_all.reapers);
    assert_eq!(tally.killed, of_all.killed);
    assert_eq!(tally.ended, of_all.ended);
}

#[test]
fn archive_lists_the_same_as_a_model_that_retains_all() {
    let events = night(700).events;
    let model = archiving(Archive::new(usize::MAX), &events);
    assert!(model.archive().bytes() > 100_000);
    assert_same_list(&model, &keeping(usize::MAX, &events));
}

/// Its own count includes the tables beside the packed processes.
#[test]
fn archived_process_takes_at_most_300_bytes() {
    let events = night(5_000).events;
    let model = archiving(Archive::new(usize::MAX), &events);
    let archived = model.processes().filter(|it| it.1.is_settled()).count();
    assert!(archived > 9_000);
    let each = model.archive().bytes() / archived;
    assert!((50..=300).contains(&each), "{each}");
}

/// The archive of the whole stream serves a saved state of any moment.
#[test]
fn archive_serves_every_place_of_the_stream() {
    let events = night(300).events;
    let whole = archiving(Archive::new(usize::MAX), &events);
    let (mut playing, mut all) = (Model::new(FEW), Model::new(Retention::ALL));
    for (number, event) in events.iter().enumerate() {
        playing.apply(event);
        all.apply(event);
        if number % 373 == 0 {
            let mut landed = Model::restore(&playing.save(), 100_000).unwrap();
            landed.set_archive(whole.archive().clone());
            assert_same_list(&landed, &all);
            // It continues as it would without one.
            let rest = &events[number + 1..];
            rest.iter().take(500).for_each(|event| landed.apply(event));
            check(&landed);
            assert_eq!(landed.unlisted(), 0);
        }
    }
}

fn listed_by_comm(model: &Model, all: &Model) -> BTreeMap<Option<Comm>, u64> {
    let mut listed = BTreeMap::new();
    let forked = |key: &Key| all.process(*key).forked_at.is_some();
    for key in model.processes().map(|(key, _)| key).filter(forked) {
        *listed.entry(model.process(key).known_comm()).or_default() += 1;
    }
    listed
}

#[test]
fn full_archive_says_what_is_missing_and_prefers_what_is_wanted() {
    let events = night(1_000).events;
    let all = keeping(usize::MAX, &events);
    let is_part = |model: &Model, key| model.process(key).known_comm() == Some(Comm::new(b"part"));
    let parts = |model: &Model| {
        model
            .processes()
            .filter(|&(key, _)| is_part(model, key))
            .count()
    };
    let room = 1_200 * 266;
    let small = archiving(Archive::new(room), &events);
    let choosing = archiving(Archive::new(room).preferring(is_part), &events);
    for model in [&small, &choosing] {
        assert!(model.archive().bytes() <= room);
        assert!(model.unlisted() > 500, "{}", model.unlisted());
        let mut counted = listed_by_comm(model, &all);
        for (comm, unlisted) in model.unlisted_by_comm() {
            *counted.entry(comm).or_default() += unlisted;
        }
        assert_eq!(counted, listed_by_comm(&all, &all));
        assert_eq!(model.process_count() as u64 + model.unlisted(), 2_002);
        assert_eq!(model.processes().count(), model.process_count());
    }
    assert!(parts(&small) < parts(&all));
    assert_eq!(parts(&choosing), parts(&all));
    // Their parents are listed, too.
    for (key, _) in choosing
        .processes()
        .filter(|&(key, _)| is_part(&choosing, key))
    {
        assert!(choosing.contains(choosing.tree_parent(key).unwrap()));
    }
}
