//! Stories: events of a few processes, and what the model must derive from them.
//! Each story also runs with every event missing in turn, and with events of two
//! CPUs reordered.

mod archived;
mod budgets;
mod deaths;
mod families;
mod findings;
mod forks;
mod lives;
mod losses;
mod presence;
mod random;
mod retained;
mod saved;
mod states;
mod threads;
mod traced_command;
mod zombies;

use std::collections::BTreeSet;

use super::{Key, Model, Moment, Process, State};
use crate::event::{
    Event, ExitedProcess, TaskId, Wait, What, Who,
    script::{Script, US},
};

/// A story: events and the expected result.
pub struct Story {
    /// Name, used in failures.
    pub name: &'static str,
    /// The events.
    pub script: fn() -> Script,
    /// Checks the result.
    pub expect: fn(&Model),
}

/// Declares stories: name, script and expectations.
macro_rules! stories {
    ($($name:ident: $script:expr => |$model:ident| $expect:block)*) => {
        pub const STORIES: &[$crate::model::tests::Story] = &[$(
            $crate::model::tests::Story {
                name: stringify!($name),
                script: || $script,
                expect: |$model: &$crate::model::Model| $expect,
            },
        )*];
        $(#[test]
        fn $name() {
            let story = STORIES.iter().find(|story| story.name == stringify!($name)).unwrap();
            (story.expect)(&$crate::model::tests::apply_all(&(story.script)().events));
        })*
    };
}
use stories;

/// Returns all stories.
fn all() -> impl Iterator<Item = &'static Story> {
    let rooms = [
        deaths::STORIES,
        families::STORIES,
        forks::STORIES,
        lives::STORIES,
        losses::STORIES,
        threads::STORIES,
        zombies::STORIES,
    ];
    rooms.into_iter().flatten()
}

/// Returns the model after these events, checked after each of them.
pub fn apply_all(events: &[Event]) -> Model {
    let mut model = Model::default();
    for event in events {
        model.apply(event);
        check(&model);
    }
    model
}

/// Returns the latest process with this PID.
pub fn one(model: &Model, pid: u32) -> &Process {
    &model.processes[key(model, pid)]
}

/// Returns the key of the latest process with this PID.
pub fn key(model: &Model, pid: u32) -> Key {
    model.find_pid(pid).unwrap()
}

/// Checks the invariants of a model.
pub fn check(model: &Model) {
    model.check_index();
    let count = |state| {
        model
            .processes()
            .filter(|(_, process)| process.state() == state)
            .count()
    };
    assert_eq!(model.alive(), count(State::Alive));
    assert_eq!(model.zombies().len(), count(State::Zombie));
    for (key, process) in model.processes() {
        let ended = process.exited_at.is_some() || process.freed_at.is_some();
        assert!(
            !(process.state() == State::Alive && ended),
            "{process:?} is a ghost"
        );
        assert!(
            process.state() == State::Alive || process.threads.is_empty(),
            "{process:?}"
        );
        assert!(
            process.threads.len() <= process.threads_seen as usize,
            "{process:?}"
        );
        assert!(
            process.threads.is_sorted_by_key(|thread| thread.id.start),
            "{process:?}"
        );
        assert!(
            process
                .executions
                .is_sorted_by_key(|execution| execution.at)
        );

        assert!(
            model
                .tree_children(key)
                .iter()
                .all(|&child| model.tree_parent(child) == Some(key))
        );
        if let Some(parent) = model.tree_parent(key) {
            assert_eq!(
                model
                    .tree_children(parent)
                    .iter()
                    .filter(|&&child| child == key)
                    .count(),
                1
            );
        }
        let mut seen = BTreeSet::from([key]);
        let mut above = model.tree_parent(key);
        while let Some(ancestor) = above {
            assert!(seen.insert(ancestor), "a circle above {process:?}");
            above = model.tree_parent(ancestor);
        }
        // These must not panic for any process.
        for moment in Moment::ALL {
            model.moment(key, moment);
        }
        process.zombie_time(model.now());
        process.lifetime(model.now());
        process.fatal_signal();
    }
}

