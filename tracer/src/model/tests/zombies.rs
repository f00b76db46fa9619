//! From the exit to the reap.

use super::{apply_all, key, one, stories};
use crate::{
    event::{
        Disposition, ExitedProcess, Notify, ProcessId, Sigchld, SigchldPolicy, Wait, What, Who,
        script::{MS, SEC, START, Script},
    },
    model::{Key, Known, Model, Moment, ReapKind, State, TenureEnd, UnknownReason, ZombieTime},
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
            assert_eq!(child.zombie_time(model.now()), Some(0.into()));
            assert_eq!(child.reap_kind(), Some(ReapKind::Autoreap));
            assert_eq!(child.tenures(model.now()).count(), 0, "it was never a zombie");
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
            let time = child.zombie_time(model.now()).unwrap();
            assert_eq!((time.min, time.exact()), (4 * MS, None));
            assert_eq!(time.max, Some(START + 5 * MS - child.exited_at.unwrap()));
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
            let time = dead.zombie_time(model.now()).unwrap();
            assert_eq!(time.max, None, "it began before the trace");
            assert!((SEC - MS..SEC).contains(&time.min), "{time}");
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
            assert_eq!(one(model, 10).zombie_time(model.now()), Some((SEC - notified).into()));
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

    // The same on a kernel where `do_notify_parent` is hooked: it runs for the zombie
    // once more.
    age_of_an_inherited_zombie_does_not_restart: family()
        .at(80 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .notify_with(10, |notify| notify.owner = REAPER)
        .notify(5)
        .last_switch(5)
        .at(184 * MS).release(4, 10)
        .free(10)
        => |model| {
            let zombie = one(model, 10);
            assert_eq!(zombie.zombie_time(model.now()), Some((184 * MS - NOTIFIED).into()));
            assert_eq!(zombie.reaped_by.unwrap().process.tgid, 4);
            assert_owners(model, 10, &[(5, 80 * MS - NOTIFIED), (4, 104 * MS)]);
        }

    // Its parent inherits it to a subreaper with SA_NOCLDWAIT.
    zombie_released_by_its_parents_exit: family()
        .at(80 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .event(5, inherited(10, true))
        .last_switch(5)
        .at(95 * MS).free(10)
        => |model| { assert_released_by_5(model); }

    zombie_released_by_its_parents_exit_as_seen_by_release_task: family()
        .at(80 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .notify_with(10, |notify| (notify.owner, notify.autoreap) = (REAPER, true))
        .last_switch(5)
        .release(5, 10)
        .at(95 * MS).free(10)
        => |model| { assert_released_by_5(model); }

    // A subreaper that ignores SIGCHLD gets no signal: no notification is seen.
    zombie_released_because_its_heir_ignores_sigchld: family()
        .at(80 * MS).exit_with(5, |exit| {
            exit.reaper = Some(REAPER);
            exit.sigchld = Sigchld::Ignored;
            exit.sigchld_policy = Some(SigchldPolicy {
                sigchld: Disposition::Ignored,
                ..SigchldPolicy::default()
            });
        })
        .last_switch(5)
        .at(95 * MS).free(10)
        => |model| { assert_released_by_5(model); }

    // The heir ignored SIGCHLD earlier, and no longer does.
    notification_proves_that_a_zombie_was_not_released: family()
        .event(4, What::Notify(Notify {
            sigchld_policy: Some(SigchldPolicy { nocldwait: true, ..SigchldPolicy::default() }),
            exited: ExitedProcess::Child,
            seen_pid: 77,
            ..notification(REAPER)
        }))
        .at(80 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .event(5, inherited(10, false))
        .last_switch(5)
        .at(95 * MS).fork(4, 11)
        => |model| {
            assert_eq!(one(model, 10).state(), State::Zombie);
            assert_eq!(one(model, 10).owner(), Some(key(model, 4)));
        }

    // `zap_pid_ns_processes`: the init of a pid namespace reaps as it exits.
    zombies_of_a_namespaces_init_are_released_by_its_exit: Script::new()
        .session()
        .fork_with(5, 9, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(9, 10, |fork| (fork.ns_pid, fork.ns_level) = (2, 1))
        .exit(10, 0)
        .notify_with(10, |notify| notify.seen_pid = 2)
        .last_switch(10)
        .at(3 * SEC).exit_with(9, |exit| {
            exit.reaper = Some(ProcessId { tgid: 9, start: START + crate::event::script::US });
        })
        .last_switch(9)
        .at(3 * SEC + 40 * MS).free(10)
        => |model| {
            let zombie = one(model, 10);
            assert_eq!(zombie.reap_kind(), Some(ReapKind::OwnerExit));
            assert_eq!(zombie.reaped_at, Some(START + 3 * SEC));
            let tenures: Vec<_> = zombie.tenures(model.now()).collect();
            assert_eq!(tenures.len(), 1);
            assert_eq!(tenures[0].owner, Some(key(model, 9)));
            assert_eq!(tenures[0].end, Some(TenureEnd::Reaped(ReapKind::OwnerExit)));
        }

    // Its heir reaps by a call that is not hooked.
    unseen_reap_is_bounded_by_the_inheritance_and_the_free: family()
        .at(2_000 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .event(5, inherited(10, false))
        .last_switch(5)
        .at(2_100 * MS).free(10)
        => |model| {
            let zombie = one(model, 10);
            assert_eq!(zombie.reap_kind(), Some(ReapKind::Unseen));
            let time = zombie.zombie_time(model.now()).unwrap();
            assert_eq!((time.min, time.max), (2_000 * MS - NOTIFIED, Some(2_100 * MS - NOTIFIED)));
            assert_eq!(zombie.tenures(model.now()).next().unwrap().time, time.min.into());
        }

    // Its heir exits too, and may have ignored SIGCHLD.
    unseen_reap_leaves_the_time_of_later_owners_open: family()
        .at(2_000 * MS).exit_with(5, |exit| exit.reaper = Some(REAPER))
        .at(2_050 * MS).exit_with(4, |exit| exit.reaper = Some(ProcessId { tgid: 1, start: 1 }))
        // An event of the host keeps the order: the free comes a grace period later.
        .push(Who::HOST, What::Cgroup(Box::default()))
        .at(2_100 * MS).free(10)
        => |model| {
            let zombie = one(model, 10);
            assert_eq!(zombie.reap_kind(), Some(ReapKind::Unseen));
            let times: Vec<_> = zombie.tenures(model.now()).map(|it| it.time).collect();
            let up_to = |ns| ZombieTime { min: 0, max: Some(ns) };
            assert_eq!(times, [(2_000 * MS - NOTIFIED).into(), up_to(50 * MS), up_to(50 * MS)]);
        }

    // Nothing but the free was seen of its reap, minutes after its exit.
    unseen_reap_is_bounded_by_the_grace_period: family()
        .at(120 * SEC).free(10)
        => |model| {
            let time = one(model, 10).zombie_time(model.now()).unwrap();
            assert_eq!((time.min, time.max), (115 * SEC - NOTIFIED, Some(120 * SEC - NOTIFIED)));
        }

    zombie_held_by_a_tracer_until_it_exits: family()
        .at(1_500 * MS).fork(5, 11)
        .exit(11, 0)
        .notify_with(11, |notify| notify.owner = REAPER)
        .last_switch(11)
        .at(3_000 * MS).exit_with(4, |exit| exit.reaper = Some(ProcessId { tgid: 1, start: 1 }))
        .event(4, What::Notify(Notify {
            owner: ProcessId { tgid: 5, start: START },
            exited: ExitedProcess::ChildPid(11),
            seen_pid: 11,
            ..notification(REAPER)
        }))
        .last_switch(4)
        .at(3_100 * MS).wait(5, 11)
        => |model| {
            let zombie = one(model, 11);
            assert_eq!(zombie.reaped_by.unwrap().process.tgid, 5);
            let tenures: Vec<_> = zombie.tenures(model.now()).collect();
            let owners: Vec<_> = tenures.iter().map(|it| it.owner.unwrap()).collect();
            assert_eq!(owners, [key(model, 4), key(model, 5)]);
            assert_eq!(tenures[0].end, Some(TenureEnd::Untraced(Some(ReapKind::Wait))));
            assert!(tenures[0].time.min > 1_400 * MS && tenures[1].time.min < 101 * MS);
        }

    // Three tenures are kept; time with further owners is nobody's.
    owners_beyond_the_third_are_unknown: (20..25).fold(
        Script::new().session().fork(1, 10).at(MS).die(10, 0).at(SEC),
        |script, owner| {
            let from = if owner == 20 { 1 } else { owner - 1 };
            script.fork(1, owner).reparent_zombie(from, 10, owner)
        },
    )
        => |model| {
            let owners: Vec<_> = one(model, 10).tenures(model.now()).map(|it| it.owner).collect();
            let known = [key(model, 1), key(model, 20)].map(Some);
            assert_eq!(owners, [known[0], known[1], None, Some(key(model, 24))]);
        }
}

/// A subreaper.
const REAPER: ProcessId = ProcessId { tgid: 4, start: 4 };

/// Time at which 10 becomes a zombie in [`family`], ns after [`START`].
const NOTIFIED: u64 = MS + crate::event::script::US;

/// A subreaper 4, its child 5, and its child 10, which is a zombie.
fn family() -> Script {
    let script = Script::new().session();
    let script = script.found(1, 0, "init").found(4, 1, "reaper").found_all();
    script.at(0).fork(4, 5).fork(5, 10).at(MS).die(10, 4)
}

fn notification(owner: ProcessId) -> Notify {
    Notify {
        owner,
        seen_pid: 0,
        exited: ExitedProcess::Child,
        autoreap: false,
        sigchld_policy: None,
        heir: None,
    }
}

/// The subject exits, and [`REAPER`] inherits its zombie.
fn inherited(zombie: u32, autoreap: bool) -> What {
    What::Notify(Notify {
        exited: ExitedProcess::ChildPid(zombie),
        seen_pid: zombie,
        autoreap,
        ..notification(REAPER)
    })
}

/// Asserts the owners of a zombie and the time of each, to a few µs.
fn assert_owners(model: &Model, zombie: u32, owners: &[(u32, u64)]) {
    let tenures: Vec<_> = one(model, zombie).tenures(model.now()).collect();
    assert_eq!(tenures.len(), owners.len(), "{tenures:?}");
    for (tenure, &(owner, ns)) in tenures.iter().zip(owners) {
        assert_eq!(tenure.owner, Some(key(model, owner)));
        assert!(
            tenure.time.exact().unwrap().abs_diff(ns) <= 5_000,
            "{tenure:?}"
        );
    }
}

fn assert_released_by_5(model: &Model) {
    let zombie = one(model, 10);
    assert_eq!(zombie.reap_kind(), Some(ReapKind::OwnerExit));
    assert_eq!((zombie.reaped_by, zombie.autoreaped), (None, Some(false)));
    assert_owners(model, 10, &[(5, 80 * MS - NOTIFIED)]);
    let tally = model.tally();
    assert_eq!((tally.released_by_exit, tally.reaped_by_wait), (1, 0));
}

/// The heir of a tracer's parent ignores SIGCHLD, so no notification is seen.
#[test]
fn zombie_released_by_its_tracers_exit() {
    let script = family()
        .fork(4, 6)
        .fork(5, 11)
        .exit_with(11, |exit| exit.sigchld = Sigchld::Ignored);
    let mut script = script;
    let tracer = script.process(6);
    let script = script
        .notify_with(11, |notify| notify.owner = tracer)
        .last_switch(11)
        .at(2 * SEC)
        .die(6, 0)
        .at(2 * SEC + 20 * MS)
        .free(11);
    let model = apply_all(&script.events);
    let zombie = one(&model, 11);
    assert_eq!(zombie.reap_kind(), Some(ReapKind::OwnerExit));
    assert_eq!(zombie.reaped_at, Some(START + 2 * SEC));
    let owners: Vec<Option<Key>> = zombie.tenures(model.now()).map(|it| it.owner).collect();
    assert_eq!(owners, [Some(key(&model, 6))]);
}
