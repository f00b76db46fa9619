//! One subtree of a recording: a process and its descendants.
//!
//! Every event that passes is about a member or the host. What the events of other
//! processes show about members is added as events about the members. Other
//! processes appear by PID, without names.

mod members;
mod outsiders;

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use foldhash::fast::RandomState;

use crate::{
    event::{Event, ExitedProcess, Implied, Name, Named, ProcessId, Reap, Summary, What, Who},
    model::{Model, State},
};

pub use members::{Family, Members};

/// Filter that passes the events of one subtree.
pub struct Subtree {
    members: Members,
    /// Members with the command name of a process outside, which they inherited and
    /// replace later.
    foreign_comm: HashSet<ProcessId, RandomState>,
    /// The same for arguments and program.
    foreign_program: HashSet<ProcessId, RandomState>,
    /// Model of all events.
    whole: Model,
    /// Model of the events that have passed.
    part: Model,
    /// Paths of cgroups that no member has been in yet, by id.
    cgroups: HashMap<u64, Event>,
    /// Cgroups that a member has been in.
    entered: HashSet<u64>,
}

impl Subtree {
    /// Creates the filter.
    pub fn new(members: Members) -> Subtree {
        let mut whole = Model::default();
        whole.note_changes();
        Subtree {
            members,
            foreign_comm: HashSet::default(),
            foreign_program: HashSet::default(),
            whole,
            part: Model::default(),
            cgroups: HashMap::new(),
            entered: HashSet::new(),
        }
    }

    /// Passes an event to `take` if it belongs to the subtree, without the names of
    /// other processes, and then the facts about members that it shows. A cgroup's
    /// path is passed before the first event of a process in it. Without a member,
    /// nothing passes.
    pub fn filter(
        &mut self,
        event: Event,
        take: &mut impl FnMut(Event) -> Result<()>,
    ) -> Result<()> {
        if self.members.all.is_empty() {
            return Ok(());
        }
        self.whole.apply(&event);
        let changed = self.changed();
        let (at, cpu) = (event.at, event.cpu);
        if let What::Cgroup(cgroup) = &event.what
            && !self.entered.contains(&cgroup.id)
        {
            self.cgroups.insert(cgroup.id, event);
            return Ok(());
        }
        if self.includes(&event, &changed) {
            self.pass(event, take)?;
        }
        for id in changed {
            let facts = match self.members.all.contains(&id) {
                true => self.facts(id, at),
                false => self.end_of(id, at),
            };
            for (at, what) in facts {
                let who = id.leader();
                self.emit(Event { at, cpu, who, what }, take)?;
            }
        }
        Ok(())
    }

    /// Passes a mark of the time of the last event, if members exist then, so that
    /// their lives are counted up to the end.
    pub fn finish(&mut self, take: &mut impl FnMut(Event) -> Result<()>) -> Result<()> {
        let at = self.whole.now();
        let mut present = self.part.processes().filter(|(_, process)| {
            !process.state().is_gone() && self.members.all.contains(&process.id)
        });
        let Some((_, process)) = present.next().filter(|_| self.part.now() < at) else {
            return Ok(());
        };
        let by = process.id;
        let mark = Implied {
            by,
            ..Implied::default()
        };
        let event = Event {
            at,
            cpu: 0,
            who: by.leader(),
            what: What::Implied(Box::new(mark)),
        };
        drop(present);
        self.emit(event, take)
    }

