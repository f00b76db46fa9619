//! One tree of a recording: who belongs to it shows as it is read. Of what is
//! told of the host it has what its processes need: the paths of the cgroups
//! that they have been in, and what is missing.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::event::{Event, ProcessId, What, Who};

pub struct Tree {
    root: u32,
    /// Those that have been told so far.
    members: HashSet<ProcessId>,
    /// The paths of cgroups that none of them has been in so far.
    cgroups: HashMap<u64, Event>,
    /// Those that they have been in.
    entered: HashSet<u64>,
}

impl Tree {
    /// The process with that number and all that came from it.
    pub fn new(root: u32) -> Tree {
        Tree {
            root,
            members: HashSet::new(),
            cgroups: HashMap::new(),
            entered: HashSet::new(),
        }
    }

    /// Hands on what is of the tree. A cgroup's path is told before whoever is
    /// there.
    pub fn pass(&mut self, event: Event, take: &mut impl FnMut(Event) -> Result<()>) -> Result<()> {
        if let What::Cgroup(cgroup) = &event.what
            && !self.entered.contains(&cgroup.id)
        {
            self.cgroups.insert(cgroup.id, event);
            return Ok(());
        }
        if !self.has(&event) {
            return Ok(());
        }
        if let Some(cgroup) = entered(&event)
            && self.entered.insert(cgroup)
            && let Some(path) = self.cgroups.remove(&cgroup)
        {
            take(path)?;
        }
        take(event)
    }

    fn has(&mut self, event: &Event) -> bool {
        let parent = match &event.what {
            What::Fork(fork) => Some(fork.parent),
            What::Snapshot(found) => Some(found.parent),
            _ => None,
        };
        let process = event.who.process;
        if process.tgid == self.root || parent.is_some_and(|id| self.members.contains(&id)) {
            self.members.insert(process);
        }
        event.who == Who::HOST || self.members.contains(&process)
    }
}

/// The cgroup in which an event finds its subject.
fn entered(event: &Event) -> Option<u64> {
    match &event.what {
        What::Snapshot(found) => found.cgroup,
        What::Fork(fork) => fork.cgroup,
        What::Moved(moved) => Some(moved.cgroup),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Cgroup, Moved, Text, script::Script};

    #[test]
    fn a_tree_has_the_paths_of_its_own_cgroups() {
        let path = |id: u64, path: &str| {
            let path = Text::new(path.as_bytes());
            What::Cgroup(Box::new(Cgroup { id, path }))
        };
        let moved = |cgroup| What::Moved(Moved { cgroup });
        let script = Script::new().session().event(0, path(5, "/own"));
        let script = script
            .event(0, path(6, "/others"))
            .event(0, path(7, "/later"));
        let script = script.found(1, 0, "init").fork(1, 10).fork(1, 11);
        let script = script.event(10, moved(5)).event(11, moved(6));
        let events = script
            .fork(10, 12)
            .event(12, moved(7))
            .event(0, path(5, "/renamed"))
            .events;
        let mut tree = Tree::new(10);
        let mut told = Vec::new();
        for event in events {
            let mut take = |event: Event| {
                told.push(match event.what {
                    What::Cgroup(cgroup) => String::from_utf8_lossy(cgroup.path.as_bytes()).into(),
                    what => format!("{} {}", what.kind().name(), event.who.process.tgid),
                });
                Ok(())
            };
            tree.pass(event, &mut take).unwrap();
        }
        let expected = [
            "session 0",
            "fork 10",
            "/own",
            "moved 10",
            "fork 12",
            "/later",
            "moved 12",
            "/renamed",
        ];
        assert_eq!(told, expected);
    }
}
