//! Selects the events that a cut recording starts with.
//!
//! These are the events so far of every process that still exists and of its
//! ancestors, so that they give the same model as the whole stream, and the
//! totals of all events. A model without exited processes tracks which ones exist.
//!
//! Memory grows with the number of present processes and with the events of each.
//! Repeated events are kept once. Of threads that have been freed, only the exits
//! are kept, and the older exits are added together.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;

use super::Stage;
use crate::{
    event::{Comm, Event, Kind, ProcessId, TaskId, TaskState, What, Who},
    model::{Key, Model},
};

/// Minimum number of events between two checkpoints.
const INTERVAL: u64 = 100_000;
/// Minimum distance between two checkpoints, as a multiple of the length of the
/// last one. It matters where many processes exist.
const SPARING: u64 = 8;

/// Minimum number of events between two removals of redundant events. With more
/// processes than this, their number is the minimum.
const SIFT: u64 = 4096;

/// Maximum number of gaps kept, the latest ones.
const GAPS: usize = 1000;

/// Maximum number of sessions kept, the latest ones.
const SESSIONS: usize = 8;

/// Maximum number of thread exits kept apart per process. Older ones are added
/// together. The same holds for final times in each state.
const EXITS: usize = 256;

/// Maximum number of renames kept per process, the latest ones: more than a model
/// keeps names.
const RENAMES: usize = 64;

/// Selects the events from which the state at a point of a recording can be rebuilt.
pub struct EventSelection {
    model: Model,
    by_process: HashMap<ProcessId, ProcessEvents, RandomState>,
    /// Session of each tracer run. Counters start at zero in each of them.
    sessions: VecDeque<(u64, Event)>,
    /// End of the latest snapshot.
    snapshot_end: Option<(u64, Event)>,
    gaps: VecDeque<(u64, Event)>,
    /// Cgroups that the model refers to, by id.
    cgroups: HashMap<u64, (u64, Event)>,
    /// Number of the latest event.
    number: u64,
    /// Number of the event at which redundant events are removed next.
    sift_at: u64,
    /// Number of the event at the last checkpoint, and the length of that checkpoint.
    last: (u64, u64),
}

/// Events of a process, each with its number in the stream.
#[derive(Default)]
struct ProcessEvents {
    events: Vec<(u64, Event)>,
    /// Number of events left by the last removal of redundant ones.
    sifted: usize,
}

/// Time for which an event adds information that later events do not have.
enum Lasts {
    /// Forever.
    Always,
    /// Until the task's next event of the same kind.
    UntilNext,
    /// Forever for the first of a task (of those with the same name, if it is a
    /// rename), until the next one for the others.
    FirstAndLatest,
    /// Not at all: the event is not about a present process, or is redundant.
    Never,
}

fn lasts(event: &Event) -> Lasts {
    match event.what.kind() {
        Kind::Fork | Kind::WakeupNew | Kind::FirstRun | Kind::Exec | Kind::Signal => Lasts::Always,
        Kind::OomVictim | Kind::ExitStart | Kind::Exit | Kind::Notify => Lasts::Always,
        Kind::LastSwitch | Kind::Reap | Kind::Free | Kind::Implied => Lasts::Always,
        // Filters ask for every name that a process had.
        Kind::Comm if event.who.is_leader() => Lasts::FirstAndLatest,
        Kind::Comm | Kind::Wait | Kind::Waits | Kind::Faults => Lasts::UntilNext,
        Kind::ForkFailed | Kind::Moved | Kind::State => Lasts::UntilNext,
        // If another thread becomes the leader by exec, the old leader's times stay.
        Kind::States if is_last_of_states(event) => Lasts::Always,
        Kind::States => Lasts::UntilNext,
        Kind::Snapshot => Lasts::FirstAndLatest,
        Kind::Fault => Lasts::Never,
        // Events of the host have fields of their own.
        Kind::Session | Kind::SnapshotEnd | Kind::Cgroup | Kind::Gap => Lasts::Never,
        Kind::End | Kind::PartEnd | Kind::Summary => Lasts::Never,
    }
}

