//! Tests of filters on a small host, and of error messages.

use proptest::prelude::*;

use super::{
    Error, FIELDS, Filter, SavedFilters,
    guide::{self, EXAMPLES},
    parse,
};
use crate::{
    event::{
        Comm, Faults, OomVictim, Purpose, Relations, StateTimes, TaskState, Text, Uid, User, What,
        script::{MS, SEC, START, Script, memcg_victim},
    },
    model::Model,
};

/// Builds a host with init, a shell with three jobs (one succeeds, one fails, one
/// is killed by the shell), a daemon with a zombie, and an unknown process.
fn host() -> Model {
    let script = Script::new()
        .session_with(|session| session.page_size = 4096)
        .found(1, 0, "init")
        .found_with(50, 1, "daemon", |found| found.argv = None)
        .found_all()
        .fork(1, 100)
        .exec(100, "sh", &["sh", "-c", "make all"])
        .at(SEC)
        .fork(100, 101)
        .exec(101, "cc1", &["cc1", "-O2", "a.c"])
        .event(
            101,
            What::Faults(Box::new(
                Faults {
                    cow_copy: 2_000,
                    ..Faults::default()
                }
                .into(),
            )),
        )
        .fork(100, 102)
        .exec(102, "cc1", &["cc1", "-O2", "b.c"])
        .fork(100, 103)
        .exec(103, "ld", &["ld", "/usr/lib/x.o"])
        .at(2 * SEC)
        .die(101, 0)
        .reap(101)
        .die(102, 3)
        .reap(102)
        .kill(100, 103, 9)
        .killed(103, 9)
        .notify(103)
        .last_switch(103)
        .reap(103)
        .fork(50, 104)
        .die(104, 0)
        .at(4 * SEC)
        .fork(7_000, 7_001)
        .at(4 * SEC + 10 * MS);
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    model
}

#[test]
fn oom_victims_match_by_cgroup() {
    let script = Script::new()
        .session()
        .fork(1, 100)
        .fork(1, 101)
        .fork(1, 102)
        .event(101, What::OomVictim(Box::new(memcg_victim())))
        .event(102, What::OomVictim(Box::new(OomVictim::NotLogged)))
        .killed(101, 9)
        .killed(102, 9);
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    let cases: &[(&str, &[u32])] = &[
        ("oom", &[101, 102]),
        ("oom.constraint == CONSTRAINT_MEMCG", &[101]),
        ("oom.constraint != CONSTRAINT_NONE && oom", &[101]),
        ("oom.memcg == \"/jobs\"", &[101]),
        ("oom && !known(oom.memcg)", &[102]),
    ];
    for (filter, pids) in cases {
        assert_eq!(kept_of(&model, filter), *pids, "{filter}");
    }
}

fn kept(filter: &str) -> Vec<u32> {
    kept_of(&host(), filter)
}

fn kept_of(model: &Model, filter: &str) -> Vec<u32> {
    let filter =
        Filter::parse(filter, &SavedFilters::new()).unwrap_or_else(|error| panic!("{error}"));
    let kept = model
        .processes()
        .filter(|(key, _)| filter.keeps(model, *key, START + 10 * SEC));
    kept.map(|(_, process)| process.id.tgid).collect()
}

#[test]
fn comparisons_follow_the_field_kind() {
    let cases: &[(&str, &[u32])] = &[
        ("pid == 101", &[101]),
        ("pid in (101, 103)", &[101, 103]),
        ("ppid == 50", &[104]),
        ("comm == cc1", &[101, 102]),
        ("comm =~ /^c/ && argv =~ /b\\.c$/", &[102]),
        ("argv =~ \"cc1 -O2\"", &[101, 102]),
        ("exe == \"/bin/ld\"", &[103]),
        ("state == zombie", &[104]),
        ("exit.code == 3", &[102]),
        ("code > 0", &[102]),
        ("exit.signal == KILL", &[103]),
        ("signal = SIGKILL", &[103]),
        ("signal == 9", &[103]),
        ("killer == sh && killer.pid == 100", &[103]),
        ("faults.cow > 1.5k", &[101]),
        ("zombie > 5s", &[104]),
        ("zombie >= 100h", &[]),
        ("exit.core || oom", &[]),
        (
            "execs >= 1 && children == 0 && state != alive",
            &[101, 102, 103],
        ),
        ("/USR.LIB/i", &[103]),
        ("\"B.C\"", &[102]),
    ];
    for (filter, pids) in cases {
        assert_eq!(kept(filter), *pids, "{filter}");
    }
}

