//! The plan over facts that were recorded on real kernels (`kernels/*.facts`,
//! written by `cargo xtask vm --facts`), and the page that says it.

use std::fmt::Write as _;

use super::*;
use crate::source::live::recorded::Recorded;

macro_rules! kernels {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("kernels/", $file, ".facts")))),*]
    };
}

/// The matrix of `xtask/src/vm/kernels.rs`, the oldest first.
const KERNELS: &[(&str, &str)] = kernels!["5.10", "6.1", "6.12", "6.18", "7.2", "7.3"];
/// A host that was built without kprobes and refuses fentry.
const LOCKED: &str = include_str!("kernels/locked.facts");

/// The rungs on which `xtask/src/vm/kernels.rs` tries every kernel.
const RUNGS: &[(&str, &str)] = &[
    ("best", ""),
    ("without fentry", "fentry"),
    ("tracepoints only", "fentry,kprobe"),
    ("raw tracepoints only", "fentry,kprobe,tp_btf"),
];

fn kernel(series: &str) -> Recorded {
    let (_, facts) = KERNELS.iter().find(|(name, _)| *name == series).unwrap();
    Recorded::read(facts)
}

/// The hook for a purpose; `?` where the facts are older than the rung.
fn chosen(purpose: Purpose, host: &Recorded, without: &str) -> Option<String> {
    let without: Without = without.parse().unwrap();
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
fn each_kernel_gets_the_best_rung_that_it_has() {
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
        // Under the compiler's name for it, finish_task_switch.isra.0.
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
        chosen(Reap, &Recorded::read(LOCKED), "fentry").unwrap(),
        "syscalls:sys_exit_wait4,sys_enter_waitid,sys_exit_waitid"
    );
}

/// `text` with every line about `name` given that answer.
fn told_otherwise(text: &str, name: &str, answer: &str) -> Recorded {
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
    Recorded::read(&text)
}

#[test]
fn what_a_kernel_cannot_do_is_not_tried() {
    let text = KERNELS[0].1;
    // mark_victim passed the pid alone before 6.8.
    let pid_alone = told_otherwise(text, "mark_victim", "value");
    assert_eq!(chosen(Purpose::Oom, &pid_alone, ""), None);
    // BTF names no function, or names it twice: mm_init crashed 5.10 so.
    let unnamed = told_otherwise(text, "release_task", "none");
    assert_eq!(chosen(Purpose::Reap, &unnamed, "kprobe,syscalls"), None);
    // Other arguments than those that the program reads.
    let other = told_otherwise(text, "do_notify_parent", "pointer pointer value");
    assert_eq!(
        chosen(Purpose::Zombie, &other, "").unwrap(),
        "kprobe:do_notify_parent"
    );
    let locked = Recorded::read(LOCKED);
    assert_eq!(chosen(Purpose::Reap, &locked, "fentry,syscalls"), None);
    assert_eq!(chosen(Purpose::Fork, &kernel("7.3"), "tp_btf,raw_tp"), None);
    let no_tracefs = told_otherwise(LOCKED, "tracefs", "no");
    assert_eq!(chosen(Purpose::Reap, &no_tracefs, "fentry"), None);
}

#[test]
fn a_kernel_without_types_is_served_by_what_needs_none() {
    let host = told_otherwise(KERNELS[5].1, "own_btf", "no");
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
fn every_purpose_has_a_rung_and_its_rungs_stand_together() {
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
fn an_unknown_hook_is_named_in_the_error() {
    let error = "kprob".parse::<Without>().unwrap_err();
    assert!(
        error.contains("fentry, kprobe, tp_btf, raw_tp, syscalls, iter"),
        "{error}"
    );
}

const HEAD: &str = "\
# Which hook serves which purpose

Generated from the ladder in `tracer/src/source/live/plan.rs`; a test fails when it
differs, `UPDATE_GOLDEN=1 cargo test -p tracer --lib plan` writes it anew.
`tracer doctor` says the same of the machine it runs on, with the reasons.

## The ladder

The best rung stands first. A rung that the host refuses, or the user denies with
`--without`, is passed over; what the one in use does not tell is in the recording,
in reports and on the Health screen.

| purpose | hook | does not tell |
|---|---|---|
";

const PROMISE: &str = "
## What that makes of some kernels

The plan over facts that were recorded on them (`cargo xtask vm --facts`). It is a
promise: `cargo xtask vm` fails where a kernel is served by another hook. `?` is
what was not asked when the facts were recorded.
";

const ON_A_LOCKED_HOST: &str = "
### a host that is locked down

No kprobes, and fentry refused, which only trying tells.
";

/// docs/kernel-support.md, from the ladder and the recorded facts.
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
        .map(|(series, facts)| (*series, Recorded::read(facts)))
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
    let locked = Recorded::read(LOCKED);
    let release = locked.kernel().to_owned();
    table(&mut page, &[(release.as_str(), locked)], "fentry");
    page
}

fn table(page: &mut String, hosts: &[(&str, Recorded)], without: &str) {
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
fn the_page_on_kernel_support_is_what_the_ladder_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/kernel-support.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page());
}
