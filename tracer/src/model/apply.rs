//! The model and its entry point: [`Model::apply`] dispatches each event to the
//! handler of its kind. The handlers and the queries beyond simple ones are in the
//! modules that depend on this one.

use std::{collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    Key, Process, Retention, Tally, archive,
    cgroup_paths::Cgroups,
    failures::FailedForks,
    gap_span::GapSpan,
    history::History,
    index::Index,
    preference,
    program_budget::ProgramBudget,
    retention::Retained,
    table::{Inserted, Table},
    unmatched::Unmatched,
};
use crate::event::{Event, FaultTally, Faults, Label, ProcessId, Purpose, Session, What, Who};

/// Counts since the stream began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Events.
    pub events: u64,
    /// New processes. New threads are counted separately.
    pub forks: u64,
    /// New threads.
    pub threads: u64,
    /// Forks that failed.
    pub failed_forks: u64,
    /// Execs.
    pub execs: u64,
    /// Processes with no thread left.
    pub exits: u64,
    /// Records known to be lost.
    pub lost: u64,
    /// User page faults.
    pub faults: Faults,
}

/// The end of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamEnd {
    /// More events may follow; at the end of a recording, the trace breaks off here.
    #[default]
    None,
    /// Tracing ended regularly.
    OfTrace,
    /// A part of the trace was selected, and the trace goes on after it.
    OfPart,
}

/// The archive of the processes that a stream's models have evicted.
pub type Archive = archive::Archive<Model>;

/// The exited processes that a reader of a model prefers.
pub type Preference = preference::Preference<Model>;

/// The state of all processes at one moment of a stream.
#[derive(Clone, Default, PartialEq)]
pub struct Model {
    pub(super) session: Option<Arc<Session>>,
    pub(super) processes: Table,
    pub(super) programs: ProgramBudget,
    pub(super) index: Index,
    pub(super) retained: Retained,
    pub(super) cgroups: Cgroups,
    pub(super) failed_forks: FailedForks,
    pub(super) unmatched: VecDeque<Unmatched>,
    pub(super) began: Option<u64>,
    /// Time since which the processes are traced: that of the latest session.
    pub(super) traced_since: u64,
    pub(super) now: u64,
    pub(super) end: StreamEnd,
    /// Number of completed snapshots.
    pub(super) generation: u32,
    pub(super) gaps: Vec<GapSpan>,
    pub(super) totals: Totals,
    pub(super) history: History,
    /// Processes changed lately, if a reader wants to know: see
    /// [`Model::take_changed`].
    pub(super) changed: Option<Vec<Key>>,
    pub(super) archive: Archive,
    pub(super) preference: Preference,
}

/// Returns true for an event of an idle task. These have PID 0, one task per CPU, and are
/// no process.
fn is_of_idle_task(event: &Event) -> bool {
    let is_of_host = matches!(
        event.what,
        What::Session(_)
            | What::SnapshotEnd(_)
            | What::Gap(_)
            | What::Summary(_)
            | What::Cgroup(_)
            | What::End
            | What::PartEnd
    );
    event.who.process.tgid == 0 && !is_of_host
}

impl Model {
    /// Returns an empty model that retains exited processes by this policy.
    pub fn new(retention: Retention) -> Model {
        Model {
            retained: Retained::new(retention),
            ..Model::default()
        }
    }

    /// Returns a model that keeps only processes still in the process table and
    /// tallies nothing.
    pub fn present_only() -> Model {
        Model {
            retained: Retained::none(),
            ..Model::default()
        }
    }

    /// Returns the retention policy.
    pub fn retention(&self) -> Retention {
        self.retained.policy()
    }

    /// Returns a copy that changes independently. Both share the memory of what
    /// neither changes. Takes time linear in all processes ever seen, divided by
    /// 32.
    pub fn share(&mut self) -> Model {
        self.processes.share();
        self.clone()
    }

    /// Applies one event. Takes constant time, except for the exit of a process
    /// with children (linear in those) and the end of a snapshot (linear in the
    /// processes present).
    pub fn apply(&mut self, event: &Event) {
        self.began.get_or_insert(event.at);
        self.now = self.now.max(event.at);
        self.totals.events = self.totals.events.saturating_add(1);
        let Event { at, who, .. } = *event;
        if is_of_idle_task(event) {
            return;
        }
        self.correct_inferences(event);
        match &event.what {
            What::Session(session) => self.on_session(at, session),
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
            // The task's counters include it.
            What::Fault(_) => {}
            What::Waits(waits) => self.on_waits(who.process, *waits),
            What::ForkFailed(failed) => self.on_fork_failed(at, who, failed),
            What::Cgroup(cgroup) => self.on_cgroup(cgroup),
            What::Moved(moved) => {
                let key = self.of(who);
                self.change_unindexed(key, |process| process.cgroup = Some(moved.cgroup));
            }
            What::Implied(fact) => {
                let key = self.of(who);
                self.on_implied(at, key, fact);
            }
            What::States(states) => self.on_states(who, **states),
            What::State(state) => self.on_state(at, who, *state),
            What::Gap(gap) => self.on_gap(at, gap),
            What::Summary(summary) => self.on_summary(summary),
            What::End => self.end = StreamEnd::OfTrace,
            What::PartEnd => self.end = StreamEnd::OfPart,
        }
        self.evict();
        self.limit_programs();
    }