#[test]
fn conditions_are_combined_and_negated() {
    assert_eq!(kept("comm == cc1 && !(exit.code == 0)"), [102]);
    assert_eq!(kept("comm == ld or comm == cc1 and code == 3"), [102, 103]);
    assert_eq!(kept("not comm == cc1 && tree(sh)"), [100, 103]);
}

#[test]
fn tree_and_parent_match_relatives() {
    assert_eq!(kept("tree(100)"), [100, 101, 102, 103]);
    assert_eq!(
        kept("tree(comm == sh) && parent(comm == sh)"),
        [101, 102, 103]
    );
    assert_eq!(kept("tree(daemon)"), [50, 104]);
}

/// A shell that became make, a Python program that renamed itself and has a child, a
/// process that was found and then exec'ed, and one with a lost fork record.
fn renamed() -> Model {
    let rename = |comm: &[u8]| What::Comm(Comm::new(comm));
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found_with(20, 1, "login", |found| found.argv = None)
        .found_all()
        .fork(1, 10)
        .exec(10, "sh", &["sh", "-c", "exec make all"])
        .exec(10, "make", &["make", "all"])
        .fork(1, 30)
        .exec(30, "python3", &["python3", "app.py"])
        .event(30, rename(b"app: main"))
        .event(30, rename(b"app: idle"))
        .fork_with(30, 31, |fork| fork.comm = Comm::new(b"app: idle"))
        .event(31, rename(b"app: worker"))
        .exec(20, "bash", &["-bash"])
        .event(40, rename(b"late"));
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    model
}

#[test]
fn a_process_is_found_by_every_name_that_it_had() {
    let model = renamed();
    let cases: &[(&str, &[u32])] = &[
        ("tree(python3)", &[30, 31]),
        ("tree(\"app: main\")", &[30, 31]),
        ("tree(\"app: idle\")", &[30, 31]),
        ("tree(sh)", &[10]),
        ("tree(login) && tree(bash)", &[20]),
        ("parent(python3)", &[31]),
        ("comm == python3", &[]),
        ("comm == \"app: idle\"", &[30]),
        ("ever.comm == python3", &[30]),
        ("ever.comm in (make, python3)", &[10, 30]),
        ("ever.comm =~ /^app/", &[30, 31]),
        // It inherited that name, and renamed itself.
        ("ever.comm == \"app: idle\"", &[30, 31]),
        // The name that an exec replaced was the parent's.
        ("ever.comm == init", &[1]),
        ("ever.argv == \"sh -c exec make all\"", &[10]),
        ("ever.exe == \"/bin/sh\"", &[10]),
        ("/sh -c/ || \"APP.PY\"", &[10, 30, 31]),
        // Names of 40 before its rename were not seen.
        ("ever.comm != python3", &[1, 10, 20, 31]),
        ("ever.comm !~ /app|late/", &[1, 10, 20]),
        ("ever.comm == late", &[40]),
        ("known(ever.argv)", &[1, 10, 20, 30, 31]),
    ];
    for (filter, pids) in cases {
        let mut kept = kept_of(&model, filter);
        kept.sort_unstable();
        assert_eq!(kept, *pids, "{filter}");
    }
}

#[test]
fn names_that_were_dropped_are_unknown() {
    let mut script = Script::new()
        .session()
        .fork(1, 10)
        .exec(10, "first", &["first"]);
    for number in 0..70 {
        let comm = format!("name{number}");
        script = script.event(10, What::Comm(Comm::new(comm.as_bytes())));
    }
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    assert_eq!(kept_of(&model, "ever.comm == first"), [10]);
    assert_eq!(kept_of(&model, "ever.comm == name69"), [10]);
    assert!(kept_of(&model, "ever.comm == name1 || ever.comm != name1").is_empty());
    for number in 0..70 {
        script = script.exec(10, &format!("exec{number}"), &["exec"]);
    }
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    assert!(
        kept_of(
            &model,
            "ever.exe == \"/bin/first\" || ever.exe != \"/bin/first\""
        )
        .is_empty()
    );
}

#[test]
fn unknown_is_neither_true_nor_false() {
    // Only the PID of 7000 is known, and only the fork of 7001.
    assert!(kept("pid >= 7000 && comm == x").is_empty());
    assert!(kept("pid == 7000 && comm != x").is_empty());
    assert_eq!(kept("pid == 7000 && !known(comm)"), [7000]);
    // A known operand can decide `||` and `&&`.
    assert_eq!(kept("comm == x || pid == 7000"), [7000]);
    assert!(kept("!(comm == x && pid != 7000)").contains(&7000));
    // An absent value is known to be absent.
    assert!(kept("exit.code != 0").contains(&100));
    assert!(!kept("exit.code == 0").contains(&100));
    // The command line of the daemon is unknown.
    assert!(!kept("argv !~ /x/").contains(&50));
}

