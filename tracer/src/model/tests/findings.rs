//! What is found, in the words that a person reads.

use super::told;
use crate::{
    event::{
        self, Disposition, ForkFailed, Gap, GapCause, SigchldPolicy, Waits, What,
        script::{MS, SEC, START, Script},
    },
    model::FindingKind,
};

fn says(script: &Script, now: u64) -> Vec<(FindingKind, String)> {
    let model = told(&script.events);
    let findings = model.findings(now).into_iter();
    findings.map(|found| (found.kind, found.says)).collect()
}

#[test]
fn who_does_not_reap_is_told_with_what_it_does_instead() {
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
            .notify_with(pid, |told| {
                told.sigchld_policy = Some(SigchldPolicy {
                    sigchld: Disposition::Caught,
                    blocked: true,
                    ..SigchldPolicy::default()
                });
                told.heir = Some(heir);
            });
    }
    let found = says(&script, START + 254 * SEC);
    assert_eq!(
        found,
        [(
            FindingKind::Unreaped,
            "nginx[812] has not reaped 37 children; oldest 4m 11s; it last waited 4m 13s ago; \
             SIGCHLD is blocked; if it ended, systemd[1] would inherit them"
                .to_owned()
        )]
    );
    // A second ago they were only just dead.
    assert_eq!(says(&script, START + 2 * SEC + 40 * MS), []);
}

#[test]
fn who_never_waited_is_told_apart_from_who_was_not_seen_to() {
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
fn who_cannot_fork_is_told_with_the_limit() {
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
    assert_eq!(told(&script.events).totals().failed_forks, 2);
}

#[test]
fn who_crashes_again_and_again_is_told_and_who_was_killed_by_hand_is_not() {
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

/// vfork holds the caller until the child runs a program of its own.
#[test]
fn how_long_vfork_held_the_caller() {
    let script = Script::new()
        .session()
        .vfork(1, 10)
        .at(3 * MS)
        .exec(10, "true", &["true"])
        .vfork(1, 11)
        .at(9 * MS)
        .exit(11, 0);
    let model = told(&script.events);
    let held = |pid| super::one(&model, pid).vfork_wait(model.now());
    assert_eq!(held(10), Some(3 * MS - held_since(&model, 10)));
    assert_eq!(held(11), Some(9 * MS - held_since(&model, 11)));
}

fn held_since(model: &crate::model::Model, pid: u32) -> u64 {
    super::one(model, pid).forked_at.unwrap() - START
}

#[test]
fn a_time_in_which_nobody_traced_is_told() {
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
            "For 3.0 s no tracer was at work, once: what happened then is unknown, counts are \
             lower bounds"
                .to_owned()
        )]
    );
}

#[test]
fn a_larger_buffer_is_not_advised_for_what_has_a_table_of_its_own() {
    let advised = |lost| {
        let script = Script::new().session().lose(lost, 7);
        let says = says(&script, START + SEC);
        says.iter().any(|(_, says)| says.contains("--buffer"))
    };
    assert!(advised(event::Kind::Fork));
    assert!(!advised(event::Kind::States));
}
