//! Eviction: a model that retains few processes has the same tallies as one that
//! retains all.

use super::{all, check, key, one};
use crate::{
    event::{
        AddressSpace, Event, Exit, Fork, ProcessId, Summary, What, Who,
        script::{MS, SEC, START, Script},
    },
    model::{Model, Preference, Retention, State, Tally},
};

pub fn keeping(exited: usize, events: &[Event]) -> Model {
    let mut model = Model::new(Retention {
        exited,
        ..Retention::ALL
    });
    events.iter().for_each(|event| model.apply(event));
    model
}

/// A shell that starts commands, some of which start others. One is killed, some
/// are reparented to init.
pub fn night(commands: u32) -> Script {
    let mut script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(800, 1, "sh")
        .found_all();
    for number in 0..commands {
        let pid = 1_000 + number % 30_000 * 2;
        let at = u64::from(number) * 10 * MS;
        script = script
            .at(at)
            .fork(800, pid)
            .exec(pid, "cmd", &["cmd"])
            .fork(pid, pid + 1);
        script = match number % 3 {
            0 => script.die(pid + 1, 1).reap(pid + 1).die(pid, 0),
            1 => script.die(pid + 1, 0).reap(pid + 1).kill(800, pid, 9),
            _ => script
                .exec(pid + 1, "part", &["part"])
                .die(pid + 1, 3)
                .reap(pid + 1)
                .die(pid, 3),
        };
        if number % 3 == 1 {
            script = script.killed(pid, 9).notify(pid).last_switch(pid);
        }
        script = script.at(at + 5 * MS).reap(pid);
    }
    script
}

#[test]
fn evicted_processes_are_still_counted() {
    let events = night(2_000).events;
    let (all, few) = (keeping(usize::MAX, &events), keeping(100, &events));
    assert!(
        few.process_count() <= 100 + 100 / 8 + 10,
        "{}",
        few.process_count()
    );
    assert_eq!(
        few.process_count() as u64 + few.unlisted(),
        all.process_count() as u64
    );
    assert_eq!(few.totals(), all.totals());
    check(&few);
    let (all, few) = (&all.tally(), &few.tally());
    assert_eq!(few.processes, all.processes);
    assert_eq!((&few.created, &few.ended), (&all.created, &all.ended));
    assert_eq!(
        (few.reaped, few.reaped_by_wait),
        (all.reaped, all.reaped_by_wait)
    );
    assert_eq!(few.killed.by_kind, all.killed.by_kind);
    let waited = |tally: &Tally| {
        let named = tally
            .reapers
            .by_name
            .values()
            .map(|(_, waited)| waited.reaped.count);
        let owned = tally
            .reapers
            .by_owner
            .values()
            .map(|waited| waited.reaped.count);
        named.chain(owned).sum::<u64>()
    };
    assert_eq!(waited(few), waited(all));
}

#[test]
fn latest_exited_processes_are_retained() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for pid in 10..510 {
        script = script.fork(1, pid).die(pid, 0).reap(pid).free(pid);
    }
    let kept = pids(&keeping(10, &script.events));
    assert_eq!(kept, Vec::from_iter([1].into_iter().chain(500..510)));
}

#[test]
fn old_exited_processes_are_evicted() {
    let mut model = Model::new(Retention {
        exited: usize::MAX,
        max_age: 10 * SEC,
        ..Retention::ALL
    });
    let script = Script::new()
        .fork(1, 10)
        .die(10, 0)
        .reap(10)
        .at(9 * SEC)
        .wakeup(1);
    let at_last = script.clone().at(11 * SEC).wakeup(1);
    script.events.iter().for_each(|event| model.apply(event));
    assert_eq!(one(&model, 10).state(), State::Reaped);
    model.apply(at_last.events.last().unwrap());
    assert!(model.find_pid(10).is_none());
    assert_eq!(model.tally().reaped_by_wait, 1);
}

/// A chain of daemons, each the child of one that has exited. The ancestors are
/// retained while the last one runs, and evicted once it exits.
#[test]
fn ancestors_of_running_processes_are_retained() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for pid in 10..60 {
        script = script.fork(if pid == 10 { 1 } else { pid - 1 }, pid);
    }
    for pid in 10..59 {
        script = script
            .exit_with(pid, |_| ())
            .notify(pid)
            .wait(1, pid)
            .free(pid);
    }
    let model = keeping(0, &script.events);
    check(&model);
    let ancestors = std::iter::successors(Some(key(&model, 59)), |&key| model.tree_parent(key));
    assert_eq!(ancestors.count(), 51);

    let model = keeping(0, &script.die(59, 0).wait(1, 59).free(59).events);
    check(&model);
    assert_eq!((model.process_count(), model.unlisted()), (1, 50));
}