#[test]
fn fields_of_a_missing_hook_are_unknown() {
    let script = Script::new().session_with(|session| {
        let hooks = session.hooks.iter_mut();
        for hook in hooks.filter(|hook| hook.purpose == Purpose::Faults) {
            hook.hook = None;
        }
    });
    let mut model = Model::default();
    let events = script.found(1, 0, "init").found_all().events;
    events.iter().for_each(|event| model.apply(event));
    assert!(kept_of(&model, "faults == 0 || faults != 0").is_empty());
    assert_eq!(kept_of(&model, "!known(faults)"), [1]);
}

#[test]
fn saved_filters_expand_but_not_recursively() {
    let saved: SavedFilters = [
        ("cc", "comm == cc1"),
        ("bad", "@cc && code != 0"),
        ("loop", "@loop"),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .into();
    let model = host();
    let filter = Filter::parse("!@bad && @cc", &saved).unwrap();
    let kept = model
        .processes()
        .filter(|(key, _)| filter.keeps(&model, *key, 0));
    assert_eq!(
        kept.map(|(_, process)| process.id.tgid).collect::<Vec<_>>(),
        [101]
    );
    assert!(
        Filter::parse("@loop", &saved)
            .unwrap_err()
            .message
            .contains("itself")
    );
    assert!(
        Filter::parse("@missing", &saved)
            .unwrap_err()
            .help
            .unwrap()
            .contains("@bad")
    );
}

fn wrong(text: &str) -> Error {
    Filter::parse(text, &SavedFilters::new()).unwrap_err()
}

#[test]
fn errors_show_the_place_and_a_suggestion() {
    let all = [
        "",
        "com == nginx",
        "nginx",
        "comm",
        "comm ==",
        "comm > nginx",
        "zombie > 5",
        "zombie > 5 parsecs",
        "lifetime > 5parsecs",
        "exit.signal == KIL",
        "state == undead",
        "comm =~ /ngin(x/",
        "comm =~ /nginx",
        "exe == /usr/bin/make",
        "pid =~ /1/",
        "kthread == 1",
        "(comm == a",
        "comm == a comm == b",
        "comm == a &&",
        "== a",
        "known(5)",
        "comm == \"日本",
        "comm == 日本 && ??",
        r#"comm == "a\d+""#,
        r#"comm == "日\x9""#,
        r#"comm == "\ud800\u0041""#,
        r#"comm == "a\"#,
    ];
    let errors: Vec<_> = all.iter().map(|text| wrong(text).to_string()).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("filter-errors", errors.join("\n\n"));
    });
}

#[test]
fn all_examples_parse() {
    for (example, _) in EXAMPLES {
        Filter::parse(example, &SavedFilters::new()).unwrap_or_else(|error| panic!("{error}"));
    }
    for field in FIELDS {
        let example = parse::example(field);
        Filter::parse(&example, &SavedFilters::new()).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn filters_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filters.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, guide::page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        guide::page()
    );
}

#[test]
fn depth_is_bounded() {
    let deep = "!".repeat(4_000) + "kthread";
    assert!(wrong(&deep).message.contains("too deeply"));
    let deep = "(".repeat(4_000) + "kthread";
    assert!(wrong(&deep).message.contains("too deeply"));
    let long = ["kthread"; 1_000].join("||");
    assert!(wrong(&long).message.contains("longer than"));
    assert_eq!(kept(&["pid==1"; 450].join("||")), [1]);
}

