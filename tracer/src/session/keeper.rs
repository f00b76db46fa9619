//! The events that a recording begins with which is cut out of another: those
//! so far of every process that still exists, and of its ancestors, so that the
//! same model comes of them as of the whole stream; and what all events add up
//! to. A model that keeps no process that is gone says which ones exist.
//!
//! What is kept grows with the processes that live and with what was said of
//! each. What is said again and again is kept once. Of threads that came and went
//! the exits are kept, the older ones added together.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;

use crate::{
    event::{Event, Kind, ProcessId, Reap, TaskId, TaskState, What, Who},
    model::{Key, Model},
    playback::Stage,
};

/// After so many events there is a checkpoint,
const INTERVAL: u64 = 100_000;
/// or after so many times its own length, where many live.
const SPARING: u64 = 8;

/// After so many events what is kept is sifted, or after as many as there are
/// processes to look at.
const SIFT: u64 = 4096;

/// So many gaps are kept, the latest.
const GAPS: usize = 1000;

/// So many sessions are told, the latest.
const SESSIONS: usize = 8;

/// So many exits of threads are kept apart, of each process, and as many times
/// in each state.
const EXITS: usize = 256;

pub struct Keeper {
    model: Model,
    by_process: HashMap<ProcessId, Kept, RandomState>,
    /// Of each tracer that was at work, the latest: what they count begins at
    /// zero with them.
    sessions: VecDeque<(u64, Event)>,
    /// The end of the latest snapshot.
    snapshot_end: Option<(u64, Event)>,
    gaps: VecDeque<(u64, Event)>,
    /// By their number, as far as the model has use for them.
    cgroups: HashMap<u64, (u64, Event)>,
    number: u64,
    /// The number at which what is kept is to be sifted.
    sift_at: u64,
    /// The number at the last checkpoint, and how many events that had.
    last: (u64, u64),
}

/// What is kept of a process: events, each with its number in the stream.
#[derive(Default)]
struct Kept {
    events: Vec<(u64, Event)>,
    /// So many were left when they were last sifted.
    sifted: usize,
}

/// How long an event of a kind says something that later ones do not.
enum Lasts {
    Always,
    /// Until the task's next of that kind.
    UntilNext,
    /// The first of a task lasts always, the others until the next.
    FirstAndLatest,
    /// It is not about a process that is still there, or others say the same.
    Never,
}

fn lasts(event: &Event) -> Lasts {
    match event.what.kind() {
        Kind::Fork | Kind::WakeupNew | Kind::FirstRun | Kind::Exec | Kind::Signal => Lasts::Always,
        Kind::OomVictim | Kind::ExitStart | Kind::Exit | Kind::Notify => Lasts::Always,
        Kind::LastSwitch | Kind::Reap | Kind::Free => Lasts::Always,
        Kind::Comm | Kind::Wait | Kind::Waits | Kind::Faults => Lasts::UntilNext,
        Kind::ForkFailed | Kind::Moved | Kind::State => Lasts::UntilNext,
        // Those of the old leader stay when another thread becomes it by exec.
        Kind::States if is_last_of_states(event) => Lasts::Always,
        Kind::States => Lasts::UntilNext,
        Kind::Snapshot => Lasts::FirstAndLatest,
        Kind::Fault => Lasts::Never,
        // Of the host: these are kept apart.
        Kind::Session | Kind::SnapshotEnd | Kind::Cgroup | Kind::Gap => Lasts::Never,
        Kind::End | Kind::Summary => Lasts::Never,
    }
}

impl Default for Keeper {
    fn default() -> Keeper {
        Keeper {
            model: Model::present_only(),
            by_process: HashMap::default(),
            sessions: VecDeque::new(),
            snapshot_end: None,
            gaps: VecDeque::new(),
            cgroups: HashMap::new(),
            number: 0,
            sift_at: SIFT,
            last: (0, 0),
        }
    }
}

/// What a recording has told up to some place.
impl Stage for Keeper {
    fn clear(&mut self) {
        *self = Keeper::default();
    }

    fn restore(&mut self, model: Model) {
        *self = Keeper::default();
        for event in model.presence_snapshot() {
            Keeper::take(self, event);
        }
    }

    fn take(&mut self, event: &Event) {
        Keeper::take(self, event.clone());
    }
}

