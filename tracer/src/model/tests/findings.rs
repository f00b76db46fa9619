//! Findings and their wording.

use super::apply_all;
use crate::{
    event::{
        self, Disposition, ForkFailed, Gap, GapCause, Purpose, SigchldPolicy, Waits, What,
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
    // The zombie is reaped, and init ends.
    let over = dead.wait(6, 11).notify(10).last_switch(10);
    assert!(
        says(&over, now)
            .iter()
            .all(|(kind, _)| *kind != FindingKind::Exiting)
    );
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
