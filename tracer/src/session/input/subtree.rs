//! One subtree of a recording: a process and its descendants.
//!
//! Members are found while the events are read. Of the host's events, the subtree
//! keeps gaps and the paths of the cgroups that its processes have been in.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use crate::event::{Event, ProcessId, What, Who};

/// Filter that passes the events of one subtree.
pub struct Subtree {
    root: u32,
    /// Members found so far.
    members: HashSet<ProcessId>,
    /// Paths of cgroups that no member has been in yet, by id.
    cgroups: HashMap<u64, Event>,
    /// Cgroups that a member has been in.
    entered: HashSet<u64>,
    /// Events of the host before the first member. Without a member, nothing passes.
    host: Vec<Event>,
}

impl Subtree {
    /// Creates the filter for the process with the PID `root` and its descendants.
    pub fn new(root: u32) -> Subtree {
        Subtree {
            root,
            members: HashSet::new(),
            cgroups: HashMap::new(),
            entered: HashSet::new(),
            host: Vec::new(),
        }
    }

    /// Passes an event to `take` if it belongs to the subtree. A cgroup's path is
    /// passed before the first event of a process in it.
    pub fn filter(
        &mut self,
        event: Event,
        take: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<()> {
        if let What::Cgroup(cgroup) = &event.what
            && !self.entered.contains(&cgroup.id)
        {
            self.cgroups.insert(cgroup.id, event);
            return Ok(());
        }
        if !self.includes(&event) {
            return Ok(());
        }
        if self.members.is_empty() {
            self.host.push(event);
            return Ok(());
        }
        for event in self.host.drain(..) {
            take(event)?;
        }
        if let Some(cgroup) = entered(&event)
            && self.entered.insert(cgroup)
            && let Some(path) = self.cgroups.remove(&cgroup)
        {
            take(path)?;
        }
        take(event)
    }

    fn includes(&mut self, event: &Event) -> bool {
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

/// Returns the cgroup in which an event places its process.
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
    fn subtree_includes_the_paths_of_its_own_cgroups() {
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
        let mut subtree = Subtree::new(10);
        let mut passed = Vec::new();
        for event in events {
            let mut take = |event: Event| {
                passed.push(match event.what {
                    What::Cgroup(cgroup) => String::from_utf8_lossy(cgroup.path.as_bytes()).into(),
                    what => format!("{} {}", what.kind().name(), event.who.process.tgid),
                });
                Ok(())
            };
            subtree.filter(event, &mut take).unwrap();
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
        assert_eq!(passed, expected);
    }

    #[test]
    fn nothing_passes_without_a_member() {
        let script = Script::new().session().found(1, 0, "init").fork(1, 10);
        for (root, expected) in [(10, 2), (11, 0)] {
            let mut subtree = Subtree::new(root);
            let mut passed = 0;
            for event in script.clone().events {
                let mut count = |_| {
                    passed += 1;
                    Ok(())
                };
                subtree.filter(event, &mut count).unwrap();
            }
            assert_eq!(passed, expected, "PID {root}");
        }
    }
}
