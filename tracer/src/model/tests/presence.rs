//! Whoever is there is named, and nobody else, at the end of every story.

use super::{all, told};
use crate::model::{Model, Process, State};

/// Those who are there and have a name.
fn there(model: &Model) -> Vec<&Process> {
    let there = model.processes().map(|(_, process)| process);
    let mut there: Vec<_> = there
        .filter(|it| !it.state().is_gone() && it.known_comm().is_some())
        .collect();
    there.sort_by_key(|process| process.id);
    there
}

fn tasks(process: &Process) -> Vec<u32> {
    process.threads.iter().map(|thread| thread.id.pid).collect()
}

#[test]
fn another_model_learns_who_is_there() {
    for story in all() {
        let model = told(&(story.script)().events);
        let other = told(&model.presence_snapshot());
        let (known, learnt) = (there(&model), there(&other));
        let ids = |all: &[&Process]| all.iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&known), ids(&learnt), "{}", story.name);
        for (known, learnt) in known.into_iter().zip(learnt) {
            let name = format!("{}: {:?}", story.name, known.id);
            assert_eq!(known.comm, learnt.comm, "{name}");
            assert_eq!(known.argv(), learnt.argv(), "{name}");
            let parent = |model: &Model, of: &Process| of.parent.map(|key| model.process(key).id);
            assert_eq!(parent(&model, known), parent(&other, learnt), "{name}");
            if known.state() != State::Exiting {
                assert_eq!(known.state(), learnt.state(), "{name}");
                // Of some it is only known that they live.
                if known.has_exited() || !known.threads.is_empty() {
                    assert_eq!(tasks(known), tasks(learnt), "{name}");
                }
                assert_eq!(known.status, learnt.status, "{name}");
            }
        }
    }
}

#[test]
fn who_knew_it_all_learns_nothing() {
    for story in all() {
        let mut model = told(&(story.script)().events);
        let states = |model: &Model| -> Vec<_> {
            let all = model
                .processes()
                .filter(|(_, it)| it.known_comm().is_some());
            all.map(|(key, it)| (key, it.state(), it.comm, it.status))
                .collect()
        };
        let before = states(&model);
        for event in model.presence_snapshot() {
            model.apply(&event);
        }
        let after = states(&model);
        for (before, after) in before.into_iter().zip(after) {
            // Who is between its exit and its zombie is a zombie by then.
            if before.1 != State::Exiting {
                assert_eq!(before, after, "{}", story.name);
            }
        }
    }
}
