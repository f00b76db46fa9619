//! Tests of the report's contents and its limits.

use super::{Layout, Rows, SECTIONS, TABLES, summary, text};
use crate::{
    event::{
        AddressSpace, Gap, GapCause, Hook, Kind, Purpose, StateTimes, TaskState, Text, What,
        script::{MS, SEC, START, Script, memcg_victim},
    },
    filter::{Filter, SavedFilters},
    model::{Model, Retention},
};

fn model(script: Script) -> Model {
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    model
}

fn section(model: &Model, name: &str) -> String {
    filtered(model, name, None, Rows::Usual)
}

fn filtered(model: &Model, name: &str, filter: Option<&str>, rows: Rows) -> String {
    let filter = filter.map(|text| Filter::parse(text, &SavedFilters::new()).unwrap());
    let layout = Layout {
        rows,
        ..Layout::from(usize::MAX)
    };
    let sections = SECTIONS.iter().filter(|section| section.name == name);
    let sections: Vec<_> = sections.collect();
    assert_eq!(sections.is_empty(), name == "summary");
    text(model, &sections, filter.as_ref(), layout)
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
    let text = section(&model, "states");
    insta::assert_snapshot!(text.split_once("\n\n").unwrap().1);
    assert!(summary(&model, 100).contains("Task states: of 2 processes"));
}

#[test]
fn uncounted_states_are_not_reported_as_zero() {
    let model = model(night());
    let text = section(&model, "states");
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
        begin(|script| script.lose(Kind::Fork, 7).die(60, 0)),
        "Your command: make -j2: at least 2 processes, 16.0 s, exit 0"
    );
    assert_eq!(
        begin(|script| script.fork(60, 62)),
        "Your command: make -j2: 3 processes, 16.0 s, alive"
    );
}

