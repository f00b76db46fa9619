//! Memory that no user can grow: whatever processes do, the model stays within its budgets and
//! marks what it lacks.

use super::{check, key, one, retained::keeping};
use crate::{
    event::{
        Cgroup, Comm, Event, Gap, GapCause, Kind, Lost, Text, What, Who,
        script::{MS, Script},
    },
    model::{Model, Retention},
};

fn beginning() -> Script {
    Script::new().session().found(1, 0, "init").found_all()
}

/// Asserts that a saved and restored model continues as the model itself.
fn assert_restorable(mut model: Model, more: &[Event]) {
    let mut restored = Model::restore(&model.save(), usize::MAX).unwrap();
    for event in more {
        model.apply(event);
        restored.apply(event);
    }
    assert!(model == restored);
}

/// Each process that is retained because it was killed pins a chain of ancestors that have
/// exited after it.
#[test]
fn pinned_ancestors_are_bounded() {
    let (chains, depth, exited) = (500, 20, 400);
    let mut script = beginning();
    for chain in 0..chains {
        let first = 10 + chain * depth;
        let last = first + depth - 1;
        for pid in first..=last {
            script = script.fork(if pid == first { 1 } else { pid - 1 }, pid);
        }
        // Every name is a kind of its own, of which some are retained.
        script = script.exec(last, &format!("k{}", chain % 50), &["k"]);
        script = script.kill(1, last, 9).killed(last, 9).notify(last);
        script = script.reap(last).free(last);
        for pid in (first..last).rev() {
            script = script.die(pid, 0).reap(pid).free(pid);
        }
    }
    let model = keeping(exited, &script.events);
    check(&model);
    let pinned_at_most = 2 * 256;
    let most = exited + exited / 8 + pinned_at_most + depth as usize;
    assert!(model.process_count() < most, "{}", model.process_count());
    let all = u64::from(chains * depth);
    assert_eq!(model.tally().processes, all + 1);
    assert_restorable(model, &script.fork(1, 9).die(9, 0).reap(9).free(9).events);
}

/// Very many processes with long arguments: the longest are cut, the others stay whole.
#[test]
fn arguments_of_all_processes_are_bounded() {
    let mut script = beginning()
        .fork(1, 9)
        .exec(9, "short", &["short", "argument"]);
    for pid in 10..810 {
        // Distinct, and as long as a process may keep for earlier programs.
        let argument = format!("{pid}{}", "x".repeat(30 << 10));
        script = script
            .fork(1, pid)
            .exec(pid, "first", &["first", &argument])
            .exec(pid, "second", &["second", &argument]);
    }
    let mut model = Model::new(Retention {
        programs: Retention::PROGRAMS_OF_A_TRACE,
        ..Retention::ALL
    });
    script.events.iter().for_each(|event| model.apply(event));
    check(&model);
    let texts = |model: &Model| -> usize {
        let processes = model.processes();
        let programs = processes.flat_map(|(_, it)| it.executions.clone());
        programs
            .map(|it| it.exec.argv.unwrap().as_bytes().len())
            .sum()
    };
    assert!(texts(&model) < 41 << 20, "{}", texts(&model));
    let (first, last) = (one(&model, 10), one(&model, 809));
    assert_eq!((first.executions.len(), first.executions_left_out), (1, 1));
    let (argv, is_cut) = first.arguments_at(u64::MAX).unwrap();
    assert!(is_cut && argv.as_bytes().starts_with(b"second\0"));
    assert_eq!(
        first.executions[0].exec.argv_total as usize,
        7 + 2 + 1 + (30 << 10)
    );
    let (argv, is_cut) = last.arguments_at(u64::MAX).unwrap();
    assert!(!is_cut && argv.as_bytes().len() > 30 << 10);
    let (argv, is_cut) = one(&model, 9).arguments_at(u64::MAX).unwrap();
    assert!(!is_cut && argv.as_bytes().starts_with(b"short\0argument"));
    // A reader of the recording has room for all of them.
    let mut reader = Model::new(Retention::default());
    script.events.iter().for_each(|event| reader.apply(event));
    for pid in 10..810 {
        let (argv, is_cut) = one(&reader, pid).arguments_at(u64::MAX).unwrap();
        assert!(!is_cut && argv.as_bytes().len() > 30 << 10, "{pid}");
    }
    let more = script.fork(1, 8).exec(8, "more", &[&"y".repeat(60 << 10)]);
    assert_restorable(model, &more.events[more.events.len() - 2..]);
}

/// Arguments that children share with their parent take memory once, so they are not cut.
#[test]
fn shared_arguments_count_once() {
    let mut script = beginning().fork(1, 9);
    script = script.exec(9, "make", &["make", &"x".repeat(100 << 10)]);
    for pid in 10..600 {
        script = script.fork(9, pid);
    }
    let mut model = Model::new(Retention {
        programs: Retention::PROGRAMS_OF_A_TRACE,
        ..Retention::ALL
    });
    script.events.iter().for_each(|event| model.apply(event));
    let (argv, is_cut) = one(&model, 599).arguments_at(u64::MAX).unwrap();
    assert!(!is_cut && argv.as_bytes().len() > 100 << 10);
}

