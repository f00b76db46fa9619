//! Time in each state, of threads that run, exit, vanish or replace their leader.

use crate::{
    event::{
        StateTimes, TaskState, Waits, What,
        script::{MS, SEC, START, Script},
    },
    model::{MissingStates, Model},
};

fn model(script: &Script) -> Model {
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    model
}

fn running(time: u64) -> StateTimes {
    StateTimes {
        running: time,
        ..StateTimes::default()
    }
}

#[track_caller]
fn times(model: &Model, pid: u32) -> StateTimes {
    let key = model.find_pid(pid).unwrap();
    model.process(key).state_times(model.now()).unwrap()
}

#[test]
fn current_state_is_counted_up_to_now() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .at(SEC)
        .states(10, TaskState::Uninterruptible, 30 * MS, running(MS))
        .at(SEC + 50 * MS)
        .exec(1, "init", &[]);
    let model = model(&script);
    let counted = times(&model, 10);
    assert_eq!(counted.running, MS);
    assert_eq!(counted.uninterruptible, 80 * MS);
    assert_eq!(counted.total(), 81 * MS);
    let key = model.find_pid(10).unwrap();
    let (state, since) = model.process(key).main_state().unwrap();
    assert_eq!(
        (state, since),
        (TaskState::Uninterruptible, START + SEC - 30 * MS)
    );
}

#[test]
fn latest_report_of_each_thread_counts_once() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .thread(10, 11)
        .states(10, TaskState::Interruptible, 0, running(MS))
        .states(11, TaskState::Interruptible, 0, running(2 * MS))
        .states(11, TaskState::Interruptible, 0, running(5 * MS))
        .exit(11, 0)
        .states(11, TaskState::Dead, 0, running(6 * MS))
        .exit(10, 0)
        .states(10, TaskState::Dead, 0, running(3 * MS))
        .notify(10)
        .reap(10);
    let model = model(&script);
    assert_eq!(times(&model, 10), running(9 * MS));
    let key = model.find_pid(10).unwrap();
    let process = model.process(key);
    assert_eq!(process.missing_states(), None);
    assert_eq!(process.main_state(), None);
}

#[test]
fn missed_end_is_reported() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .states(10, TaskState::Interruptible, 0, running(MS))
        .die(10, 0)
        .reap(10)
        .at(SEC)
        .exec(1, "init", &[]);
    let model = model(&script);
    // It did not sleep after it was reaped.
    assert_eq!(times(&model, 10), running(MS));
    let key = model.find_pid(10).unwrap();
    assert_eq!(
        model.process(key).missing_states(),
        Some(MissingStates::End)
    );
}

#[test]
fn threads_without_a_report_are_missing() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .thread(10, 11)
        .thread(10, 12)
        .states(10, TaskState::Interruptible, 0, running(MS));
    let lack = |script: &Script| {
        let model = model(script);
        model.process(model.find_pid(10).unwrap()).missing_states()
    };
    assert_eq!(lack(&script), Some(MissingStates::Threads(2)));
    let script = script.states(11, TaskState::Dead, 0, running(MS)).states(
        12,
        TaskState::Interruptible,
        0,
        running(MS),
    );
    assert_eq!(lack(&script), None);
}

#[test]
fn thread_that_replaces_its_leader_keeps_its_time() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .thread(10, 11)
        .states(10, TaskState::Interruptible, 0, running(MS))
        .states(11, TaskState::Interruptible, 0, running(2 * MS))
        .states(10, TaskState::Dead, 0, running(MS))
        .exec_by(11, "sh", &["sh"])
        // With the leader's identity now.
        .states(10, TaskState::Dead, 0, running(4 * MS));
    let model = model(&script);
    assert_eq!(times(&model, 10), running(5 * MS));
    let key = model.find_pid(10).unwrap();
    assert_eq!(model.process(key).missing_states(), None);
}

#[test]
fn current_state_is_the_latest_reported() {
    let change = |state| What::State(state);
    let script = Script::new()
        .session()
        .fork(1, 10)
        .states(10, TaskState::Interruptible, 0, running(MS))
        .event(10, change(TaskState::Runnable));
    let state = |script: &Script| {
        let model = model(script);
        let process = model.process(model.find_pid(10).unwrap());
        process.main_state().map(|(state, _)| state)
    };
    assert_eq!(state(&script), Some(TaskState::Runnable));
    let script = script.states(10, TaskState::Stopped, 0, running(MS));
    assert_eq!(state(&script), Some(TaskState::Stopped));
    assert_eq!(state(&script.event(10, change(TaskState::Dead))), None);
}

#[test]
fn thread_that_replaces_its_leader_is_counted_once() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .thread(10, 11)
        .event(11, What::State(TaskState::Running))
        .event(10, What::State(TaskState::Dead))
        .exec_by(11, "sh", &["sh"]);
    let model = model(&script);
    let process = model.process(model.find_pid(10).unwrap());
    let changes = process.scheduling.as_ref().unwrap().changes();
    let reported: Vec<_> = changes.map(|change| (change.pid, change.state)).collect();
    let (dead, running) = (TaskState::Dead, TaskState::Running);
    assert_eq!(
        reported,
        [(11, running), (10, dead), (11, dead), (10, running)]
    );
}

#[test]
fn counts_of_an_earlier_tracer_are_kept() {
    let waits = |count| What::Waits(Waits { count, last: START });
    let script = Script::new()
        .session()
        .fork(1, 10)
        .states(10, TaskState::Interruptible, 0, running(5 * MS))
        .event(10, waits(7))
        .at(SEC)
        .session()
        .states(10, TaskState::Interruptible, 0, running(2 * MS))
        .event(10, waits(3));
    let model = model(&script);
    assert_eq!(times(&model, 10).running, 7 * MS);
    let process = model.process(model.find_pid(10).unwrap());
    assert_eq!(process.missing_states(), Some(MissingStates::End));
    let waits = process.reaping.as_ref().unwrap().waits;
    assert_eq!(waits.map(|waits| waits.count), Some(10));
}

#[test]
fn states_are_incomplete_without_a_report_of_each_thread() {
    let script = Script::new().session().fork(1, 10).thread(10, 11).states(
        10,
        TaskState::Interruptible,
        0,
        running(MS),
    );
    let complete = |script: &Script| {
        let model = model(script);
        let process = model.process(model.find_pid(10).unwrap());
        process.states_are_complete()
    };
    assert!(!complete(&script));
    let script = script.states(11, TaskState::Dead, 0, running(MS));
    assert!(complete(&script));
}

#[test]
fn late_report_creates_no_process() {
    let script = Script::new()
        .session()
        .states(10, TaskState::Dead, 0, running(MS));
    assert_eq!(model(&script).find_pid(10), None);
}

#[test]
fn report_read_before_the_end_and_applied_after_it_does_not_count() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .exit(10, 0)
        // Its last switch is still to come.
        .states(10, TaskState::Running, 0, running(2 * MS))
        .notify(10)
        .states(10, TaskState::Dead, 0, running(3 * MS))
        .last_switch(10)
        .states(10, TaskState::Running, 0, running(2 * MS));
    let model = model(&script);
    assert_eq!(times(&model, 10), running(3 * MS));
    let process = model.process(model.find_pid(10).unwrap());
    assert!(process.states_are_complete());
}

#[test]
fn uncounted_states_are_unknown() {
    let model = model(&Script::new().session().fork(1, 10));
    let key = model.find_pid(10).unwrap();
    assert_eq!(model.process(key).state_times(model.now()), None);
    assert_eq!(model.process(key).wakeups(), None);
}
