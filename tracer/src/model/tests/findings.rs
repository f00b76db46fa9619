//! Findings and their wording.

use super::apply_all;
use crate::{
    event::{
        self, Disposition, ForkFailed, Gap, GapCause, Kind, Purpose, SigchldPolicy, Waits, What,
        script::{MS, SEC, START, Script, US},
    },
    model::FindingKind,
};

fn says(script: &Script, now: u64) -> Vec<(FindingKind, String)> {
    let model = apply_all(&script.events);
    let findings = model.findings(now).into_iter();
    findings.map(|found| (found.kind, found.says)).collect()
}

#[test]
fn init_that_cannot_exit_is_found_with_the_owner_of_the_zombie() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "unshare")
        .found(6, 1, "nsenter")
        .found_all()
        .fork_with(5, 10, |fork| (fork.ns_pid, fork.ns_level) = (1, 1))
        .fork_with(6, 11, |fork| (fork.ns_pid, fork.ns_level) = (2, 1))
        .kill(6, 10, 9)
        .killed(10, 9);
    let killed = script.clone().signal(10, 11, 9, 0x80);
    let exiting = |rest: &str| {
        let says = format!("unshare[10] has been exiting for 3.0 s{rest}");
        (FindingKind::Exiting, says)
    };
    let now = START + 3 * SEC + 10 * US;
    assert_eq!(says(&script, now), [exiting("")]);
    assert_eq!(says(&script, START + SEC), []);
    assert_eq!(
        says(&killed, now),
        [exiting(
            "; as init of a pid namespace it waits for nsenter[11], which has not ended since it \
             got SIGKILL"
        )]
    );
    let dead = killed.clone().killed(11, 9).notify(11).last_switch(11);
    assert_eq!(
        says(&dead, now)[1],
        exiting(
            "; as init of a pid namespace it waits for nsenter[11], a zombie that nsenter[6] has not \
             reaped"
        )
    );
    // The zombie is reaped, and init ends: at once, or after a while.
    let over = |script: Script| {
        let script = script.wait(6, 11).notify(10).last_switch(10).reap(10);
        let mut found = says(&script, START + 5 * SEC);
        found.retain(|(kind, _)| *kind == FindingKind::Exiting);
        found
    };
    assert_eq!(over(dead.clone()), []);
    let ended = "unshare[10] was exiting for 4.0 s".to_owned();
    let late = dead.at(4 * SEC + MS);
    assert_eq!(over(late.clone()), [(FindingKind::Exiting, ended)]);
    // With a gap in between, its end may have been missed.
    assert_eq!(over(late.lose(Kind::Notify, 1)), []);
    // Where no hook shows the end of an exit, it lasts until the reap.
    let blind = Script::new().session_with(|session| {
        for hook in &mut session.hooks {
            if matches!(hook.purpose, Purpose::Zombie | Purpose::Switch) {
                hook.hook = None;
            }
        }
    });
    assert_eq!(says(&blind.fork(5, 10).exit(10, 0), now), []);
}

#[test]
fn unreaped_zombies_are_found_with_the_owners_behaviour() {
    let mut script = Script::new()
        .session()
        .found(1, 0, "systemd")
        .found(812, 1, "nginx")
        .found_all()
        .at(SEC)
        .event(
            812,
            What::Waits(Waits {
                count: 9,
                last: START + SEC,
            }),
        );
    let heir = script.process(1);
    for child in 0..37 {
        let pid = 2000 + child;
        script = script
            .at(2 * SEC + u64::from(child) * MS)
            .fork(812, pid)
            .exit(pid, 0)
            .notify_with(pid, |notify| {
                notify.sigchld_policy = Some(SigchldPolicy {
                    sigchld: Disposition::Caught,
                    blocked: true,
                    ..SigchldPolicy::default()
                });
                notify.heir = Some(heir);
            });
    }
    let found = says(&script, START + 254 * SEC);
    assert_eq!(
        found,
        [(
            FindingKind::Unreaped,
            "nginx[812] has not reaped 37 children; oldest 4m 11s; it last waited 4m 13s ago; \
             SIGCHLD is blocked; if it exits, systemd[1] inherits them"
                .to_owned()
        )]
    );
    // Within a second of the exit, zombies are no finding.
    assert_eq!(says(&script, START + 2 * SEC + 40 * MS), []);
}

#[test]
fn never_waited_differs_from_not_seen_waiting() {
    let script = Script::new()
        .session()
        .fork(1, 10)
        .fork(10, 11)
        .die(11, 0)
        .fork(9, 12)
        .die(12, 0);
    let found = says(&script, START + 10 * SEC);
    assert!(
        found
            .iter()
            .any(|(_, says)| says.contains("old[10]") && says.contains("has never waited")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(_, says)| says.contains("?[9]")
                && says.contains("not waited since tracing began")),
        "{found:?}"
    );
}

