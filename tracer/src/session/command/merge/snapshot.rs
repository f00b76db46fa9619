//! Snapshot events that describe the present processes of a model.

use crate::{
    event::{Event, Snapshot, TaskId, Text, What, Who},
    model::{Key, Model, State},
};

/// Returns a snapshot event for every task of every present process.
pub fn snapshots(model: &Model, at: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for (key, process) in model.processes() {
        let zombie = match process.state() {
            State::Alive | State::Exiting => None,
            State::Zombie => Some(process.status.map_or(0, |status| status.0)),
            State::Reaped | State::Vanished => continue,
        };
        let leader = process.id.leader();
        let threads = process
            .threads
            .iter()
            .map(|thread| (thread.id, thread.comm));
        let has_leader = process
            .threads
            .iter()
            .any(|thread| thread.id == leader.task);
        let leader_first = (!has_leader).then_some((leader.task, process.comm));
        for (task, comm) in leader_first.into_iter().chain(threads) {
            let mut snapshot = snapshot(model, key);
            snapshot.comm = comm;
            snapshot.zombie = zombie.filter(|_| task == leader.task);
            events.push(Event {
                at,
                cpu: 0,
                who: Who {
                    task,
                    process: process.id,
                },
                what: What::Snapshot(Box::new(snapshot)),
            });
        }
    }
    events
}

fn snapshot(model: &Model, key: Key) -> Snapshot {
    let process = model.process(key);
    let parent = process.parent.map(|parent| model.process(parent).id);
    let TaskId { pid, .. } = process.id.leader().task;
    let (ns_pid, ns_level) = process.ns.unwrap_or((pid, 0));
    Snapshot {
        parent: parent.unwrap_or_default(),
        kthread: process.kthread,
        zombie: None,
        exiting: process.state() == State::Exiting,
        exit_signal: process.exit_signal.unwrap_or(0),
        ns_pid,
        ns_level,
        comm: process.comm,
        argv: process.argv().map(Text::new),
        relations: process.relations,
        sigchld_policy: process
            .reaping
            .as_ref()
            .and_then(|reaping| Some(reaping.sigchld_policy?.1)),
        cgroup: process.cgroup,
    }
}
