//! The story of every process, from events alone.
//!
//! [`Model::apply`] is the only way in. The model is deterministic and has no
//! clock and no I/O: time comes from events, so that replaying a recording
//! gives the very model that live tracing had. It must not know where events
//! come from or how it is shown.

mod birth;
mod cgroups;
mod death;
mod delta;
mod failures;
mod family;
mod findings;
mod fork_cost;
mod gap;
mod history;
mod index;
mod naming;
mod owned;
mod presence;
mod process;
mod reap;
mod reaping;
mod recent;
mod retention;
mod saved;
mod states;
mod status;
mod summary;
mod table;
mod tally;
mod terms;
#[cfg(test)]
mod tests;
mod threads;

use std::{collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::event::{Event, FaultTally, Faults, ProcessId, Purpose, Session, What, Who};

pub use cgroups::Container;
pub use failures::ForkFailures;
pub use findings::{Finding, FindingKind};
pub use fork_cost::{ForkCost, SharingEnd};
pub use gap::GapSpan;
pub use history::{History, Second};
use index::Index;
pub use owned::{OwnedZombies, ZombieAge};
pub use presence::presence_snapshot;
use process::Pending;
pub use process::{Execution, Process, Thread};
use reap::Unmatched;
pub use reaping::Reaping;
pub use recent::Recent;
use retention::Retained;
pub use retention::Retention;
pub use saved::Unrestorable;
pub use states::{MissingStates, Scheduling};
pub use status::{Known, Moment, UnknownReason};
use table::{Inserted, Table};
pub use tally::{Killed, Latencies, ParentCounts, Reapers, Sender, Started, Tally};
pub use terms::{Creation, Key, Outcome, State, WaitStatus};

/// Counts since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub events: u64,
    /// Inserted processes; new threads are counted apart.
    pub forks: u64,
    pub threads: u64,
    /// Tasks that were asked for and not made.
    pub failed_forks: u64,
    pub execs: u64,
    /// Processes whose last thread has exited.
    pub exits: u64,
    /// Records known to be lost.
    pub lost: u64,
    pub faults: Faults,
}

#[derive(Clone, Default, PartialEq)]
pub struct Model {
    session: Option<Arc<Session>>,
    processes: Table,
    index: Index,
    retained: Retained,
    cgroups: cgroups::Cgroups,
    failed_forks: failures::FailedForks,
    unmatched: VecDeque<Unmatched>,
    began: Option<u64>,
    now: u64,
    ended: bool,
    /// Snapshots that have ended.
    generation: u32,
    gaps: Vec<GapSpan>,
    totals: Totals,
    history: History,
}

impl Model {
    /// A model that keeps so much of the past.
    pub fn new(retention: Retention) -> Model {
        Model {
            retained: Retained::new(retention),
            ..Model::default()
        }
    }

    /// A model of who is there, for whoever asks no more: nobody who is gone is
    /// kept, nor counted in [`Self::tally`].
    pub fn present_only() -> Model {
        Model {
            retained: Retained::none(),
            ..Model::default()
        }
    }

    /// How much of the past it keeps.
    pub fn retention(&self) -> Retention {
        self.retained.policy()
    }

    /// The same model twice, which changes for itself from here on: the two share
    /// what neither changes. Linear in the processes that ever were, by the 32.
    pub fn share(&mut self) -> Model {
        self.processes.share();
        self.clone()
    }

    /// Takes in one event. Constant time, but for the death of a process with
    /// children (linear in those) and the end of a snapshot (linear in those
    /// in the process table).
    pub fn apply(&mut self, event: &Event) {
        self.began.get_or_insert(event.at);
        self.now = self.now.max(event.at);
        self.totals.events = self.totals.events.saturating_add(1);
        let Event { at, who, .. } = *event;
        self.correct_inferences(event);
        match &event.what {
            What::Session(session) => self.on_session(session),
            What::Snapshot(snapshot) => self.on_snapshot(at, who, snapshot),
            What::SnapshotEnd(began) => self.on_snapshot_end(at, *began),
            What::Fork(fork) => self.on_fork(at, who, fork),
            What::WakeupNew => self.on_wakeup_new(at, who),
            What::FirstRun(first) => self.on_first_run(at, who, first),
            What::Exec(exec) => self.on_exec(at, who, exec),
            What::Comm(comm) => self.on_comm(at, who, *comm),
            What::Signal(signal) => self.on_signal(at, who, signal),
            What::OomVictim(victim) => self.on_oom_victim(who, victim),
            What::ExitStart => self.on_exit_start(at, who),
            What::Exit(exit) => self.on_exit(at, who, exit),
            What::Notify(notify) => self.on_notify(at, who, notify),
            What::LastSwitch(switch) => self.on_last_switch(at, who, switch),
            What::Wait(wait) => self.on_wait(at, who, wait),
            What::Reap(reap) => self.on_reap(at, who, reap),
            What::Free(usage) => self.on_free(at, who, usage.as_deref()),
            What::Faults(faults) => self.on_faults(at, who, **faults),
            // Its counters say it too.
            What::Fault(_) => {}
            What::Waits(waits) => self.on_waits(who.process, *waits),
            What::ForkFailed(failed) => self.on_fork_failed(at, who, failed),
            What::Cgroup(cgroup) => self.on_cgroup(cgroup),
            What::Moved(moved) => {
                let key = self.of(who);
                self.change_unindexed(key, |process| process.cgroup = Some(moved.cgroup));
            }
            What::States(states) => self.on_states(who, **states),
            What::State(state) => self.on_state(at, who, *state),
            What::Gap(gap) => self.on_gap(at, gap),
            What::Summary(summary) => self.on_summary(summary),
            What::End => self.ended = true,
        }
        self.evict();
    }