#[test]
fn failed_forks_are_found_with_the_limit() {
    let failed = ForkFailed {
        errno: 11,
        comm: crate::event::Comm::new(b"make"),
        processes: Some(100),
        max_processes: Some(100),
        ..ForkFailed::default()
    };
    let fails = |script: Script| script.event(33, What::ForkFailed(Box::new(failed.clone())));
    let script = fails(fails(Script::new().session().fork(1, 33)));
    assert_eq!(
        says(&script, START + SEC),
        [(
            FindingKind::ForkFailed,
            "make[33] could not fork, 2 times: EAGAIN: its user has reached RLIMIT_NPROC 100"
                .to_owned()
        )]
    );
    assert_eq!(apply_all(&script.events).totals().failed_forks, 2);
}

#[test]
fn repeated_crashes_are_found_and_kills_by_others_are_not() {
    let mut script = Script::new().session();
    for pid in 10..14 {
        script = script
            .fork(1, pid)
            .signal(pid, pid, 11, 1)
            .killed(pid, 11)
            .notify(pid)
            .wait(1, pid);
        script = script
            .fork(1, pid + 50)
            .kill(1, pid + 50, 9)
            .killed(pid + 50, 9)
            .notify(pid + 50);
        script = script.wait(1, pid + 50);
    }
    let found = says(&script, START + SEC);
    assert_eq!(
        found,
        [(
            FindingKind::Crashing,
            "old died of SIGSEGV 4 times".to_owned()
        )]
    );
}

/// vfork blocks the caller until the child executes a program or exits.
#[test]
fn vfork_wait_ends_at_exec_or_exit() {
    let script = Script::new()
        .session()
        .vfork(1, 10)
        .at(3 * MS)
        .exec(10, "true", &["true"])
        .vfork(1, 11)
        .at(9 * MS)
        .exit(11, 0);
    let model = apply_all(&script.events);
    let wait = |pid| super::one(&model, pid).vfork_wait(model.now());
    assert_eq!(wait(10), Some(3 * MS - forked_after(&model, 10)));
    assert_eq!(wait(11), Some(9 * MS - forked_after(&model, 11)));
}

fn forked_after(model: &crate::model::Model, pid: u32) -> u64 {
    super::one(model, pid).forked_at.unwrap() - START
}

#[test]
fn untraced_time_is_found() {
    let untraced = What::Gap(Box::new(Gap {
        since: START,
        lost: Vec::new(),
        cause: GapCause::Untraced,
    }));
    let script = Script::new().session().at(3 * SEC).event(0, untraced);
    assert_eq!(
        says(&script, START + 3 * SEC),
        [(
            FindingKind::Lost,
            "For 3.0 s no tracer was running, once: what happened then is unknown, counts are \
             lower bounds"
                .to_owned()
        )]
    );
}

#[test]
fn larger_buffer_is_not_advised_for_counts_kept_in_tables() {
    let advised = |lost| {
        let script = Script::new().session().lose(lost, 7);
        let says = says(&script, START + SEC);
        says.iter().any(|(_, says)| says.contains("--buffer"))
    };
    assert!(advised(event::Kind::Fork));
    assert!(!advised(event::Kind::States));
}

/// vfork's wait ends when the waiting thread is killed, although the child lives on.
#[test]
fn vfork_wait_ends_with_the_waiting_thread() {
    let script = Script::new().session().fork(1, 9).vfork(9, 10);
    let killed = script.at(3 * MS).killed(9, 9).at(300 * MS).fork(1, 12);
    let model = apply_all(&killed.events);
    let wait = |model: &crate::model::Model, pid| super::one(model, pid).vfork_wait(model.now());
    assert_eq!(wait(&model, 10), Some(3 * MS - forked_after(&model, 10)));

    // Another thread executes a program: the waiting one is killed.
    let script = Script::new()
        .session()
        .fork(1, 9)
        .thread(9, 20)
        .vfork(20, 10);
    let script = script.at(3 * MS).exec_by(9, "true", &["true"]);
    let script = script.at(300 * MS).fork(1, 12);
    let model = apply_all(&script.events);
    assert_eq!(wait(&model, 10), Some(3 * MS - forked_after(&model, 10)));

    // A thread that goes on after the vfork and ends later changes nothing.
    let script = Script::new()
        .session()
        .fork(1, 9)
        .thread(9, 20)
        .vfork(20, 10);
    let script = script.at(2 * MS).exec(10, "true", &["true"]);
    let model = apply_all(&script.at(5 * MS).exit(20, 0).events);
    assert_eq!(wait(&model, 10), Some(2 * MS - forked_after(&model, 10)));
}

/// Returns a process `leak` with six zombies that exits after two seconds.
fn leak() -> Script {
    let mut script = Script::new()
        .session()
        .found(1, 0, "systemd")
        .found(2, 1, "tini")
        .found_all()
        .at(SEC)
        .fork(2, 21)
        .exec(21, "python3", &["python3"]);
    for child in 30..36 {
        script = script.fork(21, child).die(child, 0);
    }
    let tini = script.process(2);
    script = script
        .at(3 * SEC)
        .exit_with(21, |exit| exit.reaper = Some(tini));
    for child in 30..36 {
        script = script.reparent_zombie(21, child, 2);
    }
    script.notify(21).last_switch(21).wait(2, 21)
}