    /// Starts a session. A second session means another tracer, with counters that
    /// start at zero.
    pub(super) fn on_session(&mut self, at: u64, session: &Session) {
        self.traced_since = at;
        let counted_before = self.session.replace(Arc::new(session.clone())).is_some();
        if counted_before {
            let all: Vec<_> = self.processes.since(0).map(|(key, _)| key).collect();
            for key in all {
                self.change(key, Process::reset_counters);
            }
        }
        self.end = StreamEnd::None;
    }

    /// Returns the latest session event, if there was one.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Returns the time of the latest event, ns since boot. At the end of a part it is the end
    /// that was asked for.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Returns the time of the first event, ns since boot.
    pub fn began(&self) -> u64 {
        self.began.unwrap_or(0)
    }

    /// Returns how the stream ended.
    pub fn end(&self) -> StreamEnd {
        self.end
    }

    /// Returns the counts since the stream began.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Returns the counts of the last seconds.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Returns the intervals in which records were lost, the oldest first. If there are very
    /// many, some stand for several, see [`GapSpan::count`].
    pub fn gaps(&self) -> &[GapSpan] {
        &self.gaps
    }

    /// Returns the number of gaps.
    pub fn gap_count(&self) -> u64 {
        let counts = self.gaps.iter().map(|gap| gap.count);
        counts.fold(0, u64::saturating_add)
    }

    /// Returns the number of running processes; zombies are not among them.
    pub fn alive(&self) -> usize {
        self.index.alive
    }

    /// Returns the current zombies, the oldest process first.
    pub fn zombies(&self) -> impl ExactSizeIterator<Item = Key> + '_ {
        self.index.zombies.iter().copied()
    }

    /// Returns the processes that are exiting: no thread runs user code, and none is
    /// a zombie yet. The oldest process comes first.
    pub fn exiting(&self) -> impl ExactSizeIterator<Item = Key> + '_ {
        self.index.exiting.iter().copied()
    }

    /// Returns counts over all processes, evicted ones included. Takes time linear
    /// in the retained processes.
    pub fn tally(&self) -> Tally {
        let mut tally = self.retained.tally().clone();
        self.name_archived_owners(&mut tally);
        let retained = self.processes.since(0);
        for (_, process) in retained.filter(|(_, it)| self.is_of_this_part(it)) {
            tally.add(process, self);
        }
        tally
    }

    /// Returns the counts over the retained processes for which `counts` is true.
    pub fn tally_of(&self, counts: impl Fn(Key) -> bool) -> Tally {
        let mut tally = Tally::default();
        let of_part = self.processes_of_this_part();
        for (_, process) in of_part.filter(|&(key, _)| counts(key)) {
            tally.add(&process, self);
        }
        tally
    }

    /// Returns the children that were reparented to a process and are still
    /// present.
    pub fn adopted(&self, key: Key) -> impl Iterator<Item = Key> + '_ {
        self.index.adopted(key)
    }

    /// Returns the reason why a purpose is not served; none if it is.
    pub(super) fn missing(&self, purpose: Purpose) -> Option<&Label> {
        self.session.as_ref()?.missing(purpose)
    }

    /// Returns the process of an event's subject, created if this is its first
    /// event.
    pub(super) fn of(&mut self, who: Who) -> Key {
        self.ensure(who.process)
    }

    /// Returns the process with this identity, created if it is unknown.
    pub(super) fn ensure(&mut self, id: ProcessId) -> Key {
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

    /// Adds the faults counted since the task's previous report. The report is as of
    /// the task's last switch, so a fork or an exec may have reported more copies.
    pub(super) fn on_faults(&mut self, at: u64, who: Who, mut faults: FaultTally) {
        let key = self.of(who);
        let new = self.change_unindexed(key, |process| {
            let thread = process.thread_mut(who.task)?;
            let counted = thread.faults.get_or_insert_default();
            let copies = &mut faults.classes.cow_copy;
            *copies = counted.classes.cow_copy.max(*copies);
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

    /// Adds faults to the process, to the fork that caused copies, and to the
    /// totals.
    pub(super) fn charge(&mut self, at: u64, key: Key, new: FaultTally) {
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
