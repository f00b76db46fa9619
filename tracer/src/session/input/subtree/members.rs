//! The processes of a subtree, found by reading the events once. A snapshot can list
//! a child before its parent, and a process whose fork was lost shows its parent only
//! at its end, so the members are known after the last event.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::event::{Event, ExitedProcess, ProcessId, What};

/// Process relations in the events so far.
pub struct Family {
    root: u32,
    /// Parent of each process in the fork tree: the first one reported.
    parents: HashMap<ProcessId, ProcessId, RandomState>,
    /// Children forked with CLONE_PARENT, by the caller of the fork.
    cloned: Vec<(ProcessId, ProcessId)>,
    executed: HashSet<ProcessId, RandomState>,
}

/// The processes of a subtree.
#[derive(Default)]
pub struct Members {
    /// Every member.
    pub all: HashSet<ProcessId, RandomState>,
    /// Members that executed a program.
    pub executed: HashSet<ProcessId, RandomState>,
}

impl Family {
    /// Prepares to find the processes with the PID `root` and their descendants.
    pub fn new(root: u32) -> Family {
        Family {
            root,
            parents: HashMap::default(),
            cloned: Vec::new(),
            executed: HashSet::default(),
        }
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event) {
        let subject = event.who.process;
        let parent = match &event.what {
            What::Fork(fork) => {
                if fork.by.process != fork.parent && event.who.is_leader() {
                    self.cloned.push((fork.by.process, subject));
                }
                fork.parent
            }
            What::Snapshot(found) => found.parent,
            What::Exit(exit) => exit.parent,
            What::Notify(notify) if notify.exited == ExitedProcess::Subject => notify.owner,
            What::Exec(_) => {
                self.executed.insert(subject);
                return self.add_root(subject);
            }
            _ => return self.add_root(subject),
        };
        self.add_root(parent);
        self.parents.entry(subject).or_insert(parent);
    }

    /// Adds a process with the root's PID, whatever its parent turns out to be.
    fn add_root(&mut self, process: ProcessId) {
        if process.tgid == self.root {
            self.parents.entry(process).or_default();
        }
    }

    /// Returns the members.
    pub fn members(self) -> Members {
        let mut children: HashMap<ProcessId, Vec<ProcessId>, RandomState> = HashMap::default();
        let edges = self.parents.iter().map(|(&child, &parent)| (parent, child));
        for (parent, child) in edges.chain(self.cloned) {
            children.entry(parent).or_default().push(child);
        }
        let processes = self.parents.keys().copied();
        let mut next: Vec<_> = processes.filter(|id| id.tgid == self.root).collect();
        let mut all = HashSet::default();
        while let Some(process) = next.pop() {
            if all.insert(process) {
                next.extend(children.remove(&process).unwrap_or_default());
            }
        }
        let executed = self.executed.into_iter();
        Members {
            executed: executed.filter(|process| all.contains(process)).collect(),
            all,
        }
    }
}