fn reap_all(mut script: Script, by: u32) -> Script {
    for child in 30..36 {
        script = script.wait(by, child).free(child);
    }
    script
}

#[test]
fn former_zombies_are_found_with_owner_heir_and_time() {
    let reaped = reap_all(leak(), 2).free(21).at(60 * SEC).fork(1, 50);
    let model = apply_all(&reaped.events);
    let findings = model.findings(model.now());
    assert_eq!(findings.len(), 1, "{findings:?}");
    let found = &findings[0];
    assert_eq!(found.kind, FindingKind::LeftZombies);
    assert_eq!(found.process, model.find_pid(21));
    assert_eq!(
        found.says,
        "python3[21] left 6 zombies for up to 1.9 s, until it exited; tini[2] reaped them"
    );
    let (since, until) = (found.since.unwrap() - START, found.until.unwrap() - START);
    assert!(
        (SEC..SEC + MS).contains(&since) && until == 3 * SEC,
        "{since} {until}"
    );
    // The heir reaped at once.
    let tini = &model.tally().reapers.by_owner[&model.find_pid(2)];
    assert_eq!((tini.reaped.count, tini.left.len()), (7, 0));
    assert!(tini.reaped.max < MS);
}

#[test]
fn heir_is_charged_for_its_own_time() {
    // Half a second after it inherited them, the heir is no finding.
    let found = says(&leak(), START + 3 * SEC + 500 * MS);
    assert_eq!(
        found,
        [(
            FindingKind::LeftZombies,
            "python3[21] left 6 zombies for up to 1.9 s, until it exited; tini[2] owns them now"
                .to_owned()
        )]
    );
    let found = says(&leak(), START + 5 * SEC);
    assert_eq!(
        found[0],
        (
            FindingKind::Unreaped,
            "tini[2] has not reaped 6 children; oldest 3.9 s; it inherited them 2.0 s ago; \
             it last waited 1.9 s ago"
                .to_owned()
        )
    );
}

#[test]
fn zombie_held_by_a_tracer_names_the_tracer() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(5, 1, "sh")
        .found(6, 1, "gdb")
        .found_all()
        .fork(5, 10);
    let mut script = script.exit(10, 0);
    let (sh, gdb) = (script.process(5), script.process(6));
    let held = script
        .notify_with(10, |notify| notify.owner = gdb)
        .last_switch(10);
    assert_eq!(
        says(&held, START + 3 * SEC),
        [(
            FindingKind::Unreaped,
            "gdb[6] traces 1 zombie and has not waited for it; oldest 2.9 s; until it waits, \
             sh[5] cannot; it has not waited since tracing began"
                .to_owned()
        )]
    );
    let freed = held.at(3 * SEC).exit(6, 0).event(
        6,
        What::Notify(event::Notify {
            owner: sh,
            seen_pid: 10,
            exited: event::ExitedProcess::ChildPid(10),
            autoreap: false,
            sigchld_policy: None,
            heir: None,
        }),
    );
    assert_eq!(
        says(&freed.wait(5, 10).notify(6).wait(1, 6), START + 4 * SEC),
        [(
            FindingKind::LeftZombies,
            "gdb[6] held 1 zombie for 2.9 s as its tracer; sh[5] reaped it".to_owned()
        )]
    );
}

/// Evicted owners are named by command, and their number stays right.
#[test]
fn former_zombies_of_evicted_owners_stay_found() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for (number, owner) in (100..140).step_by(2).enumerate() {
        let second = 10 * number as u64 * SEC;
        script = script.at(second).fork(1, owner).fork(owner, owner + 1);
        script = script
            .die(owner + 1, 0)
            .at(second + 2 * SEC)
            .wait(owner, owner + 1);
        script = script.free(owner + 1).die(owner, 0).reap(owner);
    }
    let mut model = crate::model::Model::new(crate::model::Retention {
        exited: 0,
        max_age: 0,
        ..crate::model::Retention::ALL
    });
    script.events.iter().for_each(|event| model.apply(event));
    assert!(model.find_pid(100).is_none());
    let found = model.findings(model.now());
    assert_eq!(found.len(), 1, "{found:?}");
    let says = "init × 20 left 20 zombies for up to 1.9 s, then they reaped them";
    assert_eq!((found[0].says.as_str(), found[0].count), (says, 20));
    assert!(found[0].since.unwrap() < START + SEC && found[0].until.unwrap() > START + 190 * SEC);
}

/// Many owners are summed up.
#[test]
fn few_of_many_former_zombies_are_listed() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for owner in (100..140).step_by(2) {
        script = script
            .at(0)
            .fork(1, owner)
            .fork(owner, owner + 1)
            .die(owner + 1, 0);
        script = script.at(u64::from(owner) * SEC).wait(owner, owner + 1);
    }
    let found = says(&script, START + 200 * SEC);
    assert_eq!(found.len(), 13, "{found:?}");
    assert_eq!(
        found[12].1,
        "In 8 further cases, 8 zombies were left, the longest for 1m 53s"
    );
}
