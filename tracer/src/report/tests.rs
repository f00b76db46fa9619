//! Tests of the report's contents and its limits.

use super::summary;
use crate::{
    event::{
        Gap, GapCause, Hook, Kind, Purpose, StateTimes, TaskState, Text, What,
        script::{MS, SEC, Script, memcg_victim},
    },
    model::{Model, Retention},
};

fn model(script: Script) -> Model {
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    model
}

/// Returns a night on a small server: cron starts shells that fail, one is killed by
/// a user, one by the OOM killer, and nginx reaps nothing.
fn night() -> Script {
    let mut script = Script::new()
        .session_with(|session| {
            let zombie = |hook: &&mut Hook| hook.purpose == Purpose::Zombie;
            if let Some(zombie) = session.hooks.iter_mut().find(zombie) {
                zombie.loses = "not sent when SIGCHLD is ignored".into();
            }
        })
        .found(1, 0, "init")
        .found(800, 1, "cron")
        .found(812, 1, "nginx")
        .found(820, 1, "bash")
        .found_all();
    for child in 0..40 {
        let pid = 1000 + child * 2;
        script = script
            .at((1 + u64::from(child)) * SEC)
            .fork(800, pid)
            .exec(pid, "sh", &["sh", "-c", "true"])
            .vfork(pid, pid + 1)
            .exec(pid + 1, "true", &["true"])
            .die(pid + 1, 0)
            .reap(pid + 1);
        script = match child {
            20 => script
                .kill(820, pid, 9)
                .killed(pid, 9)
                .notify(pid)
                .last_switch(pid),
            _ => script.die(pid, i32::from(child % 4 == 0) * 3),
        };
        script = script.at((1 + u64::from(child)) * SEC + 5 * MS).reap(pid);
    }
    for child in 2000..2015 {
        script = script
            .fork(812, child)
            .exec(child, "cgi", &["cgi", "/index"])
            .die(child, 1);
    }
    script = script.fork(820, 3000).exec(3000, "hog", &["hog", "--all"]);
    script = script
        .event(3000, What::OomVictim(Box::new(memcg_victim())))
        .signal(820, 3000, 9, 128);
    script = script
        .killed(3000, 9)
        .notify(3000)
        .last_switch(3000)
        .reap(3000);
    script = script
        .fork(820, 3001)
        .exec(3001, "a.out", &["./a.out"])
        .signal(3001, 3001, 11, 1);
    script = script
        .killed(3001, 0x80 | 11)
        .notify(3001)
        .last_switch(3001)
        .reap(3001);
    script.lose(Kind::Fork, 7).at(60 * SEC).end()
}

#[test]
fn summary_of_a_night() {
    insta::assert_snapshot!(summary(&model(night()), 100));
}

#[test]
fn answers_are_in_the_first_30_lines() {
    let report = summary(&model(night()), 100);
    let head: Vec<_> = report.lines().take(30).collect();
    for answer in ["cron[800]", "bash[820]", "nginx[812]", "SIGKILL", "p99"] {
        assert!(
            head.iter().any(|line| line.contains(answer)),
            "{answer} in\n{}",
            head.join("\n")
        );
    }
}

/// A report of a model that evicts almost everything differs only in lists of
/// processes, and states that they are incomplete.
#[test]
fn evicted_processes_are_still_counted() {
    let report = |exited| {
        let mut model = Model::new(Retention {
            exited,
            ..Retention::ALL
        });
        night().events.iter().for_each(|event| model.apply(event));
        summary(&model, 100)
    };
    let (all, few) = (report(usize::MAX), report(3));
    let head = |report: &str| report.split_once("\nPage faults").unwrap().0.to_owned();
    assert_eq!(head(&few), head(&all));
    assert!(few.contains("no longer listed") && !all.contains("no longer listed"));
}

#[test]
fn summary_of_an_empty_stream() {
    insta::assert_snapshot!(summary(&Model::default(), 100));
}

#[test]
fn missing_hooks_are_reported_with_the_reason() {
    let script = Script::new().session_with(|session| {
        for hook in &mut session.hooks {
            if matches!(hook.purpose, Purpose::Faults | Purpose::Signal) {
                hook.hook = None;
                hook.loses = "the kernel refuses it".into();
            }
        }
    });
    let script = script.fork(5, 10).killed(10, 9).notify(10).end();
    let report = summary(&model(script), 100);
    assert!(report.contains("unknown: no hook available"), "{report}");
    assert!(
        report.contains("Page faults: unknown, the kernel refuses it"),
        "{report}"
    );
}

