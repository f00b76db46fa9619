//! Presence snapshots of every story contain exactly the processes present.

use super::{all, apply_all};
use crate::model::{Model, Process, State};

/// Returns the present processes with a known name.
fn present(model: &Model) -> Vec<&Process> {
    let present = model.processes.since(0).map(|(_, process)| process);
    let mut present: Vec<_> = present
        .filter(|it| !it.state().is_gone() && it.known_comm().is_some())
        .collect();
    present.sort_by_key(|process| process.id);
    present
}

fn tasks(process: &Process) -> Vec<u32> {
    process.threads.iter().map(|thread| thread.id.pid).collect()
}

#[test]
fn presence_snapshot_reproduces_present_processes() {
    for story in all() {
        let model = apply_all(&(story.script)().events);
        let other = apply_all(&model.presence_snapshot());
        let (known, learnt) = (present(&model), present(&other));
        let ids = |all: &[&Process]| all.iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&known), ids(&learnt), "{}", story.name);
        for (known, learnt) in known.into_iter().zip(learnt) {
            let name = format!("{}: {:?}", story.name, known.id);
            assert_eq!(known.comm, learnt.comm, "{name}");
            assert_eq!(known.argv(), learnt.argv(), "{name}");
            let parent = |model: &Model, of: &Process| of.parent.map(|key| model.process(key).id);
            assert_eq!(parent(&model, known), parent(&other, learnt), "{name}");
            assert_eq!(known.state(), learnt.state(), "{name}");
            if known.state() != State::Exiting {
                // Some processes are only known to be running.
                if known.has_exited() || !known.threads.is_empty() {
                    assert_eq!(tasks(known), tasks(learnt), "{name}");
                }
                assert_eq!(known.status, learnt.status, "{name}");
            }
        }
    }
}

#[test]
fn presence_snapshot_changes_nothing_in_the_same_model() {
    for story in all() {
        let mut model = apply_all(&(story.script)().events);
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
            assert_eq!(before, after, "{}", story.name);
        }
    }
}
