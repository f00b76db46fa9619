//! The story of every process, from events alone.
//!
//! [`Model::apply`] is the only way in. The model is deterministic and has no
//! clock and no I/O: time comes from events, so that replaying a recording
//! gives the very model that live tracing had. It must not know where events
//! come from or how it is shown.

mod birth;
mod death;
mod gap;
mod history;
mod process;
mod status;
mod table;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::event::{Event, Faults, ProcessId, Purpose, Session, What, Who};

pub use gap::GapSpan;
pub use history::{History, Second};
pub use process::{Creation, Execution, Key, Process, State, Thread, WaitStatus};
pub use status::{Known, Moment, Why};
use table::Table;

/// Counts since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub events: u64,
    /// New processes; new threads are counted apart.
    pub forks: u64,
    pub threads: u64,
    pub execs: u64,
    /// Processes whose last thread has exited.
    pub exits: u64,
    /// Records known to be lost.
    pub lost: u64,
    pub faults: Faults,
}

#[derive(Clone, Default)]
pub struct Model {
    session: Option<Arc<Session>>,
    processes: Table,
    /// Zombies by owner and the number that the owner's wait will return.
    unreaped: HashMap<(Key, u32), Key, foldhash::fast::FixedState>,
    zombies: BTreeSet<Key>,
    alive: usize,
    began: Option<u64>,
    now: u64,
    ended: bool,
    generation: u32,
    gaps: Vec<GapSpan>,
    totals: Totals,
    history: History,
}

impl Model {
    /// Takes in one event. Constant time, but for the death of a process with
    /// children (linear in those) and the end of a snapshot after a gap
    /// (linear in the living).
    pub fn apply(&mut self, event: &Event) {
        self.began.get_or_insert(event.at);
        self.now = self.now.max(event.at);
        self.totals.events += 1;
        let Event { at, who, .. } = *event;
        match &event.what {
            What::Session(session) => self.session = Some(Arc::new((**session).clone())),
            What::Snapshot(snapshot) => self.on_snapshot(at, who, snapshot),
            What::SnapshotEnd(began) => self.on_snapshot_end(at, *began),
            What::Fork(fork) => self.on_fork(at, who, fork),
            What::WakeupNew => self.on_wakeup_new(at, who),
            What::FirstRun => self.on_first_run(at, who),
            What::Exec(exec) => self.on_exec(at, who, exec),
            What::Comm(comm) => self.on_comm(who, *comm),
            What::Signal(signal) => self.on_signal(at, who, signal),
            What::OomVictim => self.on_oom_victim(who),
            What::Exit(exit) => self.on_exit(at, who, exit),
            What::Notify(notify) => self.on_notify(at, who, notify),
            What::LastSwitch(switch) => self.on_last_switch(at, who, switch),
            What::Wait(wait) => self.on_wait(at, who, wait),
            What::Free(usage) => self.on_free(at, who, usage.as_deref()),
            What::Faults(faults) => self.on_faults(at, who, *faults),
            What::Gap(gap) => self.on_gap(at, gap),
            What::End => self.ended = true,
        }
    }

    /// What the first event said; none before it.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// The time of the latest event, ns since boot.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The time of the first event.
    pub fn began(&self) -> u64 {
        self.began.unwrap_or(0)
    }

    /// Tracing stopped in good order: this is the whole stream.
    pub fn ended(&self) -> bool {
        self.ended
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    pub fn gaps(&self) -> &[GapSpan] {
        &self.gaps
    }

    /// How many processes are alive; zombies are not.
    pub fn alive(&self) -> usize {
        self.alive
    }

    /// The zombies of this moment, the oldest process first.
    pub fn zombies(&self) -> impl ExactSizeIterator<Item = Key> + '_ {
        self.zombies.iter().copied()
    }

    /// All processes ever seen, in order of appearance.
    pub fn processes(&self) -> impl ExactSizeIterator<Item = (Key, &Process)> {
        self.processes.iter()
    }

    /// Panics if `key` is of another model.
    pub fn process(&self, key: Key) -> &Process {
        &self.processes[key]
    }

    pub fn find(&self, id: ProcessId) -> Option<Key> {
        self.processes.find(id)
    }

    /// The latest process with that number.
    pub fn find_pid(&self, tgid: u32) -> Option<Key> {
        self.processes.find_pid(tgid)
    }

    /// Where a process hangs in the fork tree.
    pub fn tree_parent(&self, key: Key) -> Option<Key> {
        self.processes[key].tree_parent
    }

    /// What hangs below it in the fork tree, dead branches included.
    pub fn tree_children(&self, key: Key) -> &[Key] {
        &self.processes[key].tree_children
    }

    /// Whom it inherited from dead parents and still has.
    pub fn adopted(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        let children = self.processes[key].adopted.iter().copied();
        children.filter(move |&child| {
            self.processes[child].parent == Some(key) && !self.processes[child].state().is_gone()
        })
    }

    /// Whether a purpose is served, and if not, why.
    fn missing(&self, purpose: Purpose) -> Option<&str> {
        self.session.as_ref()?.missing(purpose)
    }

    /// The process of an event's subject; made up if this is its first event.
    fn of(&mut self, who: Who) -> Key {
        self.ensure(who.process)
    }

    fn ensure(&mut self, id: ProcessId) -> Key {
        let (key, new) = self.processes.ensure(id);
        self.alive += usize::from(new);
        key
    }

    /// Changes a process and keeps the indices over all of them true.
    fn change(&mut self, key: Key, change: impl FnOnce(&mut Process)) {
        let process = &mut self.processes[key];
        let before = process.state();
        change(process);
        let after = process.state();
        if before == after {
            return;
        }
        match before {
            State::Alive => self.alive -= 1,
            State::Zombie => {
                self.zombies.remove(&key);
            }
            State::Exiting | State::Reaped | State::Vanished => {}
        }
        match after {
            State::Alive => self.alive += 1,
            State::Zombie => {
                self.zombies.insert(key);
            }
            State::Exiting | State::Reaped | State::Vanished => {}
        }
    }

    fn on_faults(&mut self, at: u64, who: Who, faults: Faults) {
        let key = self.of(who);
        let process = &mut self.processes[key];
        let thread = process
            .threads
            .iter_mut()
            .find(|thread| thread.id == who.task);
        let Some(thread) = thread else { return };
        let new = faults.since(thread.faults);
        thread.faults = faults;
        self.charge(at, who.process, new);
    }

    fn charge(&mut self, at: u64, id: ProcessId, new: Faults) {
        let key = self.ensure(id);
        let process = &mut self.processes[key];
        process.faults = process.faults.plus(new);
        self.totals.faults = self.totals.faults.plus(new);
        let second = self.history.at(at);
        second.faults += new.total();
        second.write_protect += new.write_protect;
    }
}