/// Gaps of alternating causes, which are no single interval.
#[test]
fn gaps_are_bounded_and_stay_exact() {
    let causes = [
        GapCause::NoRoom,
        GapCause::OverBudget,
        GapCause::Unreadable { events: Some(2) },
        GapCause::Untraced,
    ];
    let mut script = beginning();
    let began = 10 * MS;
    for number in 0..20_000 {
        let cause = causes[number as usize % causes.len()];
        let lost = match cause {
            GapCause::NoRoom | GapCause::OverBudget => vec![Lost {
                kind: Kind::Comm,
                count: 3,
            }],
            _ => Vec::new(),
        };
        script = script.at(began + number * MS);
        let since = script.events.last().unwrap().at;
        script = script.push(Who::HOST, What::Gap(Box::new(Gap { since, lost, cause })));
    }
    let mut model = Model::default();
    let events = &script.events;
    events.iter().for_each(|event| model.apply(event));
    assert!(model.gaps().len() <= 4096, "{}", model.gaps().len());
    assert_eq!(model.gap_count(), 20_000);
    let total: u64 = model.gaps().iter().map(|gap| gap.total()).sum();
    assert_eq!(total, 10_000 * 3 + 5_000 * 2);
    assert_eq!(model.totals().lost, total);
    // The latest are still apart.
    assert!(
        model
            .gaps()
            .iter()
            .rev()
            .take(100)
            .all(|gap| gap.count == 1)
    );
    assert!(model.gaps().is_sorted_by_key(|gap| gap.since));
    let last = model.gaps().last().unwrap().until;
    assert_eq!(last, events.last().unwrap().at);
}

/// A user that may create cgroups gives them the longest paths. Those of others stay known.
#[test]
fn cgroup_paths_are_bounded() {
    let cgroup = |id: u64, path: &[u8]| {
        What::Cgroup(Box::new(Cgroup {
            id,
            path: Text::new(path),
        }))
    };
    let mut script = beginning().fork(1, 9);
    script = script.push(Who::HOST, cgroup(7, b"/system.slice/nginx.service"));
    script = script.event(9, What::Moved(crate::event::Moved { cgroup: 7 }));
    for number in 0..8_000 {
        let (id, pid) = (100 + u64::from(number), 10 + number);
        let path = format!("/{}{number}", "x".repeat(4_000));
        script = script
            .push(Who::HOST, cgroup(id, path.as_bytes()))
            .fork(1, pid);
        script = script.event(pid, What::Moved(crate::event::Moved { cgroup: id }));
    }
    let model = keeping(usize::MAX, &script.events);
    let known = model
        .cgroups
        .paths
        .values()
        .map(|path| path.as_bytes().len());
    let known = known.sum::<usize>();
    assert!((1 << 20..=8 << 20).contains(&known), "{known}");
    assert_eq!(model.unit(key(&model, 9)).as_deref(), Some("nginx.service"));
    assert_eq!(one(&model, 10).cgroup, Some(100));
    assert_restorable(model, &[]);
}

/// Each program name is a kind of its own, with every exit code and other parents.
#[test]
fn details_of_counts_are_bounded() {
    let mut script = beginning().fork(1, 9);
    for number in 0..100_u32 {
        let pid = 10 + number;
        script = script
            .fork(9, pid)
            .exec(pid, &format!("k{}", number % 7), &["k"]);
        script = script.die(pid, (number % 64) as i32).reap(pid).free(pid);
    }
    let model = keeping(0, &script.events);
    let mut tally = model.tally();
    let counted = |tally: &super::super::Tally| {
        let kinds = tally.started.by_kind.values().chain([&tally.started.rest]);
        kinds.map(|kind| kind.count).sum::<u64>()
    };
    let before = counted(&tally);
    assert_eq!(before, 101);
    // As after very many kinds.
    (tally.outcomes, tally.parents) = (u64::MAX, u64::MAX);
    let process = one(&model, 9).clone();
    tally.add(&process, &model);
    assert_eq!(counted(&tally), before + 1);
    assert_eq!(tally.started.rest.count, 0);
    let mut renamed = process;
    renamed.comm = Comm::new(b"new");
    tally.add(&renamed, &model);
    assert_eq!(tally.started.rest.count, 1);
    assert!(tally.started.rest.parents.by_parent.is_empty());
    assert!(tally.started.rest.parents.more);
}

/// A machine creates four billion processes in some days. No process takes the place of an
/// earlier one, and the table does not grow with their number.
#[test]
fn processes_are_distinct_beyond_four_billion() {
    let mut model = Model::new(Retention {
        exited: 10,
        ..Retention::default()
    });
    let script = beginning().fork(1, 10);
    let before = script.events.len();
    script.events.iter().for_each(|event| model.apply(event));
    model.processes.skip_to(u32::MAX as usize - 3);
    let mut script = script;
    for pid in 11..60 {
        script = script.fork(10, pid).die(pid, 0).reap(pid).free(pid);
    }
    script = script.fork(10, 60);
    script.events[before..]
        .iter()
        .for_each(|event| model.apply(event));
    check(&model);
    assert_eq!(one(&model, 1).known_comm(), Some(Comm::new(b"init")));
    assert_eq!(one(&model, 60).original_parent, Some(key(&model, 10)));
    assert_eq!(key(&model, 60).index(), u32::MAX as usize - 3 + 49);
    assert_eq!(model.processes_since(key(&model, 60).index()).count(), 1);
    assert_restorable(model, &script.fork(60, 61).events[before..]);
}
