//! Who is there, told as a snapshot tells it: for whoever goes on with a stream
//! behind a place that cannot be read.

use std::collections::HashSet;

use super::{Key, Model, Process, reap::SIGCHLD};
use crate::event::{Comm, Event, Snapshot, TaskId, What, Who};

/// Who is there behind the events of a checkpoint.
pub fn presence_snapshot(checkpoint: &[Event]) -> Vec<Event> {
    let mut model = Model::present_only();
    checkpoint.iter().for_each(|event| model.apply(event));
    model.presence_snapshot()
}

impl Model {
    /// The events of a snapshot of this moment: everybody who is there, in order
    /// of appearance, then that these were all. Linear in the processes kept.
    pub fn presence_snapshot(&self) -> Vec<Event> {
        let here = || {
            self.processes()
                .filter(|(_, process)| !process.state().is_gone())
        };
        let parents: HashSet<Key> = here().filter_map(|(_, process)| process.parent).collect();
        let (mut told, mut all) = (Vec::new(), true);
        for (key, process) in here() {
            match process.known_comm() {
                Some(comm) => self.name(process, comm, &mut told),
                // A number that somebody mentioned. Whoever has children is there:
                // not everybody can be named then.
                None => all &= !parents.contains(&key),
            }
        }
        if all {
            told.push(self.event(Who::HOST, What::SnapshotEnd(self.now())));
        }
        told
    }

    fn event(&self, who: Who, what: What) -> Event {
        Event {
            at: self.now(),
            cpu: 0,
            who,
            what,
        }
    }

    fn name(&self, process: &Process, comm: Comm, told: &mut Vec<Event>) {
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
            zombie: match process.has_exited() {
                true => status,
                false => process.leader_exit,
            },
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
        told.push(self.event(process.id.leader(), What::Snapshot(Box::new(leader))));
        told.extend(others);
    }
}

fn is_leader(process: &Process, task: TaskId) -> bool {
    task.pid == process.id.tgid
}
