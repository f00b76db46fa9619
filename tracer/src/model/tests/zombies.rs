//! From the exit to the reap.

use super::{key, one, stories};
use crate::{
    event::{
        ExitedProcess, Sigchld, Wait, What,
        script::{MS, SEC, START, Script},
    },
    model::{Known, Moment, State, UnknownReason},
};

stories! {
    sigchld_ignored: Script::new()
        .session()
        .fork(5, 10)
        .exit_with(10, |exit| exit.sigchld = Sigchld::Ignored)
        .last_switch(10)
        .free(10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.autoreaped, Some(true));
            assert_eq!(child.zombie_time(model.now()), Some(0));
            assert_eq!(child.state(), State::Reaped);
            assert_eq!(model.moment(key(model, 10), Moment::Zombie), Known::Never);
        }

    nocldwait: Script::new()
        .session()
        .fork(5, 10)
        .exit_with(10, |exit| exit.sigchld = Sigchld::NoCldWait)
        .notify_with(10, |notify| notify.autoreap = true)
        .last_switch(10)
        => |model| {
            assert_eq!(one(model, 10).autoreaped, Some(true));
            assert_eq!(one(model, 10).state(), State::Reaped);
            assert_eq!(one(model, 10).reaped_by, None);
        }

    released_by_its_parent: Script::new()
        .session()
        .fork(5, 10)
        .die(10, 0)
        .release(5, 10)
        .free(10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.reaped_by.unwrap().process.tgid, 5);
            assert_eq!(child.autoreaped, Some(false));
            assert!(matches!(model.moment(key(model, 10), Moment::Reaped), Known::At(_)));
        }

    released_by_itself: Script::new()
        .session()
        .fork(5, 10)
        .exit_with(10, |exit| exit.sigchld = Sigchld::Ignored)
        .release(10, 10)
        .last_switch(10)
        .free(10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.autoreaped, Some(true));
            assert_eq!(child.reaped_by, None);
            assert_eq!(child.state(), State::Reaped);
        }

    // `do_notify_parent` checks the parent's policy for SIGCHLD only.
    other_exit_signals_are_not_autoreaped: Script::new()
        .session()
        .fork_with(5, 10, |fork| fork.exit_signal = 10)
        .exit_with(10, |exit| (exit.sigchld, exit.exit_signal) = (Sigchld::NoCldWait, 10))
        .notify_with(10, |notify| notify.autoreap = true)
        .last_switch(10)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
        }

    zombie_without_a_notification: Script::new()
        .session()
        .fork(5, 10)
        .exit(10, 0)
        .at(MS).last_switch(10)
        .at(5 * MS).wait(5, 10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(model.moment(key(model, 10), Moment::Zombie), Known::By(START + MS));
            assert_eq!(child.zombie_time(model.now()), Some(4 * MS));
            assert_eq!(child.reaped_by.unwrap().task.pid, 5);
        }

    reaped_before_the_last_switch: Script::new()
        .session()
        .fork(5, 10)
        .exit(10, 0)
        .wait(5, 10)
        .last_switch(10)
        .free(10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.autoreaped, Some(false));
            assert!(child.last_switch.is_some());
            assert_eq!(child.zombie_at, None, "no later than the reaping");
        }

    wait_for_a_stopped_child_reaps_nothing: Script::new()
        .session()
        .fork(5, 10)
        .at(MS).wait(5, 10)
        .at(2 * MS).die(10, 0)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(one(model, 10).reaped_at, None);
        }

    reaped_by_a_thread: Script::new()
        .session()
        .fork(1, 5)
        .thread(5, 6)
        .fork(5, 10)
        .die(10, 0)
        .wait(6, 10)
        => |model| {
            let by = one(model, 10).reaped_by.unwrap();
            assert_eq!((by.process.tgid, by.task.pid), (5, 6));
        }

    // The owner sees PID 2; in the initial namespace 2 is another process.
    reaped_in_a_nested_namespace: Script::new()
        .session()
        .found(2, 0, "kthreadd")
        .fork_with(5, 9, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(9, 10, |fork| (fork.ns_pid, fork.ns_level) = (2, 1))
        .exit(10, 0)
        .notify_with(10, |notify| notify.seen_pid = 2)
        .last_switch(10)
        .wait(9, 2)
        => |model| {
            assert_eq!(one(model, 10).reaped_by.unwrap().process.tgid, 9);
            assert_eq!(one(model, 2).state(), State::Alive);
        }

    // Process 10 has the PID in the initial namespace that the owner of process 8
    // sees for it. 10 has exited, but its notification has not arrived, when 8 is
    // waited for.
    reaped_by_a_pid_that_a_sibling_has_elsewhere: Script::new()
        .session()
        .fork_with(5, 9, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(9, 8, |fork| (fork.ns_pid, fork.ns_level) = (10, 1))
        .fork_with(9, 10, |fork| (fork.ns_pid, fork.ns_level) = (12, 1))
        .exit(8, 0)
        .notify_with(8, |notify| notify.seen_pid = 10)
        .last_switch(8)
        .exit(10, 0)
        .at(MS).wait(9, 10)
        .notify_with(10, |notify| notify.seen_pid = 12)
        .last_switch(10)
        .at(2 * MS).wait(9, 12)
        => |model| {
            assert_eq!(one(model, 8).reaped_at, Some(START + MS));
            assert_eq!(one(model, 10).reaped_at, Some(START + 2 * MS));
        }

    // The notification is missing, and with it the PID that the owner sees.
    reaped_in_a_nested_namespace_without_notification: Script::new()
        .session()
        .fork_with(5, 9, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(9, 10, |fork| (fork.ns_pid, fork.ns_level) = (2, 1))
        .exit(10, 0)
        .last_switch(10)
        .event(9, What::Wait(Wait { child: 2 }))
        => |model| {
            assert_eq!(one(model, 10).reaped_by.unwrap().process.tgid, 9);
        }

    zombie_when_found: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "owner")
        .found_with(9, 5, "dead", |found| found.zombie = Some(3 << 8))
        .found_all()
        .at(SEC).wait(5, 9)
        .free(9)
        => |model| {
            let dead = one(model, 9);
            assert_eq!(dead.status.unwrap().exit_code(), Some(3));
            assert_eq!(dead.reaped_at, Some(START + SEC));
            assert_eq!(dead.zombie_time(model.now()), None, "it began before the trace");
            let zombie = model.moment(key(model, 9), Moment::Zombie);
            assert_eq!(zombie, Known::Unknown(UnknownReason::BeforeTrace));
        }

    exited_leader_with_running_threads_is_no_zombie: Script::new()
        .session()
        .found(1, 0, "init")
        .found_with(9, 5, "app", |found| found.zombie = Some(0))
        .found_thread(9, 11)
        .found_all()
        => |model| {
            assert_eq!(one(model, 9).state(), State::Alive);
            assert_eq!(one(model, 9).status, None);
        }

    ptrace_tracer_waits_first: Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "sh")
        .found(6, 1, "strace")
        .found_all()
        .fork(5, 10)
        .exit(10, 0)
        .notify_with(10, |notify| notify.owner = crate::event::ProcessId { tgid: 6, start: 6 })
        .last_switch(10)
        .wait(6, 10)
        .at(9 * MS).wait(5, 10)
        => |model| {
            let child = one(model, 10);
            assert_eq!(child.parent, Some(key(model, 5)));
            assert_eq!(child.reaped_by.unwrap().process.tgid, 5);
            assert_eq!(child.reaped_at, Some(START + 9 * MS));
        }

    not_reaped: Script::new()
        .session()
        .fork(5, 10)
        .at(MS).die(10, 0)
        .at(SEC).fork(5, 11)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(model.zombies().collect::<Vec<_>>(), [key(model, 10)]);
            let notified = MS + crate::event::script::US;
            assert_eq!(one(model, 10).zombie_time(model.now()), Some(SEC - notified));
            assert_eq!(model.moment(key(model, 10), Moment::Reaped), Known::NotYet);
        }

    zombie_of_an_exiting_parent_is_reparented: Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .fork(1, 5)
        .fork(5, 10)
        .die(10, 0)
        .exit_with(5, |exit| exit.reaper = Some(crate::event::ProcessId { tgid: 1, start: 1 }))
        .reparent_zombie(5, 10, 1)
        .notify(5)
        .last_switch(5)
        .at(MS).wait(1, 10)
        .wait(1, 5)
        => |model| {
            let orphan = one(model, 10);
            assert_eq!(orphan.parent, Some(key(model, 1)));
            assert_eq!(orphan.original_parent, Some(key(model, 5)));
            assert_eq!(orphan.reaped_by.unwrap().process.tgid, 1);
            assert_eq!(one(model, 5).state(), State::Reaped);
        }

    zombie_is_reparented_in_a_namespace: Script::new()
        .session()
        .fork_with(5, 8, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(8, 9, |fork| (fork.ns_pid, fork.ns_level) = (2, 1))
        .fork_with(9, 10, |fork| (fork.ns_pid, fork.ns_level) = (3, 1))
        .exit(10, 0)
        .notify_with(10, |notify| notify.seen_pid = 3)
        .last_switch(10)
        .exit(9, 0)
        .notify_with(9, |notify| {
            notify.owner = crate::event::ProcessId { tgid: 8, start: START + crate::event::script::US };
            notify.seen_pid = 3;
            notify.exited = ExitedProcess::Child;
        })
        .wait(8, 3)
        => |model| {
            assert_eq!(one(model, 10).reaped_by.unwrap().process.tgid, 8);
            assert_eq!(one(model, 9).state(), State::Exiting);
        }
}