#[test]
fn command_that_ended_before_a_part_is_said_to_have_done_so() {
    let script = Script::new()
        .session_with(|session| {
            session.command = Text::new(b"tracer\0record\0f\0--\0make\0");
            session.tracer_pid = 50;
        })
        .found(50, 1, "tracer")
        .found_all()
        .vfork(50, 60)
        .die(60, 2)
        .wait(50, 60);
    let mut model = model(script);
    model.count_from(START + SEC, Retention::default());
    let report = summary(&model, 100);
    let first = report.lines().next().unwrap();
    assert!(
        first.starts_with("Your command: make: ended before this part, ")
            && first.ends_with("exit 2"),
        "{first}"
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

/// Returns a storm: 500 failures of one command, two deaths by signal before it, and a
/// different failure among it.
fn storm() -> Model {
    let mut script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(50, 1, "bash")
        .found_all()
        .at(SEC)
        .fork(50, 60)
        .exec(60, "worker", &["worker", "--once"])
        .signal(60, 60, 11, 1)
        .killed(60, 0x80 | 11)
        .notify(60)
        .reap(60)
        .fork(50, 61)
        .exec(61, "worker", &["worker", "--twice"])
        .kill(50, 61, 9)
        .killed(61, 9)
        .notify(61)
        .reap(61);
    for pid in 1000..1500 {
        script = script.at(2 * SEC + u64::from(pid) * MS).fork(50, pid);
        script = script.exec(pid, "sh", &["sh", "-c", "exit 1"]);
        if pid == 1200 {
            script = script.die(pid, 7).reap(pid);
        } else {
            script = script.die(pid, 1).reap(pid);
        }
    }
    model(script.fork(50, 2000).die(2000, 0).reap(2000).end())
}

#[test]
fn deaths_by_signal_come_before_a_storm_of_failures() {
    let model = storm();
    insta::assert_snapshot!(section(&model, "deaths").split_once("\n\n").unwrap().1);
    let all = filtered(&model, "deaths", None, Rows::All);
    assert_eq!(all.matches("exit 1 ").count(), 499, "{all}");
    assert!(all.contains("sh[1200]") && all.contains("exit 7"));
    let top = filtered(&model, "deaths", None, Rows::Top(1));
    assert!(
        top.contains("worker[61]") && !top.contains("worker[60]"),
        "{top}"
    );
    assert!(top.contains("  3 more: --top N or --all"), "{top}");
}

/// A filter changes the processes of a section and keeps its shape.
#[test]
fn filtered_sections_keep_their_shape() {
    let model = storm();
    let filter = Some("exit.code == 7 || exit.signal == KILL");
    let titles = |text: &str| {
        let first = |line: &str| line.split([':', '(', ',']).next().unwrap().to_owned();
        let titles = text.split("\n\n").skip(1);
        titles
            .map(|part| first(part.lines().next().unwrap()))
            .collect::<Vec<_>>()
    };
    for section in &SECTIONS {
        let whole = filtered(&model, section.name, None, Rows::Usual);
        let some = filtered(&model, section.name, filter, Rows::Usual);
        assert_eq!(titles(&whole), titles(&some), "{some}");
        assert!(
            some.contains("Filter   2 of 505 processes: exit.code == 7"),
            "{some}"
        );
        assert!(some.contains("Exited   2 processes: 0 ok, 1 with an error code, 1 killed"));
    }
    let deaths = filtered(&model, "deaths", filter, Rows::Usual);
    assert!(
        deaths.contains("Deaths: 1 by signal, 1 with an error code, 0 ok"),
        "{deaths}"
    );
    assert!(
        deaths.contains("sh[1200]") && !deaths.contains("worker[60]"),
        "{deaths}"
    );
    let tree = filtered(&model, "tree", filter, Rows::Usual);
    assert!(tree.contains("bash[50]\n├─ worker[61]  SIGKILL"), "{tree}");
    assert!(
        tree.contains("└─ sh[1200]  exit 7") && !tree.contains("more"),
        "{tree}"
    );
    let summary = filtered(&model, "summary", filter, Rows::Usual);
    assert!(summary.contains("\nProcesses\n"), "{summary}");
    // A successful death is listed if it is asked for.
    let ok = filtered(&model, "deaths", Some("pid == 2000"), Rows::Usual);
    assert!(ok.contains("bash[2000]  ok"), "{ok}");
    let zombies = filtered(
        &self::model(night()),
        "zombies",
        Some("comm == nginx"),
        Rows::Usual,
    );
    assert!(zombies.contains("Not reaped: 15 zombies"), "{zombies}");
    assert!(!zombies.contains("cron"), "{zombies}");
}

/// The costliest fork is listed, however little its parent forked otherwise.
#[test]
fn costliest_fork_is_never_omitted() {
    let mut at = SEC;
    let mut script = Script::new().session();
    let mut fork = |script: Script, parent, child, took: u64| {
        at += 20 * MS;
        let asked = START + at - took;
        script.at(at).fork_with(parent, child, |fork| {
            fork.requested_at = Some(asked);
            fork.copied = Some(AddressSpace::default());
        })
    };
    for parent in 100..130 {
        for child in 0..20 {
            script = fork(script, parent, parent * 100 + child, MS);
        }
    }
    script = fork(script, 200, 201, 14_400_000);
    let report = section(&model(script), "forks");
    let (by_parent, single) = report.split_once("Costliest forks\n").unwrap();
    assert!(!by_parent.contains("?[200]"), "{by_parent}");
    assert!(
        by_parent.contains("  21 more: --top N or --all"),
        "{by_parent}"
    );
    let first = single.lines().nth(1).unwrap();
    assert!(
        first.contains("14.4 ms") && first.contains("?[200]   old[201]"),
        "{single}"
    );
    assert!(single.contains("  591 more: --top N or --all"), "{single}");
}

/// Every table of the report has a name and keys of its own.
#[test]
fn names_of_tables_and_keys_are_unique() {
    let unique = |names: Vec<&str>| {
        let set: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(set.len(), names.len(), "{names:?}");
    };
    unique(TABLES.iter().map(|table| table.name).collect());
    for table in TABLES {
        unique(table.columns.iter().map(|column| column.key).collect());
    }
}

/// Processes that ended just before a part are in the model: their last record was to come.
#[test]
fn part_of_a_recording_counts_and_lists_only_its_own_processes() {
    let before = night().at(100 * SEC).fork(800, 10).fork(10, 11).die(10, 3);
    let before = before.reap(10).fork(800, 12).die(12, 4).fork(800, 13);
    let before = before.fork(800, 15).die(15, 99).wait(800, 15);
    let events_before = before.events.len();
    let script = before.at(101 * SEC).free(10).reap(12);
    let script = script.fork(800, 14).die(14, 5).reap(14).die(13, 6);
    let mut model = Model::default();
    for (number, event) in script.events.iter().enumerate() {
        if number == events_before {
            model.count_from(START + 101 * SEC, Retention::default());
        }
        model.apply(event);
    }
    let report = section(&model, "deaths");
    for line in [
        "Started  1 process (fork 1), 0 threads, 0 execs",
        "Exited   2 processes: 0 ok, 2 with an error code, 0 killed by a signal",
        "Reaped   2 by a wait, 0 by the kernel",
    ] {
        assert!(report.lines().any(|it| it == line), "{line}\n{report}");
    }
    let listed = [10, 11, 12, 13, 14].map(|pid| {
        let filter = format!("pid == {pid}");
        let report = filtered(&model, "processes", Some(&filter), Rows::All);
        report.contains(&format!("cron[{pid}]"))
    });
    assert_eq!(listed, [false, true, true, true, true]);
    assert!(!section(&model, "tree").contains("exit 99"));
}
