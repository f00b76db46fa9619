//! Tests the plan with facts recorded on real kernels (`kernels/*.facts`, written by
//! `cargo xtask vm --facts`), and generates docs/kernel-support.md.

use std::fmt::Write as _;

use super::*;
use crate::source::live::recorded::RecordedFacts;

macro_rules! kernels {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("kernels/", $file, ".facts")))),*]
    };
}

/// Kernels of `xtask/src/vm/kernels.rs`, oldest first.
const KERNELS: &[(&str, &str)] = kernels!["5.10", "6.1", "6.12", "6.18", "7.2", "7.3"];
/// A kernel that was built without kprobes and refuses fentry.
const LOCKED: &str = include_str!("kernels/locked.facts");

/// Denied hooks with which `xtask/src/vm/kernels.rs` tests every kernel.
const RUNGS: &[(&str, &str)] = &[
    ("best", ""),
    ("without fentry", "fentry"),
    ("tracepoints only", "fentry,kprobe"),
    ("raw tracepoints only", "fentry,kprobe,tp_btf"),
];

fn kernel(series: &str) -> RecordedFacts {
    let (_, facts) = KERNELS.iter().find(|(name, _)| *name == series).unwrap();
    RecordedFacts::read(facts)
}

/// Returns the hook for a purpose, or `?` if the facts are older than the rung.
fn chosen(purpose: Purpose, host: &RecordedFacts, without: &str) -> Option<String> {
    let without: DeniedHooks = without.parse().unwrap();
    for rung in LADDER.iter().filter(|rung| rung.purpose == purpose) {
        if without.0.contains(&rung.method) {
            continue;
        }
        if !host.knows(rung) {
            return Some("?".to_owned());
        }
        if obstacle(rung, host, &without).is_none() {
            return Some(rung.hook());
        }
    }
    None
}

#[test]
fn each_kernel_gets_its_best_rung() {
    use Purpose::{Exit, ExitStart, Faults, Fork, ForkFailed, Oom, Reap, Switch, Zombie};
    for (series, without, purpose, hook) in [
        ("7.3", "", Exit, "tp_btf:sched_process_exit"),
        ("6.18", "", Exit, "tp_btf:sched_process_exit"),
        ("6.12", "kprobe", Exit, "fentry:taskstats_exit"),
        ("6.12", "fentry", Exit, "kprobe:taskstats_exit"),
        ("6.12", "fentry,kprobe", Exit, "tp_btf:sched_process_exit"),
        ("5.10", "", ExitStart, "fentry:do_exit"),
        (
            "5.10",
            "fentry,kprobe",
            ExitStart,
            "tp_btf:sched_process_exit",
        ),
        ("6.12", "", Zombie, "fentry:do_notify_parent"),
        ("6.1", "fentry", Zombie, "kprobe:do_notify_parent"),
        ("6.12", "fentry,kprobe", Zombie, "tp_btf:signal_generate"),
        ("7.2", "", Reap, "fentry:release_task"),
        ("7.3", "tp_btf", Fork, "raw_tp:task_newtask"),
        // The symbol has the compiler's suffix: finish_task_switch.isra.0.
        ("7.3", "tp_btf,raw_tp", Switch, "kprobe:finish_task_switch"),
        ("7.3", "tp_btf", Oom, "raw_tp:mark_victim"),
        ("6.12", "", ForkFailed, "fexit:copy_process"),
        ("6.12", "", Faults, "fexit:handle_mm_fault"),
    ] {
        assert_eq!(
            chosen(purpose, &kernel(series), without).as_deref(),
            Some(hook),
            "{series} {purpose:?} {without}"
        );
    }
    let renamed = kernel("6.12").symbol("finish_task_switch");
    assert_eq!(renamed.as_deref(), Some("finish_task_switch.isra.0"));
    assert_eq!(
        chosen(Reap, &RecordedFacts::read(LOCKED), "fentry").unwrap(),
        "syscalls:sys_exit_wait4,sys_enter_waitid,sys_exit_waitid"
    );
}

/// Returns the facts with another answer in every line about `name`.
fn with_answer(text: &str, name: &str, answer: &str) -> RecordedFacts {
    let mut changed = false;
    let lines = text.lines().map(|line| {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next()) {
            (Some(what), Some(found)) if found == name || what == name => {
                changed = true;
                match what == name {
                    true => format!("{what} {answer}\n"),
                    false => format!("{what} {name} {answer}\n"),
                }
            }
            _ => format!("{line}\n"),
        }
    });
    let text: String = lines.collect();
    assert!(changed, "{name}");
    RecordedFacts::read(&text)
}