    /// Returns the processes that the latest event changed.
    fn changed(&mut self) -> Vec<ProcessId> {
        let changed = self.whole.take_changed();
        let ids = changed.into_iter().map(|key| self.whole.process(key).id);
        let mut ids: Vec<_> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Returns true if an event passes. Of the events of other processes, only those
    /// do that hand on a zombie among the members, and the exit of those mentioned.
    fn includes(&self, event: &Event, changed: &[ProcessId]) -> bool {
        let is_member = |id: &ProcessId| self.members.all.contains(id);
        match &event.what {
            _ if event.who == Who::HOST || is_member(&event.who.process) => true,
            What::Notify(notify) if notify.exited != ExitedProcess::Subject => {
                changed.iter().any(is_member)
            }
            What::Exit(_) => self.is_end_of_mentioned(event.who.process),
            _ => false,
        }
    }

    /// Returns true if a process that events of members mention has no thread left.
    fn is_end_of_mentioned(&self, id: ProcessId) -> bool {
        let process = self.whole.find(id).map(|key| self.whole.process(key));
        process.is_some_and(|process| process.state() != State::Alive)
            && self.part.find(id).is_some()
    }

    fn pass(&mut self, mut event: Event, take: &mut impl FnMut(Event) -> Result<()>) -> Result<()> {
        if let Some(cgroup) = entered(&event)
            && self.entered.insert(cgroup)
            && let Some(path) = self.cgroups.remove(&cgroup)
        {
            self.emit(path, take)?;
        }
        match &mut event.what {
            What::SnapshotEnd(_) => {
                for outsider in outsiders::snapshot(&self.whole, &self.part, event.at) {
                    if !self.members.all.contains(&outsider.who.process) {
                        self.emit(outsider, take)?;
                    }
                }
            }
            What::Summary(summary) => {
                let members = &self.members.all;
                let mut all = std::mem::take(&mut **summary);
                all.reapers.retain(|it| members.contains(&it.process));
                all.copies.retain(|it| members.contains(&it.child));
                all.open_forks.retain(|it| members.contains(&it.parent));
                // The other counts are of all processes.
                **summary = Summary {
                    began: all.began,
                    lost: all.lost,
                    reapers: all.reapers,
                    copies: all.copies,
                    open_forks: all.open_forks,
                    ..Summary::default()
                };
            }
            // Its counters before are not in the part, so none can be told from it.
            What::Exit(exit) if !self.members.all.contains(&event.who.process) => {
                exit.faults = None;
            }
            _ => {}
        }
        self.note_names(&event);
        self.remove_foreign_names(&mut event);
        self.emit(event, take)
    }

    fn emit(&mut self, event: Event, take: &mut impl FnMut(Event) -> Result<()>) -> Result<()> {
        self.part.apply(&event);
        take(event)
    }

    /// Tracks which members have a name from outside that they replace later.
    fn note_names(&mut self, event: &Event) {
        let process = event.who.process;
        match &event.what {
            What::Fork(fork) if event.who.is_leader() => {
                let caller = fork.by.process;
                let is_outside = !self.members.all.contains(&caller);
                for foreign in [&mut self.foreign_comm, &mut self.foreign_program] {
                    let inherits = is_outside || foreign.contains(&caller);
                    if inherits && self.members.executed.contains(&process) {
                        foreign.insert(process);
                    }
                }
            }
            What::Exec(_) => {
                self.foreign_comm.remove(&process);
                self.foreign_program.remove(&process);
            }
            What::Comm(_) if event.who.is_leader() => {
                self.foreign_comm.remove(&process);
            }
            _ => {}
        }
    }

    /// Removes the names of other processes.
    fn remove_foreign_names(&self, event: &mut Event) {
        let subject = event.who.process;
        let is_own = |id: ProcessId, foreign: &HashSet<ProcessId, RandomState>| {
            self.members.all.contains(&id) && !foreign.contains(&id)
        };
        event.each_name(&mut |named, name| {
            let of = match named {
                Named::Host | Named::Cgroup(_) => return,
                Named::Subject => subject,
                Named::Task(who) => who.process,
                Named::Pid(pid) => {
                    let key = self.whole.find_pid(pid);
                    key.map_or(Who::HOST.process, |key| self.whole.process(key).id)
                }
            };
            if of == Who::HOST.process && named != Named::Subject {
                // The idle task.
                return;
            }
            match name {
                Name::Comm(comm) if !is_own(of, &self.foreign_comm) => *comm = Default::default(),
                Name::Path(text) | Name::Arguments(text) if !is_own(of, &self.foreign_program) => {
                    *text = None;
                }
                Name::Comm(_) | Name::Path(_) | Name::Arguments(_) | Name::Host(_) => {}
            }
        });
    }

    /// Returns the facts about a member that only events of other processes show.
    fn facts(&self, id: ProcessId, at: u64) -> Vec<(u64, What)> {
        let mut facts = self.whole.facts_missing_in(&self.part, id, at);
        if self.foreign_program.contains(&id) {
            facts.retain(|(_, what)| match what {
                What::Implied(fact) => fact.argv.is_none(),
                _ => true,
            });
        }
        facts
    }

    /// Returns the end of another process that an event has mentioned, so that it
    /// does not seem to run for ever.
    fn end_of(&self, id: ProcessId, at: u64) -> Vec<(u64, What)> {
        let find = |model: &Model| model.find(id);
        let (Some(whole), Some(part)) = (find(&self.whole), find(&self.part)) else {
            return Vec::new();
        };
        let process = self.whole.process(whole);
        if !process.state().is_gone() || self.part.process(part).state().is_gone() {
            return Vec::new();
        }
        let by = process.reaped_by.unwrap_or(id.leader());
        match (process.reaped_at, process.freed_at) {
            (Some(reaped), _) => vec![(reaped, What::Reap(Reap { by }))],
            (None, Some(_)) => vec![(at, What::Free(None))],
            (None, None) => Vec::new(),
        }
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

    /// Returns the events of the tree of `root`, as kind and PID, cgroups as their path.
    fn filtered(root: u32, script: &Script) -> Vec<String> {
        let mut family = Family::new(root);
        script.events.iter().for_each(|event| family.take(event));
        let mut subtree = Subtree::new(family.members());
        let mut passed = Vec::new();
        for event in script.events.clone() {
            let mut take = |event: Event| {
                passed.push(match event.what {
                    What::Cgroup(cgroup) => String::from_utf8_lossy(cgroup.path.as_bytes()).into(),
                    what => format!("{} {}", what.kind().name(), event.who.process.tgid),
                });
                Ok(())
            };
            subtree.filter(event, &mut take).unwrap();
        }
        passed
    }

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
        let script = script
            .fork(10, 12)
            .event(12, moved(7))
            .event(0, path(5, "/renamed"));
        let expected = [
            "session 0",
            "fork 10",
            // It has the arguments of init.
            "implied 10",
            "/own",
            "moved 10",
            "fork 12",
            "/later",
            "moved 12",
            "/renamed",
        ];
        assert_eq!(filtered(10, &script), expected);
    }

    #[test]
    fn nothing_passes_without_a_member() {
        let script = Script::new().session().found(1, 0, "init").fork(1, 10);
        assert_eq!(filtered(10, &script).len(), 3);
        assert_eq!(filtered(11, &script).len(), 0);
    }

    /// A snapshot is in the order of PIDs, which wrap around.
    #[test]
    fn snapshot_may_list_a_child_before_its_parent() {
        let script = Script::new().session().found(1, 0, "init");
        let script = script.found(5, 8, "grandchild").found(8, 20, "child");
        let script = script.found(20, 1, "root").found_all();
        let expected = [
            "session 0",
            "snapshot 5",
            "snapshot 8",
            "snapshot 20",
            // Its parent, without a name.
            "snapshot 1",
            "snapshot_end 0",
        ];
        assert_eq!(filtered(20, &script), expected);
    }

    /// A wait of the parent outside is a reap of the root.
    #[test]
    fn waits_and_ends_of_others_become_events_of_members() {
        let script = Script::new().session().found(1, 0, "init");
        let mut script = script.found(5, 1, "shell").fork(5, 10).fork(10, 11);
        let shell = script.process(5);
        let script = script
            .exec(10, "root", &["root"])
            .exec(11, "leaf", &["leaf"]);
        // The root's child is handed on to a process outside, which reaps both.
        let script = script
            .exit_with(10, |exit| exit.reaper = Some(shell))
            .notify(10)
            .wait(5, 10);
        let script = script.exit_with(11, |exit| exit.parent = shell);
        let script = script.notify_with(11, |notify| notify.owner = shell);
        let passed = filtered(10, &script.wait(5, 11));
        let reaps: Vec<_> = passed.iter().filter(|it| it.starts_with("reap")).collect();
        assert_eq!(reaps, ["reap 10", "reap 11"], "{passed:?}");
    }
}
