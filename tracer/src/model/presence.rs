//! Snapshot events of the processes present in a model. A reader continues with
//! them after a part of a stream that cannot be read.

use std::collections::HashSet;

use super::{Key, Model, Process, State, process::SIGCHLD};
use crate::event::{Comm, Event, Snapshot, TaskId, What, Who};

/// Returns snapshot events for the processes present after a checkpoint.
pub fn presence_snapshot(checkpoint: &[Event]) -> Vec<Event> {
    let mut model = Model::present_only();
    checkpoint.iter().for_each(|event| model.apply(event));
    model.presence_snapshot()
}

impl Model {
    /// Returns the events of a snapshot of this moment: all processes present, in
    /// order of appearance, and the end of the snapshot. The end is left out if a
    /// process with children has no known name, since the snapshot is then
    /// incomplete. Takes time linear in the retained processes.
    pub fn presence_snapshot(&self) -> Vec<Event> {
        let present = || {
            self.processes
                .since(0)
                .filter(|(_, process)| !process.state().is_gone())
        };
        let parents: HashSet<Key> = present()
            .filter_map(|(_, process)| process.parent)
            .collect();
        let (mut events, mut all) = (Vec::new(), true);
        for (key, process) in present() {
            match process.known_comm() {
                Some(comm) => self.add_snapshots(process, comm, &mut events),
                // A PID that appeared only as a reference. One with children must
                // be present, so the snapshot is incomplete.
                None => all &= !parents.contains(&key),
            }
        }
        if all {
            events.push(self.event(Who::HOST, What::SnapshotEnd(self.now())));
        }
        events
    }

    fn event(&self, who: Who, what: What) -> Event {
        Event {
            at: self.now(),
            cpu: 0,
            who,
            what,
        }
    }

    fn add_snapshots(&self, process: &Process, comm: Comm, events: &mut Vec<Event>) {
        let parent = process.parent.map(|parent| self.process(parent).id);
        let (ns_pid, ns_level) = process.ns.unwrap_or((process.id.tgid, 0));
        let status = process.status.map(|status| status.0);
        let sigchld_policy = process
            .reaping
            .as_ref()
            .and_then(|reaping| reaping.sigchld_policy);
        let leader = Snapshot {
            parent: parent.unwrap_or_default(),
            kthread: process.kthread,
            zombie: match process.state() {
                State::Exiting => None,
                _ if process.has_exited() => status,
                _ => process.leader_exit,
            },
            exiting: process.state() == State::Exiting
                || process.exiting_when_found && !process.has_thread(process.id.leader().task),
            exit_signal: process.exit_signal.unwrap_or(SIGCHLD),
            ns_pid,
            ns_level,
            comm,
            argv: process.arguments_at(u64::MAX).map(|(argv, _)| argv.clone()),
            relations: process.relations,
            sigchld_policy: sigchld_policy.map(|(_, sigchld_policy)| sigchld_policy),
            cgroup: process.cgroup,
        };
        let others = process
            .threads
            .iter()
            .filter(|it| !is_leader(process, it.id));
        let others = others.map(|thread| {
            let found = Snapshot {
                zombie: None,
                exiting: false,
                exit_signal: -1,
                comm: thread.comm,
                argv: None,
                sigchld_policy: None,
                ..leader.clone()
            };
            let who = Who {
                task: thread.id,
                process: process.id,
            };
            self.event(who, What::Snapshot(Box::new(found)))
        });
        let others: Vec<_> = others.collect();
        events.push(self.event(process.id.leader(), What::Snapshot(Box::new(leader))));
        events.extend(others);
    }
}

fn is_leader(process: &Process, task: TaskId) -> bool {
    task.pid == process.id.tgid
}