#[test]
fn impossible_rungs_are_not_tried() {
    let text = KERNELS[0].1;
    // mark_victim passed the pid alone before 6.8.
    let pid_alone = with_answer(text, "mark_victim", "value");
    assert_eq!(chosen(Purpose::Oom, &pid_alone, ""), None);
    // BTF has no such function, or two: hooking mm_init crashed 5.10 that way.
    let unnamed = with_answer(text, "release_task", "none");
    assert_eq!(chosen(Purpose::Reap, &unnamed, "kprobe,syscalls"), None);
    // The arguments differ from those that the program reads.
    let other = with_answer(text, "do_notify_parent", "pointer pointer value");
    assert_eq!(
        chosen(Purpose::Zombie, &other, "").unwrap(),
        "kprobe:do_notify_parent"
    );
    let locked = RecordedFacts::read(LOCKED);
    assert_eq!(chosen(Purpose::Reap, &locked, "fentry,syscalls"), None);
    assert_eq!(chosen(Purpose::Fork, &kernel("7.3"), "tp_btf,raw_tp"), None);
    let no_tracefs = with_answer(LOCKED, "tracefs", "no");
    assert_eq!(chosen(Purpose::Reap, &no_tracefs, "fentry"), None);
}

#[test]
fn a_kernel_without_btf_gets_rungs_that_need_none() {
    let host = with_answer(KERNELS[5].1, "own_btf", "no");
    for (purpose, hook) in [
        (Purpose::Fork, Some("raw_tp:task_newtask")),
        (Purpose::Reap, Some("kprobe:release_task")),
        (
            Purpose::Snapshot,
            chosen(Purpose::Snapshot, &host, "iter").as_deref(),
        ),
    ] {
        assert_eq!(chosen(purpose, &host, "").as_deref(), hook, "{purpose:?}");
    }
}

#[test]
fn every_purpose_has_rungs_and_they_are_adjacent() {
    for purpose in Purpose::ALL {
        assert!(
            LADDER.iter().any(|rung| rung.purpose == purpose),
            "{purpose:?}"
        );
    }
    let changes = LADDER
        .windows(2)
        .filter(|pair| pair[0].purpose != pair[1].purpose)
        .count();
    assert_eq!(changes + 1, Purpose::ALL.len());
}

#[test]
fn the_error_contains_the_unknown_hook_and_the_known_ones() {
    let error = "kprob".parse::<DeniedHooks>().unwrap_err().to_string();
    assert!(
        error.contains("fentry, kprobe, tp_btf, raw_tp, syscalls, iter"),
        "{error}"
    );
}

const HEAD: &str = "\
# Hooks by purpose

Generated from the ladder in `tracer/src/source/live/plan.rs`. A test fails if this page
differs; `UPDATE_GOLDEN=1 cargo test -p tracer --lib plan` updates it. `tracer doctor`
shows the hooks in use on the machine it runs on, and why others are not.

## The ladder

The best hook of each purpose comes first. tracer skips hooks that the host refuses or
the user denies with `--without`. Recordings, reports and the Health screen show what the
hook in use does not report.

| purpose | hook | does not report |
|---|---|---|
";

const PROMISE: &str = "
## Hooks on tested kernels

Computed from facts that were recorded on these kernels (`cargo xtask vm --facts`).
`cargo xtask vm` fails if a kernel uses another hook. `?` marks hooks that are newer than
the recorded facts.
";

const ON_A_LOCKED_HOST: &str = "
### a locked-down host

It has no kprobes, and it refuses fentry when a program is attached.
";

/// Returns docs/kernel-support.md, from the ladder and the recorded facts.
fn page() -> String {
    let mut page = HEAD.to_owned();
    for rung in LADDER {
        let _ = writeln!(
            page,
            "| {} | `{}` | {} |",
            rung.purpose.name(),
            rung.hook(),
            rung.loses
        );
    }
    page += PROMISE;
    let hosts: Vec<_> = KERNELS
        .iter()
        .map(|(series, facts)| (*series, RecordedFacts::read(facts)))
        .collect();
    for (name, without) in RUNGS {
        let denied = match *without {
            "" => "Nothing denied.".to_owned(),
            without => format!("`--without {without}`"),
        };
        let _ = write!(page, "\n### {name}\n\n{denied}\n");
        table(&mut page, &hosts, without);
    }
    page += ON_A_LOCKED_HOST;
    let locked = RecordedFacts::read(LOCKED);
    let release = locked.kernel().to_owned();
    table(&mut page, &[(release.as_str(), locked)], "fentry");
    page
}

fn table(page: &mut String, hosts: &[(&str, RecordedFacts)], without: &str) {
    *page += "\n| purpose |";
    for (name, _) in hosts {
        let _ = write!(page, " {name} |");
    }
    let _ = writeln!(page, "\n|---|{}", "---|".repeat(hosts.len()));
    for purpose in Purpose::ALL {
        let _ = write!(page, "| {} |", purpose.name());
        for (_, host) in hosts {
            let hook = chosen(purpose, host, without);
            let cell = hook.map_or("none".to_owned(), |hook| format!("`{hook}`"));
            let _ = write!(page, " {cell} |");
        }
        *page += "\n";
    }
}

#[test]
fn kernel_support_page_matches_the_ladder() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/kernel-support.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page());
}
