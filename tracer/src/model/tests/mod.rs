//! Stories: what the kernel says of a few processes, and what the model must
//! make of it. Each is also told with every event missing in turn and with
//! neighbours changed over, as two CPUs may.

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
mod zombies;

use std::collections::BTreeSet;

use super::{Key, Model, Moment, Process, State};
use crate::event::{
    Event, ExitedProcess, TaskId, Wait, What, Who,
    script::{Script, US},
};

/// What happens, and what must be known in the end.
pub struct Story {
    pub name: &'static str,
    pub script: fn() -> Script,
    pub expect: fn(&Model),
}

/// Declares stories: name, script, expectations.
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
            (story.expect)(&$crate::model::tests::told(&(story.script)().events));
        })*
    };
}
use stories;

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

/// The model after these events, checked after each of them.
pub fn told(events: &[Event]) -> Model {
    let mut model = Model::default();
    for event in events {
        model.apply(event);
        check(&model);
    }
    model
}

/// The latest process with that number.
pub fn one(model: &Model, pid: u32) -> &Process {
    model.process(key(model, pid))
}

pub fn key(model: &Model, pid: u32) -> Key {
    model.find_pid(pid).unwrap()
}

/// What holds whatever was told.
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
        // They answer for every process.
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
            let model = told(&events);
            // Whoever was freed is gone, whatever else was lost.
            let freed = events
                .iter()
                .filter(|event| matches!(event.what, What::Free(Some(_))));
            for event in freed {
                let state = model
                    .process(model.find(event.who.process).unwrap())
                    .state();
                assert!(state.is_gone(), "{} without event {missing}", story.name);
            }
        }
    }
}

/// The task that an event is about and the one that acted: their records are
/// in order. The host's events are in order with all.
fn concerned(event: &Event) -> [TaskId; 2] {
    let acting = match &event.what {
        What::Fork(fork) => fork.by.task,
        What::Signal(signal) => signal.by.task,
        _ => event.who.task,
    };
    [acting, event.who.task]
}

/// Whether two CPUs can have told them the other way round.
fn are_apart(one: &Event, other: &Event) -> bool {
    let mine = concerned(one);
    let host = one.who == Who::HOST || other.who == Who::HOST;
    !host && !concerned(other).iter().any(|task| mine.contains(task))
}

/// A wait returns behind the death that it waited for, and a zombie is handed on
/// when it is one. The dead may still be running (`do_task_dead`).
fn was_awaited(one: &Event, other: &Event) -> bool {
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

/// Records of two CPUs can come in either order; each keeps its time.
#[test]
fn neighbours_on_two_cpus_may_change_places() {
    for story in all() {
        let events = (story.script)().events;
        for first in 0..events.len() - 1 {
            if are_apart(&events[first], &events[first + 1]) {
                let mut events = events.clone();
                events.swap(first, first + 1);
                as_told_in_order(story, &events);
            }
        }
    }
}

/// Neighbours that change places again and again come to any order in which the
/// kernel can tell it: what each task did stays in its own, and nothing comes
/// more than this much behind what happened later.
const OUT_OF_ORDER: u64 = 5 * US;

#[test]
fn any_interleaving_tells_the_same_story() {
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
                if close && are_apart(one, other) && !was_awaited(one, other) {
                    events.swap(first, first + 1);
                }
            }
            as_told_in_order(story, &events);
        }
    }
}

fn as_told_in_order(story: &Story, events: &[Event]) {
    let model = told(events);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        (story.expect)(&model);
    }));
    assert!(outcome.is_ok(), "{} told as {events:#?}", story.name);
}

/// Those who live, and the many of the dead that are kept, are all as large: the
/// only thread of most and their only program stand in it.
#[test]
fn a_process_takes_no_more_memory_than_it_must() {
    assert!(size_of::<Process>() <= 1064, "{}", size_of::<Process>());
}