    /// A tracer begins, perhaps after another: what it counts begins at zero.
    fn on_session(&mut self, session: &Session) {
        let counted_before = self.session.replace(Arc::new(session.clone())).is_some();
        if counted_before {
            let all: Vec<_> = self.processes().map(|(key, _)| key).collect();
            for key in all {
                self.change(key, Process::reset_counters);
            }
        }
        self.ended = false;
    }

    /// What the latest session said; none before it.
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
        self.index.alive
    }

    /// The zombies of this moment, the oldest process first.
    pub fn zombies(&self) -> impl ExactSizeIterator<Item = Key> + '_ {
        self.index.zombies.iter().copied()
    }

    /// All processes that are kept, in order of appearance.
    pub fn processes(&self) -> impl Iterator<Item = (Key, &Process)> {
        self.processes.since(0)
    }

    /// Those that appeared at [`Key::index`] `place` or later.
    pub fn processes_since(&self, place: usize) -> impl Iterator<Item = (Key, &Process)> {
        self.processes.since(place)
    }

    /// How many processes are kept.
    pub fn process_count(&self) -> usize {
        self.processes.len()
    }

    /// How many are no longer listed: they were let go (see [`Retention`]), or
    /// are [exited_before_checkpoint](Self::exited_before_checkpoint).
    pub fn unlisted(&self) -> u64 {
        self.retained
            .tally()
            .processes
            .saturating_add(self.exited_before_checkpoint())
    }

    /// How many had ended when one came into the stream in the middle, by a
    /// checkpoint: [`Self::totals`] counts them, [`Self::tally`] does not.
    pub fn exited_before_checkpoint(&self) -> u64 {
        self.retained.exited_before_checkpoint()
    }

    /// Counts over all processes, those let go included. Linear in those kept.
    pub fn tally(&self) -> Tally {
        let mut tally = self.retained.tally().clone();
        for (key, _) in self.processes() {
            tally.add(self, key);
        }
        tally
    }

    /// Whether the process with that key is kept.
    pub fn contains(&self, key: Key) -> bool {
        self.processes.get(key).is_some()
    }

    /// The process with that key. Of one that was let go nothing is known: it
    /// reads as a nameless one, pid 0, that has vanished.
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
        self.index.adopted(key)
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
        match self.processes.ensure(id) {
            Ok(key) => key,
            Err(Inserted { key, superseded }) => {
                self.index.add(key, &self.processes[key]);
                if let Some((old, by)) = superseded {
                    self.supersede(old, by);
                }
                key
            }
        }
    }

    fn on_faults(&mut self, at: u64, who: Who, faults: FaultTally) {
        let key = self.of(who);
        let new = self.change_unindexed(key, |process| {
            let thread = process.thread_mut(who.task)?;
            let counted = thread.faults.get_or_insert_default();
            Some(faults.since(std::mem::replace(&mut **counted, faults)))
        });
        if let Some(new) = new {
            self.charge(at, key, new);
            self.change_unindexed(key, |process| {
                let recent = process.recent_faults.get_or_insert_default();
                recent.add(at, new.classes.total());
            });
        }
    }

    fn charge(&mut self, at: u64, key: Key, new: FaultTally) {
        self.change_unindexed(key, |process| {
            let all = FaultTally {
                classes: process.faults,
                places: process.places,
            };
            FaultTally {
                classes: process.faults,
                places: process.places,
            } = all.plus(new);
        });
        let new = new.classes;
        if new.cow_copy > 0 {
            self.charge_copies(at, key, new.cow_copy);
        }
        self.totals.faults = self.totals.faults.plus(new);
        let second = self.history.at(at);
        second.faults = second.faults.saturating_add(new.total());
        second.copies = second.copies.saturating_add(new.copies());
    }
}