impl Keeper {
    /// Takes the next event of the stream; says whether it is time for a
    /// checkpoint behind it.
    pub fn take(&mut self, event: Event) -> bool {
        self.model.apply(&event);
        self.number += 1;
        let numbered = |event| (self.number, event);
        match &event.what {
            What::Session(_) => {
                // A segment and its checkpoint say the same.
                if self.by_process.is_empty() {
                    self.sessions.clear();
                }
                if self.sessions.len() == SESSIONS {
                    self.sessions.pop_front();
                }
                self.sessions.push_back(numbered(event));
            }
            What::SnapshotEnd(_) => self.snapshot_end = Some(numbered(event)),
            What::Cgroup(cgroup) => {
                let id = cgroup.id;
                self.cgroups.insert(id, numbered(event));
            }
            What::Gap(_) => {
                if self.gaps.len() == GAPS {
                    self.gaps.pop_front();
                }
                self.gaps.push_back(numbered(event));
            }
            _ if matches!(lasts(&event), Lasts::Never) => {}
            _ => {
                let numbered = numbered(event);
                let kept = self.by_process.entry(numbered.1.who.process);
                kept.or_default().events.push(numbered);
            }
        }
        if self.number >= self.sift_at {
            self.sift();
        }
        let (at, length) = self.last;
        self.number - at >= INTERVAL.max(SPARING * length)
    }

    /// What the latest tracer said of itself.
    fn session(&self) -> Option<&Event> {
        self.sessions.back().map(|(_, session)| session)
    }

    /// The events of a checkpoint here.
    pub fn checkpoint(&mut self) -> Vec<Event> {
        self.sift();
        let processes = self.by_process.values().flat_map(|kept| &kept.events);
        // Nothing is told before a session. Where others were before it, the
        // latest comes in its own place too.
        let first = self.session();
        let sessions = self.sessions.iter().filter(|_| self.sessions.len() > 1);
        let reaps: Vec<_> = self.reaps_by_a_wait().collect();
        let mut events: Vec<_> = processes
            .chain(&reaps)
            .chain(&self.snapshot_end)
            .chain(&self.gaps)
            .chain(self.cgroups.values())
            .chain(sessions)
            .collect();
        events.sort_by_key(|(number, _)| *number);
        let events = events.into_iter().map(|(_, event)| event);
        let summary = Event {
            at: self.model.now(),
            cpu: 0,
            who: Who::HOST,
            what: What::Summary(Box::new(self.model.summary())),
        };
        let all = first.into_iter().chain(events).cloned();
        let all: Vec<_> = all.chain([summary]).collect();
        self.last = (self.number, all.len() as u64);
        all
    }

    /// The reaps that only the wait of another process told: that is not kept
    /// with the process that it is about.
    fn reaps_by_a_wait(&self) -> impl Iterator<Item = (u64, Event)> {
        self.by_process.iter().filter_map(|(&id, kept)| {
            let process = self.model.process(self.model.find(id)?);
            let (at, by) = process.reaped_at.zip(process.reaped_by)?;
            let is_reap = |event: &Event| matches!(event.what, What::Reap(_));
            let is_told = kept
                .events
                .iter()
                .any(|(_, event)| is_reap(event) && event.who.is_leader());
            let reap = Event {
                at,
                cpu: 0,
                who: id.leader(),
                what: What::Reap(Reap { by }),
            };
            let (number, _) = kept.events.last()?;
            (!is_told && by.process != id).then_some((*number, reap))
        })
    }

    fn sift(&mut self) {
        let (model, sessions) = (&self.model, &self.sessions);
        self.cgroups
            .retain(|&id, _| model.cgroup_path(id).is_some());
        self.by_process.retain(|&id, kept| {
            let Some(process) = model.find(id).filter(|&key| is_needed(model, key)) else {
                return false;
            };
            kept.sift(sessions);
            // Only the end of the latest snapshot is kept: one that an earlier
            // snapshot named must not seem to be named by it.
            if model.process(process).vanished_at.is_some() {
                let events = &mut kept.events;
                events.retain(|(_, event)| event.what.kind() != Kind::Snapshot);
            }
            true
        });
        self.sift_at = self.number + SIFT.max(self.by_process.len() as u64);
    }
}

/// Whether a process is there, or is on its way out, or others come from it.
fn is_needed(model: &Model, key: Key) -> bool {
    let process = model.process(key);
    let has_no_more_to_say = process.freed_at.is_some() || process.vanished_at.is_some();
    let is_over = process.state().is_gone() && has_no_more_to_say;
    !is_over || !model.tree_children(key).is_empty()
}

impl Kept {
    /// Leaves out what later events say too.
    fn sift(&mut self, sessions: &VecDeque<(u64, Event)>) {
        if self.events.len() > self.sifted {
            leave_out_repeated(&mut self.events, sessions);
            leave_out_gone_threads(&mut self.events);
            self.sifted = self.events.len();
        }
    }
}