/// With any retention, a story leaves a consistent model, even if one event is
/// lost.
#[test]
fn every_story_with_no_exited_process_retained() {
    for story in all() {
        let events = (story.script)().events;
        for missing in 0..=events.len() {
            let mut events = events.clone();
            if missing < events.len() {
                events.remove(missing);
            }
            let mut model = Model::new(Retention {
                exited: 0,
                max_age: 0,
                ..Retention::ALL
            });
            for event in &events {
                model.apply(event);
                check(&model);
            }
            // Running processes are never evicted.
            let everyone = keeping(usize::MAX, &events);
            assert_eq!(model.alive(), everyone.alive(), "{}", story.name);
            assert_eq!(
                model.zombies().len(),
                everyone.zombies().len(),
                "{}",
                story.name
            );
        }
    }
}

#[test]
fn stale_key_finds_nothing() {
    let mut model = Model::new(Retention {
        exited: 0,
        max_age: 0,
        ..Retention::ALL
    });
    let script = Script::new().fork(1, 10);
    script.events.iter().for_each(|event| model.apply(event));
    let stale = key(&model, 10);
    let after = script.die(10, 0).reap(10).fork(1, 10).events;
    after[1..].iter().for_each(|event| model.apply(event));
    assert!(!model.contains(stale) && model.contains(key(&model, 10)));
    assert_eq!(model.process(stale).known_comm(), None);
    assert!(
        model
            .tree_children(key(&model, 1))
            .iter()
            .all(|&child| child != stale)
    );
}

/// A lost record must not keep processes that exit later.
#[test]
fn process_awaiting_its_last_record_does_not_delay_others() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .fork(1, 10)
        .fork(1, 11)
        .exit_with(10, |_| ())
        .notify(10)
        .wait(1, 10)
        .exit_with(11, |_| ())
        .notify(11)
        .wait(1, 11)
        .free(11)
        .wakeup(1);
    let model = keeping(0, &script.events);
    check(&model);
    assert!(model.find_pid(10).is_some() && model.find_pid(11).is_none());

    // It comes after all, and there is no second one of that name.
    let model = keeping(0, &script.clone().free(10).wakeup(1).events);
    check(&model);
    assert_eq!((model.process_count(), model.tally().processes), (1, 3));

    // It never comes.
    let model = keeping(0, &script.at(20 * SEC).wakeup(1).events);
    check(&model);
    assert_eq!((model.process_count(), model.tally().processes), (1, 3));
}

fn summary(exits: u64) -> Event {
    Event {
        at: 0,
        cpu: 0,
        who: Who::HOST,
        what: What::Summary(Box::new(Summary {
            exits,
            ..Summary::default()
        })),
    }
}

#[test]
fn exits_before_the_checkpoint_are_counted_separately() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .fork(1, 10)
        .die(10, 3);
    let mut events = script.events.clone();
    events.push(summary(8));
    events.extend(
        script
            .fork(1, 11)
            .die(11, 0)
            .events
            .into_iter()
            .skip(events.len() - 1),
    );
    let model = keeping(usize::MAX, &events);
    let ended: u64 = model.tally().ended.values().sum();
    assert_eq!((model.exited_before_checkpoint(), model.unlisted()), (7, 7));
    assert_eq!((model.totals().exits, ended), (9, 2));
}

/// No writer emits such a summary; a damaged recording might contain one.
#[test]
fn summary_with_too_few_exits_is_accepted() {
    let script = Script::new().session().found(1, 0, "init").fork(1, 10);
    let mut events = script.clone().die(10, 0).events;
    events.push(summary(0));
    let dead = script.die(10, 0).reap(10).events;
    events.extend(dead.into_iter().skip(events.len() - 1));
    let model = keeping(0, &events);
    assert_eq!(model.exited_before_checkpoint(), 0);
}

fn pids(model: &Model) -> Vec<u32> {
    model
        .processes()
        .map(|(_, process)| process.id.tgid)
        .collect()
}

/// Five deaths by signal, a zombie that lasted, a fork that cost and a failure, then a
/// storm.
fn before_a_storm() -> Script {
    let mut script = Script::new()
        .session()
        .found(1, 0, "init")
        .found(800, 1, "sh")
        .found_all();
    for (pid, signal) in [(10, 11), (11, 9), (12, 6), (13, 15), (14, 9)] {
        script = script.fork(1, pid).kill(1, pid, signal).killed(pid, signal);
        script = script.notify(pid).last_switch(pid).reap(pid).free(pid);
    }
    script = script.fork(1, 15).die(15, 0).at(3 * SEC).reap(15).free(15);
    let costly = |fork: &mut Fork| {
        fork.requested_at = Some(START + 3 * SEC);
        fork.copied = Some(AddressSpace::default());
    };
    script = script.at(3 * SEC + 20 * MS).fork_with(1, 16, costly);
    script = script.die(16, 0).reap(16).free(16);
    script
        .fork(1, 17)
        .exec(17, "cc", &["cc"])
        .die(17, 2)
        .reap(17)
        .free(17)
}