proptest! {
    /// Any text either parses or gives an error with a place in the text.
    #[test]
    fn any_text_parses_or_fails_cleanly(text in "[a-z ()&|!=<>~/.@\"'0-9\u{e9}\u{65e5}\\\\]{0,40}") {
        if let Err(error) = Filter::parse(&text, &SavedFilters::new()) {
            prop_assert!(text.get(error.place.clone()).is_some(), "{:?}", error.place);
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// A filter and its negation never keep the same process.
    #[test]
    fn a_filter_and_its_negation_are_disjoint(index in 0..EXAMPLES.len()) {
        let (model, filter) = (host(), EXAMPLES[index].0);
        let (one, other) = (kept_of(&model, filter), kept_of(&model, &format!("!({filter})")));
        prop_assert!(one.iter().all(|pid| !other.contains(pid)));
    }
}

#[test]
fn state_times_are_known_only_if_counted() {
    let times = StateTimes {
        running: 20 * MS,
        ..StateTimes::default()
    };
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(10, 1, "disk")
        .states(10, TaskState::Uninterruptible, 2 * SEC, times)
        .found_all();
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    assert_eq!(kept_of(&model, "state.uninterruptible > 1s"), [10]);
    assert_eq!(
        kept_of(&model, "state.running == 20ms && state == alive"),
        [10]
    );
    assert_eq!(kept_of(&model, "!known(state.running)"), [1]);
    assert!(kept_of(&model, "state.stopped > 0s").is_empty());
}

#[test]
fn command_term_needs_a_recorded_command() {
    let parse = |text| Filter::parse(text, &SavedFilters::new()).unwrap();
    let filter = parse("command() && lifetime > 1s");
    let error = filter.check(&host()).unwrap_err();
    assert_eq!(&error.text[error.place.clone()], "command()");
    assert!(
        error.to_string().contains("tracer ran no command here"),
        "{error}"
    );
    assert!(parse("pid > 1").check(&host()).is_ok());

    let script = Script::new()
        .session_with(|session| {
            session.command = Text::new(b"tracer\0record\0f\0--\0make\0");
            session.tracer_pid = 50;
        })
        .found(50, 1, "tracer")
        .found_all()
        .fork(50, 60)
        .fork(60, 61)
        .fork(1, 70)
        .at(5 * SEC)
        .fork(61, 62);
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    filter.check(&model).unwrap();
    assert_eq!(kept_of(&model, "command() && lifetime > 6s"), [60, 61]);
    assert_eq!(kept_of(&model, "not command()"), [50, 1, 70]);
}

/// A bound decides where it can, and nothing else does.
#[test]
fn zombie_time_between_bounds_decides_what_it_can() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .fork(1, 5)
        .fork(5, 10)
        .die(10, 0)
        .at(6 * SEC)
        .exit_with(5, |exit| {
            exit.reaper = Some(crate::event::ProcessId { tgid: 1, start: 1 })
        })
        .reparent_zombie(5, 10, 1)
        .at(7 * SEC)
        .free(10);
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    let key = model.find_pid(10).unwrap();
    let matches = |text: &str| {
        let filter = Filter::parse(text, &SavedFilters::new()).unwrap();
        filter.keeps(&model, key, model.now())
    };
    for yes in [
        "zombie > 5s",
        "zombie < 7s",
        "zombie != 8s",
        "zombie >= 5s",
        "known(zombie)",
    ] {
        assert!(matches(yes), "{yes}");
    }
    for unknown in [
        "zombie > 6500ms",
        "zombie < 6500ms",
        "zombie == 6500ms",
        "zombie != 6500ms",
    ] {
        assert!(
            !matches(unknown) && !matches(&format!("!({unknown})")),
            "{unknown}"
        );
    }
    for no in ["zombie < 5s", "zombie > 7s", "zombie == 8s"] {
        assert!(matches(&format!("!({no})")), "{no}");
    }
}

/// The user is as of the latest event: a daemon that started as root and gave up its
/// rights is found by its last one. Without the event's users nothing is known.
#[test]
fn users_match_by_id_and_name() {
    let user = |uid: u32, euid: u32| {
        Some(Relations {
            uid: Uid::new(uid),
            euid: Uid::new(euid),
            ..Relations::default()
        })
    };
    let named = |uid: u32, name: &str| User {
        uid,
        name: name.into(),
    };
    let script = Script::new()
        .session_with(|session| session.users = vec![named(0, "root"), named(33, "www-data")])
        .found_with(1, 0, "init", |found| found.relations = user(0, 0))
        .found(5, 1, "old")
        .found_all()
        .fork_with(1, 10, |fork| fork.relations = user(0, 0))
        .exit_with(10, |exit| exit.relations = user(33, 33))
        .fork_with(1, 11, |fork| fork.relations = user(1000, 0))
        .fork_with(1, 12, |fork| fork.relations = user(u32::MAX, u32::MAX));
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    for (filter, kept) in [
        ("uid == 0", &[1][..]),
        ("euid == 0", &[1, 11]),
        ("user == root", &[1]),
        ("user == www-data", &[10]),
        ("uid >= 1000", &[11]),
        ("!known(user)", &[5, 11, 12]),
        ("!known(uid)", &[5, 12]),
    ] {
        assert_eq!(kept_of(&model, filter), kept, "{filter}");
    }
}
