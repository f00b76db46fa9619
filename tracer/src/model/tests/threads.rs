//! Processes with several threads.

use super::{one, stories};
use crate::{
    event::{
        Comm, Faults, ProcessId, TaskId, What, Who,
        script::{MS, START, Script},
    },
    model::State,
};

/// The leader calls exit(2); a thread continues and ends with another code.
fn leader_first(script: Script) -> Script {
    let script = script
        .session()
        .fork(5, 10)
        .thread(10, 11)
        .thread(10, 12)
        .exit(10, 7)
        .last_switch(10)
        .exit(11, 1)
        .last_switch(11)
        .free(11);
    // On kernels since 5.17 the last thread's code is the group's
    // (`synchronize_group_exit`).
    script.at(5 * MS).exit_with(12, |exit| {
        exit.code = 2 << 8;
        exit.group_code = exit.group_dead.map(|_| 2 << 8);
    })
}

stories! {
    thread_freed_after_its_leader: Script::new()
        .session()
        .fork(5, 10)
        .push(
            // The leader's start time is another task's.
            Who { task: TaskId { pid: 11, start: 1 }, process: ProcessId { tgid: 10, start: 2 } },
            What::Free(None),
        )
        => |model| {
            assert_eq!(model.processes().filter(|(_, process)| process.id.tgid == 10).count(), 1);
        }

    leader_exits_first: leader_first(Script::new()).notify(12).last_switch(12).free(12).reap(10)
        => |model| {
            let process = one(model, 10);
            assert_eq!(process.exited_at, Some(START + 5 * MS));
            assert_eq!(process.status.unwrap().exit_code(), Some(2));
            assert_eq!(process.threads_seen, 3);
            assert_eq!(process.state(), State::Reaped);
            assert_eq!(model.totals().exits, 1);
            assert_eq!(model.totals().threads, 2);
            // 5 faults by each thread.
            assert_eq!(process.faults.total(), 15);
        }

    leader_exits_first_on_old_kernels:
        leader_first(Script::new().without_group_dead()).notify(12).last_switch(12)
        => |model| {
            let process = one(model, 10);
            assert_eq!(process.exited_at, Some(START + 5 * MS));
            // `wait_task_zombie` reports the leader's own code there.
            assert_eq!(process.status.unwrap().exit_code(), Some(7));
            assert_eq!(process.state(), State::Zombie);
            assert_eq!(model.totals().exits, 1);
        }

    running_thread_without_leader: leader_first(Script::new().without_group_dead())
        .thread(5, 6)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Exiting);
            assert_eq!(one(model, 5).threads.len(), 1);
        }

    group_exit_code_wins: Script::new()
        .session()
        .fork(5, 10)
        .thread(10, 11)
        .exit_with(11, |exit| (exit.code, exit.group_code) = (4 << 8, Some(4 << 8)))
        .exit_with(10, |exit| (exit.code, exit.group_code) = (0, Some(4 << 8)))
        .notify(10)
        => |model| {
            assert_eq!(one(model, 10).status.unwrap().exit_code(), Some(4));
            assert_eq!(one(model, 10).usage.min_flt, 20);
        }

    exec_by_a_thread: Script::new()
        .session()
        .fork(5, 10)
        .thread(10, 11)
        .thread(10, 12)
        .event(12, What::Faults(Box::new(Faults { read: 2, ..Faults::default() }.into())))
        // de_thread (fs/exec.c) kills the others.
        .exit_with(11, |exit| exit.code = 9)
        .exit_with(10, |exit| exit.code = 9)
        .exec_by(12, "new", &["new"])
        .at(3 * MS).exit(10, 6)
        .notify(10)
        .last_switch(10)
        => |model| {
            let process = one(model, 10);
            assert_eq!(process.exited_at, Some(START + 3 * MS));
            assert_eq!(process.status.unwrap().exit_code(), Some(6));
            assert_eq!(process.threads_seen, 3);
            assert_eq!(process.comm, Comm::new(b"new"));
            assert_eq!(process.state(), State::Zombie);
            // 5 each; 2 of the last one were reported before.
            assert_eq!(process.faults.total(), 15);
        }

    exec_by_a_thread_on_old_kernels: Script::new()
        .without_group_dead()
        .session()
        .fork(5, 10)
        .thread(10, 11)
        .exit_with(10, |exit| exit.code = 9)
        .exec_by(11, "new", &["new"])
        .first_run(5)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Alive);
            assert_eq!(one(model, 10).threads.len(), 1);
            assert_eq!(one(model, 10).threads[0].id.pid, 10);
            assert_eq!(one(model, 10).threads_seen, 2);
        }

    // The kernel determines early in `do_exit` which thread is the last, and counts
    // later.
    faults_of_a_leader_reported_after_the_last_thread: Script::new()
        .session()
        .fork(5, 10)
        .thread(10, 11)
        .event(10, What::Faults(Box::new(Faults { read: 3, ..Faults::default() }.into())))
        .exit_with(11, |exit| {
            exit.group_dead = Some(true);
            exit.faults = Some(Faults { read: 1, ..Faults::default() }.into());
        })
        .exit_with(10, |exit| {
            exit.group_dead = Some(false);
            exit.faults = Some(Faults { read: 4, ..Faults::default() }.into());
        })
        => |model| {
            assert_eq!(one(model, 10).faults.read, 5);
        }

    faults_are_counted_once: Script::new()
        .session()
        .fork(5, 10)
        .event(10, What::Faults(Box::new(Faults { read: 2, ..Faults::default() }.into())))
        .event(10, What::Faults(Box::new(Faults { read: 3, write_protect: 1, ..Faults::default() }.into())))
        .exit(10, 0)
        => |model| {
            assert_eq!(one(model, 10).faults, Faults { read: 3, write_protect: 2, ..Faults::default() });
            assert_eq!(model.totals().faults.total(), 5);
        }
}