const WORTHY: [u32; 8] = [10, 11, 12, 13, 14, 15, 16, 17];

fn storm(script: Script, end: impl Fn(Script, u32) -> Script) -> Model {
    preferring_storm(script, |_| false, end)
}

/// Prefers the processes with some PIDs.
fn preferring_storm(
    mut script: Script,
    wanted: fn(u32) -> bool,
    end: impl Fn(Script, u32) -> Script,
) -> Model {
    for number in 0..3_000 {
        let pid = 1_000 + number;
        script = script
            .at(4 * SEC + u64::from(number) * MS / 5)
            .fork(800, pid);
        script = end(script, pid).reap(pid).free(pid);
    }
    let mut model = keeping(200, &[]);
    model.prefer(Preference::new(move |model, key| {
        wanted(model.process(key).id.tgid)
    }));
    script.events.iter().for_each(|event| model.apply(event));
    check(&model);
    assert!(model.process_count() < 230, "{}", model.process_count());
    model
}

#[test]
fn storm_of_one_kind_leaves_what_is_worth_more() {
    let successes = storm(before_a_storm(), |script, pid| script.die(pid, 0));
    let failures = storm(before_a_storm(), |script, pid| script.die(pid, 1));
    let deaths = storm(before_a_storm(), |script, pid| {
        script.killed(pid, 11).notify(pid).last_switch(pid)
    });
    for model in [&successes, &failures, &deaths] {
        let kept = pids(model);
        assert!(WORTHY.iter().all(|pid| kept.contains(pid)), "{kept:?}");
        assert_eq!(kept.last(), Some(&3_999), "the latest are kept, too");
        assert_eq!(model.tally().processes, 3_010);
    }
    // The first failure of the storm and its latest ones are kept.
    assert!(pids(&failures).contains(&1_000) && pids(&failures).contains(&3_998));
}

/// A program that invents command names has no more than one share.
#[test]
fn storm_with_many_names_leaves_what_is_worth_more() {
    let model = storm(before_a_storm(), |script, pid| {
        let script = script.exec(pid, &format!("x{pid}"), &["x"]);
        script.killed(pid, 11).notify(pid).last_switch(pid)
    });
    let kept = pids(&model);
    // Those killed have to share with all the invented ones, the others need not.
    assert!(
        [15, 16, 17].iter().all(|pid| kept.contains(pid)),
        "{kept:?}"
    );
}

#[test]
fn preferred_processes_outlive_a_storm() {
    // Every hundredth process is preferred: plain successes among deaths by signal.
    let few = preferring_storm(
        before_a_storm(),
        |pid| pid == 17 || pid.is_multiple_of(100),
        |script, pid| match pid.is_multiple_of(100) {
            true => script.die(pid, 0),
            false => script.killed(pid, 11).notify(pid).last_switch(pid),
        },
    );
    let kept = pids(&few);
    let wanted = (10..40).map(|number| number * 100);
    for pid in wanted.chain(WORTHY) {
        assert!(kept.contains(&pid), "{pid}: {kept:?}");
    }
    // A storm of preferred successes, which leaves some of the others.
    let many = preferring_storm(
        before_a_storm(),
        |pid| pid >= 1_000 && pid.is_multiple_of(2),
        |script, pid| script.die(pid, pid as i32 % 2),
    );
    let kept = pids(&many);
    let (wanted, others): (Vec<u32>, Vec<u32>) = (kept.iter())
        .filter(|&&pid| pid >= 1_000)
        .partition(|&&pid| pid.is_multiple_of(2));
    assert!(wanted.len() > 3 * others.len(), "{kept:?}");
    assert!(wanted[0] == 1_000 && others.contains(&3_999), "{kept:?}");
    assert!(WORTHY.iter().all(|pid| kept.contains(pid)), "{kept:?}");
}

#[test]
fn what_is_kept_by_worth_expires() {
    let mut model = Model::new(Retention {
        exited: 4,
        max_age: 10 * SEC,
        ..Retention::ALL
    });
    let mut script = before_a_storm();
    for number in 0..30 {
        let pid = 1_000 + number;
        script = script
            .at(5 * SEC)
            .fork(800, pid)
            .die(pid, 0)
            .reap(pid)
            .free(pid);
    }
    script.events.iter().for_each(|event| model.apply(event));
    check(&model);
    assert!(pids(&model).iter().any(|pid| WORTHY.contains(pid)));
    let later = script.at(14 * SEC).wakeup(1);
    model.apply(later.events.last().unwrap());
    assert!(!pids(&model).iter().any(|pid| (10..15).contains(pid)));
    let later = later.at(16 * SEC).wakeup(1);
    model.apply(later.events.last().unwrap());
    assert_eq!(pids(&model), [1, 800]);
}