impl Default for EventSelection {
    fn default() -> EventSelection {
        EventSelection {
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

impl Stage for EventSelection {
    fn clear(&mut self) {
        *self = EventSelection::default();
    }

    fn restore(&mut self, model: Model) {
        *self = EventSelection::default();
        for event in model.presence_snapshot() {
            EventSelection::take(self, event);
        }
    }

    fn take(&mut self, event: &Event) {
        EventSelection::take(self, event.clone());
    }
}

impl EventSelection {
    /// Takes the next event of the stream. Returns true if a checkpoint is due
    /// behind it.
    pub fn take(&mut self, event: Event) -> bool {
        self.model.apply(&event);
        self.number += 1;
        let numbered = |event| (self.number, event);
        match &event.what {
            What::Session(_) => {
                // A segment and its checkpoint repeat the same session.
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

    /// Returns the latest session.
    fn session(&self) -> Option<&Event> {
        self.sessions.back().map(|(_, session)| session)
    }

    /// Returns the selected events, in order, and the totals as a summary event.
    pub fn checkpoint(&mut self) -> Vec<Event> {
        self.sift();
        let processes = self.by_process.values().flat_map(|kept| &kept.events);
        // A recording begins with a session. If there were several, the latest is
        // also repeated at its own place.
        let first = self.session();
        let sessions = self.sessions.iter().filter(|_| self.sessions.len() > 1);
        let mut events: Vec<_> = processes
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
        let mut all: Vec<_> = first.into_iter().chain(events).cloned().collect();
        all.extend(self.missing_facts(&all));
        all.push(summary);
        self.last = (self.number, all.len() as u64);
        all
    }

    /// Returns what the events of processes that are not kept showed about those that are, such
    /// as the wait of a process that is gone, and the ends of processes that kept events mention.
    fn missing_facts(&self, kept: &[Event]) -> Vec<Event> {
        let mut part = Model::present_only();
        kept.iter().for_each(|event| part.apply(event));
        let now = self.model.now();
        let present = part.processes().map(|(_, process)| process);
        let present = present.filter(|process| !process.state().is_gone());
        let facts = present.flat_map(|process| {
            let id = process.id;
            let known = self.model.find(id).map(|key| self.model.process(key));
            let is_present = known.is_some_and(|process| !process.state().is_gone());
            let facts = match is_present || self.by_process.contains_key(&id) {
                true => self.model.facts_missing_in(&part, id, now),
                false => vec![(now, What::Free(None))],
            };
            let counts = self.model.counts_missing_in(&part, id);
            let counts = counts.into_iter().map(move |(who, what)| (now, who, what));
            let facts = facts.into_iter();
            let facts = facts.map(move |(at, what)| (at, id.leader(), what));
            facts.chain(counts).map(|(at, who, what)| Event {
                at,
                cpu: 0,
                who,
                what,
            })
        });
        facts.collect()
    }

    /// Removes redundant events and processes that are no longer needed.
    fn sift(&mut self) {
        let (model, sessions) = (&self.model, &self.sessions);
        self.cgroups
            .retain(|&id, _| model.cgroup_path(id).is_some());
        self.by_process.retain(|&id, kept| {
            let Some(process) = model.find(id).filter(|&key| is_needed(model, key)) else {
                return false;
            };
            kept.sift(sessions);
            // Only the end of the latest snapshot is kept. A process listed by an
            // earlier snapshot must not seem to be listed by this one.
            if model.process(process).vanished_at.is_some() {
                let events = &mut kept.events;
                events.retain(|(_, event)| event.what.kind() != Kind::Snapshot);
            }
            true
        });
        self.sift_at = self.number + SIFT.max(self.by_process.len() as u64);
    }
}

/// Returns true if a process is present, has not been freed, or has children in
/// the tree.
fn is_needed(model: &Model, key: Key) -> bool {
    let process = model.process(key);
    let is_final = process.freed_at.is_some() || process.vanished_at.is_some();
    let is_over = process.state().is_gone() && is_final;
    !is_over || !model.tree_children(key).is_empty()
}

impl ProcessEvents {
    /// Removes events that later ones make redundant.
    fn sift(&mut self, sessions: &VecDeque<(u64, Event)>) {
        if self.events.len() > self.sifted {
            remove_repeated(&mut self.events, sessions);
            remove_oldest_renames(&mut self.events);
            remove_freed_threads(&mut self.events);
            self.sifted = self.events.len();
        }
    }
}

fn remove_repeated(kept: &mut Vec<(u64, Event)>, sessions: &VecDeque<(u64, Event)>) {
    let run = |number: u64| sessions.partition_point(|&(begun, _)| begun <= number);
    let about = |number: u64, event: &Event| {
        let kind = event.what.kind();
        match lasts(event) {
            // Counters start at zero with each tracer run, so keep one per run.
            Lasts::UntilNext => (event.who.task, kind, run(number), None),
            Lasts::FirstAndLatest => (event.who.task, kind, 0, new_name(event)),
            Lasts::Always | Lasts::Never => (event.who.task, kind, 0, None),
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

/// Returns the name that a process gave itself.
fn new_name(event: &Event) -> Option<Comm> {
    match event.what {
        What::Comm(comm) if event.who.is_leader() => Some(comm),
        _ => None,
    }
}

/// Removes all but the latest [`RENAMES`] of a process.
fn remove_oldest_renames(kept: &mut Vec<(u64, Event)>) {
    let is_rename = |event: &Event| new_name(event).is_some();
    let count = kept.iter().filter(|(_, event)| is_rename(event)).count();
    let mut surplus = count.saturating_sub(RENAMES);
    kept.retain(|(_, event)| {
        let removed = surplus > 0 && is_rename(event);
        surplus -= usize::from(removed);
        !removed
    });
}

/// Returns true for the final times of a task in each state.
fn is_last_of_states(event: &Event) -> bool {
    matches!(&event.what, What::States(states) if states.state == TaskState::Dead)
}

/// Removes the events of freed threads, except those with their totals: exits,
/// which hold the accounting and the faults, and the final times in each state.
fn remove_freed_threads(kept: &mut Vec<(u64, Event)>) {
    let thread = |event: &Event| (!event.who.is_leader()).then_some(event.who.task);
    let freed = kept.iter().filter_map(|(_, event)| match &event.what {
        What::Free(_) => thread(event),
        _ => None,
    });
    let freed: HashSet<TaskId> = freed.collect();
    if freed.is_empty() {
        return;
    }
    let is_freed = |event: &Event| thread(event).is_some_and(|task| freed.contains(&task));
    let is_exit = |event: &Event| matches!(event.what, What::Exit(_));
    let has_totals = |event: &Event| is_exit(event) || is_last_of_states(event);
    kept.retain(|(_, event)| has_totals(event) || !is_freed(event));
    merge_oldest(kept, |event| is_exit(event) && thread(event).is_some());
    merge_oldest(kept, |event| {
        is_last_of_states(event) && thread(event).is_some()
    });
}

/// Merges all but the latest [`EXITS`] of the matching events into one.
fn merge_oldest(kept: &mut Vec<(u64, Event)>, matches: impl Fn(&Event) -> bool) {
    let count = kept.iter().filter(|(_, event)| matches(event)).count();
    let mut surplus = count.saturating_sub(EXITS);
    let mut sum: Option<(u64, Event)> = None;
    kept.retain(|numbered| {
        if surplus == 0 || !matches(&numbered.1) {
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

/// Adds the totals of one thread to those of another.
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

    #[test]
    fn renames_outlast_a_checkpoint() {
        let rename = |number: u32| What::Comm(Comm::new(format!("name{number}").as_bytes()));
        for names in [3, 5_000] {
            let script = Script::new().session().found(1, 0, "init").found_all();
            let mut script = script.fork(1, 10).exec(10, "app", &["app"]);
            for number in 0..2 * names {
                script = script.event(10, rename(number % names));
            }
            let (mut selection, mut whole) = (EventSelection::default(), Model::default());
            for event in script.events {
                whole.apply(&event);
                selection.take(event);
            }
            let checkpoint = selection.checkpoint();
            let mut cut = Model::default();
            checkpoint.iter().for_each(|event| cut.apply(event));
            let names = |model: &Model| {
                let names = model.process(model.find_pid(10).unwrap()).names();
                (names.values, names.complete)
            };
            assert_eq!(names(&cut), names(&whole));
            assert!(checkpoint.len() < 100, "{}", checkpoint.len());
        }
    }

    /// The kernel frees a process some time after its parent has waited for it.
    /// In between, only the parent's wait shows that it is not a zombie.
    #[test]
    fn reaped_child_is_not_a_zombie() {
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).fork(10, 11).exit(11, 0).notify(11);
        let events = script.wait(10, 11).events;
        let mut selection = EventSelection::default();
        let mut whole = Model::default();
        for event in events {
            whole.apply(&event);
            selection.take(event);
        }
        assert_eq!(whole.zombies().len(), 0);
        let mut cut = Model::default();
        selection
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