/// Equal events give equal bytes, no line is too long, no line has trailing spaces.
#[test]
fn reports_are_deterministic_and_bounded() {
    for width in [20, 60, 100, 200] {
        let report = summary(&model(night()), width);
        assert_eq!(report, summary(&model(night()), width));
        for line in report.lines() {
            assert!(super::page::width(line) <= width, "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn a_long_chain_of_forks_does_not_overflow_the_stack() {
    let mut script = Script::new().session();
    for pid in 10..20_000 {
        script = script.fork(pid, pid + 1);
    }
    let report = summary(&model(script), 100);
    assert!(report.contains("… 19974 more"), "{report}");
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let script = Script::new()
        .session()
        .fork(5, 10)
        .exec(10, "\x1b[2J", &["\x1b]0;x\x07", ""]);
    let report = summary(&model(script), 100);
    assert!(!report.contains('\x1b'), "{report}");
}

#[test]
fn unreadable_parts_are_counted_as_lost() {
    let gap = |events| {
        let cause = GapCause::Unreadable { events };
        What::Gap(Box::new(Gap {
            since: 0,
            lost: Vec::new(),
            cause,
        }))
    };
    let script = Script::new()
        .session()
        .fork(5, 10)
        .event(0, gap(None))
        .event(0, gap(Some(12)));
    let report = summary(&model(script), 100);
    assert!(
        report.contains("Lost     at least 12 records in 2 gaps"),
        "{report}"
    );
    assert!(
        report.contains("Lost records: unreadable parts of the recording"),
        "{report}"
    );
}

#[test]
fn task_states_with_incomplete_records() {
    let times = |running, runnable, uninterruptible| StateTimes {
        running,
        runnable,
        uninterruptible,
        ..StateTimes::default()
    };
    let script = Script::new()
        .session()
        .found(12, 1, "postgres")
        .fork(12, 20)
        .wakeup(20)
        .first_run(20)
        .at(4 * SEC)
        .states(
            12,
            TaskState::Uninterruptible,
            SEC,
            times(300 * MS, 10 * MS, 2 * SEC),
        )
        .states(20, TaskState::Runnable, 0, times(200 * MS, 3 * SEC, 0))
        .die(20, 0)
        .reap(20);
    let model = model(script);
    let mut page = super::page::Page::new(100);
    super::states::write(&model, &mut page);
    insta::assert_snapshot!(page.text());
    assert!(summary(&model, 100).contains("Task states: of 2 processes"));
}

#[test]
fn uncounted_states_are_not_reported_as_zero() {
    let model = model(night());
    let mut page = super::page::Page::new(100);
    super::states::write(&model, &mut page);
    let text = page.text();
    assert!(text.contains("not counted"), "{text}");
    assert!(!summary(&model, 100).contains("Task states"));
}

#[test]
fn report_begins_with_the_command() {
    let begin = |end: fn(Script) -> Script| {
        let script = Script::new()
            .session_with(|session| {
                session.command = Text::new(b"tracer\0record\0f\0--\0make\0-j2\0");
                session.tracer_pid = 50;
            })
            .found(50, 1, "tracer")
            .found_all()
            .vfork(50, 60)
            .exec(60, "make", &["make", "-j2"])
            .fork(60, 61)
            .fork(1, 70);
        let report = summary(&model(end(script.at(16 * SEC + MS))), 100);
        report.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        begin(|script| script.die(60, 2).reap(60)),
        "Your command: make -j2: 2 processes, 16.0 s, exit 2"
    );
    assert_eq!(
        begin(|script| script.kill(70, 60, 9).killed(60, 9)),
        "Your command: make -j2: 2 processes, 16.0 s, SIGKILL"
    );
    assert_eq!(
        begin(|script| script.fork(60, 62)),
        "Your command: make -j2: 3 processes, 16.0 s, alive"
    );
}

#[test]
fn exiting_processes_are_counted_and_shown_with_their_time() {
    let script = Script::new()
        .session()
        .found(5, 1, "sh")
        .found_all()
        .fork(5, 10)
        .killed(10, 9)
        .at(13 * SEC + MS)
        .exec(5, "sh", &["sh"]);
    let report = summary(&model(script), 100);
    for line in [
        "1 alive, 0 zombies, 1 exiting for 13.0 s",
        "sh[10]  SIGKILL, exiting for 13.0 s",
    ] {
        assert!(report.contains(line), "{report}");
    }
}