/// A saved state continues with the same processes as the model that it was made from.
#[test]
fn restored_model_retains_the_same() {
    let events = night(600).events;
    let (before, after) = events.split_at(events.len() / 2);
    let mut model = keeping(100, before);
    let mut restored = Model::restore(&model.save(), 10_000).unwrap();
    for event in after {
        model.apply(event);
        restored.apply(event);
    }
    assert!(model == restored);
    assert_eq!(pids(&model), pids(&restored));
}

/// Evicted children still count as children.
#[test]
fn children_are_counted_beyond_their_eviction() {
    let mut script = Script::new().session().fork(1, 10);
    for pid in 100..150 {
        script = script.fork(10, pid).die(pid, 0).reap(pid).free(pid);
    }
    let events = script.at(60 * SEC).fork(1, 11).events;
    let (few, all) = (keeping(4, &events), keeping(usize::MAX, &events));
    let children = |model: &Model| {
        let process = model.process(model.find_pid(10).unwrap());
        (process.tree_child_count(), process.evicted_child_count())
    };
    assert_eq!(children(&all), (50, 0));
    let (count, evicted) = children(&few);
    assert_eq!(count, 50);
    assert!(evicted > 30, "{evicted}");
}

/// A relay of forks: each process exits after it has forked the next one.
fn relay(length: u32) -> Script {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    script = script.fork(1, 10);
    for pid in 10..10 + length {
        script = script.fork(pid, pid + 1).exec(pid + 1, "next", &["next"]);
        script = orphaning_exit(script, pid);
    }
    script
}

/// The exit of a process whose children init inherits, and which init reaps.
fn orphaning_exit(script: Script, pid: u32) -> Script {
    let init = ProcessId { tgid: 1, start: 1 };
    let exit = |exit: &mut Exit| (exit.parent, exit.reaper) = (init, Some(init));
    let script = script
        .exit_with(pid, exit)
        .notify_with(pid, |notify| notify.owner = init);
    script.release(1, pid).free(pid)
}

/// A lineage of exited processes takes no memory for each generation, and its length stays
/// known.
#[test]
fn lineage_collapses() {
    let relay = relay(5_000);
    let length = relay.events.len();
    let model = keeping(40, &relay.events);
    check(&model);
    assert!(model.process_count() < 700, "{}", model.process_count());
    let last = model.process(model.find_pid(5_010).unwrap());
    let (parent, comm) = model.original_parent(&last).unwrap();
    assert_eq!(
        (parent.tgid, comm.unwrap().as_bytes()),
        (5_009, &b"next"[..])
    );
    // The tree and the generations that it lacks add up to the lineage.
    let mut up = model.find_pid(5_010);
    let mut generations = 0;
    while let Some(key) = up {
        let process = model.process(key);
        assert!(process.tree_child_count() <= 1, "{:?}", process.id);
        generations += 1 + process.lost_parent().map_or(0, |lost| lost.generations);
        up = model.tree_parent(key);
    }
    assert_eq!(generations, 5_002);
    let all = keeping(usize::MAX, &relay.events);
    let counts = |model: &Model| {
        let tally = model.tally();
        let started = tally.started.by_kind.into_iter();
        let started = started.map(|(kind, it)| (kind, it.count, it.outcomes));
        (tally.processes, tally.ended, started.collect::<Vec<_>>())
    };
    assert_eq!(counts(&model), counts(&all));
    let mut restored = Model::restore(&model.save(), 10_000).unwrap();
    let mut model = model;
    let more = relay
        .fork(5_010, 5_011)
        .die(5_010, 0)
        .reap(5_010)
        .fork(1, 9)
        .events;
    for event in &more[length..] {
        model.apply(event);
        restored.apply(event);
    }
    check(&model);
    assert!(model == restored);
}

/// Programs beyond 64 KiB of arguments are counted, not kept.
#[test]
fn arguments_of_one_process_are_bounded() {
    let argument = "x".repeat(20 << 10);
    let mut script = Script::new().session().fork(1, 10);
    for _ in 0..10 {
        script = script.exec(10, "again", &[&argument]);
    }
    let model = keeping(usize::MAX, &script.events);
    let process = model.process(model.find_pid(10).unwrap());
    assert_eq!(
        (process.executions.len(), process.executions_left_out),
        (3, 7)
    );
    let huge = "x".repeat(100 << 10);
    let model = keeping(usize::MAX, &script.exec(10, "huge", &[&huge]).events);
    let process = model.process(model.find_pid(10).unwrap());
    assert_eq!(
        (process.executions.len(), process.executions_left_out),
        (1, 10)
    );
}