fn leave_out_repeated(kept: &mut Vec<(u64, Event)>, sessions: &VecDeque<(u64, Event)>) {
    let tracer = |number: u64| sessions.partition_point(|&(begun, _)| begun <= number);
    let about = |number: u64, event: &Event| {
        let kind = event.what.kind();
        match lasts(event) {
            // Each tracer counts for itself.
            Lasts::UntilNext => (event.who.task, kind, tracer(number)),
            Lasts::Always | Lasts::FirstAndLatest | Lasts::Never => (event.who.task, kind, 0),
        }
    };
    let mut latest = HashMap::with_hasher(RandomState::default());
    let mut firsts = HashSet::with_hasher(RandomState::default());
    for (number, event) in kept.iter() {
        match lasts(event) {
            Lasts::Always | Lasts::Never => {}
            Lasts::UntilNext => {
                latest.insert(about(*number, event), *number);
            }
            Lasts::FirstAndLatest => {
                if latest.insert(about(*number, event), *number).is_none() {
                    firsts.insert(*number);
                }
            }
        }
    }
    kept.retain(|(number, event)| match lasts(event) {
        Lasts::Always => true,
        Lasts::UntilNext | Lasts::FirstAndLatest => {
            latest.get(&about(*number, event)) == Some(number) || firsts.contains(number)
        }
        Lasts::Never => false,
    });
}

/// A task's times in each state are final.
fn is_last_of_states(event: &Event) -> bool {
    matches!(&event.what, What::States(states) if states.state == TaskState::Dead)
}

/// Of threads that were freed only what sums them up is left: the exits, each
/// of which stands for a thread, its accounting and its faults, and the times
/// in each state.
fn leave_out_gone_threads(kept: &mut Vec<(u64, Event)>) {
    let thread = |event: &Event| (!event.who.is_leader()).then_some(event.who.task);
    let freed = kept.iter().filter_map(|(_, event)| match &event.what {
        What::Free(_) => thread(event),
        _ => None,
    });
    let freed: HashSet<TaskId> = freed.collect();
    if freed.is_empty() {
        return;
    }
    let gone = |event: &Event| thread(event).is_some_and(|task| freed.contains(&task));
    let is_exit = |event: &Event| matches!(event.what, What::Exit(_));
    let sums_up = |event: &Event| is_exit(event) || is_last_of_states(event);
    kept.retain(|(_, event)| sums_up(event) || !gone(event));
    add_up(kept, |event| is_exit(event) && thread(event).is_some());
    add_up(kept, |event| {
        is_last_of_states(event) && thread(event).is_some()
    });
}

/// Makes one event of the older ones of those.
fn add_up(kept: &mut Vec<(u64, Event)>, those: impl Fn(&Event) -> bool) {
    let count = kept.iter().filter(|(_, event)| those(event)).count();
    let mut surplus = count.saturating_sub(EXITS);
    let mut sum: Option<(u64, Event)> = None;
    kept.retain(|numbered| {
        if surplus == 0 || !those(&numbered.1) {
            return true;
        }
        surplus -= 1;
        match &mut sum {
            None => sum = Some(numbered.clone()),
            Some((_, sum)) => add(sum, &numbered.1),
        }
        false
    });
    if let Some(sum) = sum {
        let place = kept.partition_point(|(number, _)| *number < sum.0);
        kept.insert(place, sum);
    }
}

/// Adds what a thread used to what another did.
fn add(sum: &mut Event, event: &Event) {
    if let (What::States(sum), What::States(states)) = (&mut sum.what, &event.what) {
        sum.times = sum.times.plus(states.times);
        sum.wakeups = sum.wakeups.plus(states.wakeups);
        sum.missed = sum.missed.saturating_add(states.missed);
    }
    if let (What::Exit(sum), What::Exit(exit)) = (&mut sum.what, &event.what) {
        sum.usage = sum.usage.plus(exit.usage);
        sum.faults = match (sum.faults, exit.faults) {
            (Some(one), Some(other)) => Some(one.plus(other)),
            (one, other) => one.or(other),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::Script;

    /// The kernel frees a process some time after its parent has waited for it:
    /// between the two only the parent's wait says that it is no zombie.
    #[test]
    fn a_child_that_was_waited_for_is_no_zombie() {
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).fork(10, 11).exit(11, 0).notify(11);
        let events = script.wait(10, 11).events;
        let mut keeper = Keeper::default();
        let mut whole = Model::default();
        for event in events {
            whole.apply(&event);
            keeper.take(event);
        }
        assert_eq!(whole.zombies().len(), 0);
        let mut cut = Model::default();
        keeper
            .checkpoint()
            .iter()
            .for_each(|event| cut.apply(event));
        assert_eq!(cut.zombies().len(), 0);
        let child = |model: &Model| {
            let process = model.process(model.find_pid(11).unwrap());
            (process.reaped_at, process.reaped_by)
        };
        assert_eq!(child(&cut), child(&whole));
    }
}