#[test]
fn any_event_of_a_story_may_be_missing() {
    for story in all() {
        let events = (story.script)().events;
        for missing in 0..events.len() {
            let mut events = events.clone();
            events.remove(missing);
            let model = apply_all(&events);
            // A freed process is no longer present, whatever else was lost.
            let freed = events
                .iter()
                .filter(|event| matches!(event.what, What::Free(Some(_))));
            for event in freed {
                // One that no other event has shown is older than the trace.
                let found = model.find(event.who.process);
                let is_gone = found.is_none_or(|key| model.process(key).state().is_gone());
                assert!(is_gone, "{} without event {missing}", story.name);
            }
        }
    }
}

/// Returns the acting task and the subject of an event. Records of one task are in
/// order; events of the host are in order with all others.
fn tasks_of(event: &Event) -> [TaskId; 2] {
    let acting = match &event.what {
        What::Fork(fork) => fork.by.task,
        What::Signal(signal) => signal.by.task,
        What::Reap(reap) => reap.by.task,
        _ => event.who.task,
    };
    [acting, event.who.task]
}

/// Returns true if the records may arrive in either order from two CPUs.
fn may_be_reordered(one: &Event, other: &Event) -> bool {
    let mine = tasks_of(one);
    let host = one.who == Who::HOST || other.who == Who::HOST;
    !host && !tasks_of(other).iter().any(|task| mine.contains(task))
}

/// Returns true if one event is a wait or a reparenting that follows the exit of
/// the other's subject. The exited task may still be running (`do_task_dead`).
fn must_stay_in_order(one: &Event, other: &Event) -> bool {
    let by = |one: &Event, other: &Event| {
        let dead = match &one.what {
            What::Wait(Wait { child }) => other.who.task.pid == *child,
            What::Notify(notify) => notify.exited != ExitedProcess::Subject,
            _ => false,
        };
        dead && !matches!(other.what, What::LastSwitch(_))
    };
    by(one, other) || by(other, one)
}

/// Records of two CPUs can arrive in either order; each keeps its time.
#[test]
fn events_of_two_cpus_may_be_swapped() {
    for story in all() {
        let events = (story.script)().events;
        for first in 0..events.len() - 1 {
            if may_be_reordered(&events[first], &events[first + 1]) {
                let mut events = events.clone();
                events.swap(first, first + 1);
                assert_expected(story, &events);
            }
        }
    }
}

/// Maximum time by which an event may be late. Repeated swaps of neighbours give
/// every order that the kernel can produce: each task's events stay in order, and
/// no event is later than this.
const OUT_OF_ORDER: u64 = 5 * US;

#[test]
fn any_interleaving_gives_the_same_result() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: usize| {
        // Marsaglia, "Xorshift RNGs": the same orders in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    for story in all() {
        for _ in 0..50 {
            let mut events = (story.script)().events;
            for _ in 0..events.len() * events.len() {
                let first = below(events.len() - 1);
                let (one, other) = (&events[first], &events[first + 1]);
                let close = one.at.abs_diff(other.at) <= OUT_OF_ORDER;
                if close && may_be_reordered(one, other) && !must_stay_in_order(one, other) {
                    events.swap(first, first + 1);
                }
            }
            assert_expected(story, &events);
        }
    }
}

/// Asserts that the events give the story's expected result.
fn assert_expected(story: &Story, events: &[Event]) {
    let model = apply_all(events);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        (story.expect)(&model);
    }));
    assert!(outcome.is_ok(), "{} with {events:#?}", story.name);
}

/// Present and retained processes all have this size. It includes room for one
/// thread and one program, enough for most.
#[test]
fn process_size_is_bounded() {
    assert!(size_of::<Process>() <= 1080, "{}", size_of::<Process>());
}
