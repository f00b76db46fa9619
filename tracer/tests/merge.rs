//! Tests `tracer cut` and `tracer merge`: merged parts equal the whole, and an anonymised
//! recording contains no name.
//!
//! The full sweeps run on recordings made for real: `cargo xtask sweep merges anonymized`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use tracer::event::{Event, What, Who};

#[path = "support/commands.rs"]
mod commands;
// The storm that the benches use too.
#[path = "support/storm.rs"]
mod storm;

use commands::{Scratch, done, events, recordings, tracer};

const EVENTS: usize = 40_000;

/// Returns a storm with a boot ID.
fn storm() -> Vec<Event> {
    let mut story: Vec<_> = storm::Storm::default().take(EVENTS).collect();
    if let What::Session(session) = &mut story[0].what {
        session.boot_id = "b007".into();
    }
    let at = story.iter().map(|event| event.at).max().unwrap();
    story.push(Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what: What::End,
    });
    story
}

/// Returns the processes of a recording by PID and start time.
fn processes(path: &str) -> BTreeMap<(u64, u64), Value> {
    let lines = done(&["replay", path, "--json"]);
    let processes = lines.lines().map(|line| {
        let process: Value = serde_json::from_str(line).unwrap();
        let number = |field: &str| {
            process[field]
                .as_u64()
                .unwrap_or_else(|| panic!("{process}"))
        };
        ((number("pid"), number("start_ns")), process)
    });
    processes.collect()
}

fn after(at: u64) -> String {
    moment(at - storm::Storm::default().next().unwrap().at)
}

/// Returns a time as an option's value, from ns since the first event.
fn moment(ns: u64) -> String {
    format!("+{}.{:09}s", ns / 1_000_000_000, ns % 1_000_000_000)
}

#[test]
fn merged_parts_equal_the_whole() {
    let scratch = Scratch::new("merge");
    let story = storm();
    let whole = scratch.record("whole", story.iter().cloned());
    // Two parts that overlap by a quarter, in the wrong order.
    let (early, late) = (after(story[EVENTS / 2].at), after(story[EVENTS * 3 / 4].at));
    let (first, second) = (scratch.path("first"), scratch.path("second"));
    done(&["cut", &whole, &first, "--until", &late]);
    done(&["cut", &whole, &second, "--since", &early]);
    let merged = scratch.path("merged");
    done(&["merge", &merged, &second, &first]);

    // It has an end mark, as the later part does.
    assert_eq!(events(&merged).last().unwrap().what, What::End);
    let (whole, merged) = (processes(&whole), processes(&merged));
    assert!(whole.len() > 1000);
    for (id, says) in &whole {
        assert_eq!(merged.get(id), Some(says), "{id:?}");
    }
    assert_eq!(merged.len(), whole.len());
}

#[test]
fn merged_trees_have_no_event_twice() {
    let scratch = Scratch::new("merge-trees");
    let story = storm();
    let whole = scratch.record("whole", story.iter().cloned());
    // Parents of the storm's children.
    let mut makers: Vec<u32> = story
        .iter()
        .filter_map(|event| match &event.what {
            What::Fork(fork) => Some(fork.parent.tgid),
            _ => None,
        })
        .collect();
    makers.sort_unstable();
    makers.dedup();
    // The first is the ancestor of all processes.
    let (one, other) = (makers[1].to_string(), makers[2].to_string());
    let (first, second) = (scratch.path("first"), scratch.path("second"));
    done(&["cut", &whole, &first, "--tree", &one]);
    done(&["cut", &whole, &second, "--tree", &other]);
    let count = |path: &str| events(path).len();
    assert!(
        count(&first) > 100 && count(&first) < EVENTS,
        "{}",
        count(&first)
    );

    let (merged, again) = (scratch.path("merged"), scratch.path("again"));
    done(&["merge", &merged, &first, &second]);
    let mut parts: Vec<_> = [events(&first), events(&second)].concat();
    parts.sort_by_key(|event| event.at);
    let of_processes = |events: &[Event]| {
        let events = events.iter().filter(|event| event.who.task.pid != 0);
        events.cloned().collect::<Vec<_>>()
    };
    let mut merged_events = of_processes(&events(&merged));
    merged_events.sort_by_key(|event| event.at);
    assert_eq!(merged_events, of_processes(&parts));
    // The same for a recording merged with its parts.
    done(&["merge", &again, &merged, &whole]);
    assert_eq!(processes(&again), processes(&whole));
}

#[test]
fn disjoint_recordings_have_a_gap_between_them() {
    let scratch = Scratch::new("merge-apart");
    let story = storm();
    let whole = scratch.record("whole", story.iter().cloned());
    let (early, late) = (after(story[EVENTS / 4].at), after(story[EVENTS * 3 / 4].at));
    let (first, second) = (scratch.path("first"), scratch.path("second"));
    done(&["cut", &whole, &first, "--until", &early]);
    done(&["cut", &whole, &second, "--since", &late]);
    let merged = scratch.path("merged");
    done(&["merge", &merged, &first, &second]);
    let gaps: Vec<_> = events(&merged)
        .into_iter()
        .filter(|event| matches!(event.what, What::Gap(_)))
        .collect();
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!(gap.at, story[EVENTS * 3 / 4].at);

    // The processes present at the end are those of the whole: none that exited in the
    // gap counts as present.
    let alive = |path: &str| {
        let alive = processes(path).into_iter();
        let alive = alive.filter(|(_, process)| process["state"] == "alive");
        alive.map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(alive(&merged), alive(&whole));
}

/// Each tracer reads its own clock and has its own losses.
#[test]
fn exit_lost_by_one_input_comes_from_the_other() {
    let scratch = Scratch::new("merge-lost");
    let story = storm();
    let ends = |event: &Event| {
        matches!(
            event.what,
            What::ExitStart | What::Exit(_) | What::Notify(_) | What::LastSwitch(_)
        ) || matches!(event.what, What::Reap(_) | What::Free(_))
    };
    let of = |from: usize, to: usize, later: u64| {
        let (from, to) = (story[from].at, story[to].at);
        let events = story.iter().filter(move |event| {
            let lost = (from..to).contains(&event.at) && ends(event);
            !lost
        });
        events.cloned().map(move |mut event| {
            event.at += later;
            event
        })
    };
    let whole = scratch.record("whole", story.iter().cloned());
    let first = scratch.record("first", of(EVENTS / 3, EVENTS / 2, 0));
    let second = scratch.record("second", of(EVENTS / 2, EVENTS * 2 / 3, 2_000));
    let merged = scratch.path("merged");
    done(&["merge", &merged, &first, &second]);
    let counts = |path: &str| {
        let mut counts = BTreeMap::new();
        for event in events(path).into_iter().filter(ends) {
            *counts
                .entry((event.who.task, event.what.kind() as u8))
                .or_insert(0) += 1;
        }
        counts
    };
    assert!(counts(&first).len() < counts(&whole).len());
    assert_eq!(counts(&merged), counts(&whole));
    let states = |path: &str| {
        let processes = processes(path).into_iter();
        let states = processes.map(|(id, process)| (id, process["state"].clone()));
        states.collect::<Vec<_>>()
    };
    assert_eq!(states(&merged), states(&whole));
    assert_ne!(states(&first), states(&whole));
}

#[test]
fn recordings_of_different_boots_are_refused() {
    let scratch = Scratch::new("merge-boots");
    let of_boot = |boot: &str| {
        let mut events: Vec<_> = storm::Storm::default().take(100).collect();
        if let What::Session(session) = &mut events[0].what {
            session.boot_id = boot.into();
        }
        scratch.record(boot, events)
    };
    let (one, other) = (of_boot("boot-1"), of_boot("boot-2"));
    let out = scratch.path("out");
    let refused = tracer(&["merge", &out, &one, &other]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("boot-1") && said.contains("boot-2"), "{said}");
    assert!(!Path::new(&out).exists());
    assert_eq!(tracer(&["merge", &out, &one]).status.code(), Some(2));
    let itself = tracer(&["merge", "--force", &one, &one, &one]);
    assert_eq!(itself.status.code(), Some(1));
}

#[test]
fn anonymised_recording_has_the_same_processes_without_names() {
    let scratch = Scratch::new("anonymize");
    let story = storm();
    let whole = scratch.record("whole", story.iter().cloned());
    let shown = scratch.path("shown");
    done(&["cut", &whole, &shown, "--anonymize"]);
    let (whole, shown) = (events(&whole), events(&shown));
    assert_eq!(shown.len(), whole.len());
    let mut tokens = BTreeMap::new();
    for (event, shown) in whole.iter().zip(&shown) {
        assert_eq!(
            (event.at, event.cpu, event.who),
            (shown.at, shown.cpu, shown.who)
        );
        if let (What::Exec(exec), What::Exec(shown)) = (&event.what, &shown.what) {
            let token = tokens.entry(exec.comm).or_insert(shown.comm);
            assert_eq!(*token, shown.comm);
            assert_ne!(exec.comm, shown.comm);
        }
    }
    assert!(!tokens.is_empty());
    let text = format!("{shown:?}");
    for name in tokens.keys() {
        assert!(!text.contains(&format!("\"{name}\"")), "{name}");
    }
}

/// Removes texts, which differ in an anonymised recording, and wall-clock times, which
/// follow the clock of each recording.
fn numbers(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::from("text"),
        Value::Array(list) if list.iter().all(Value::is_string) => Value::from("texts"),
        Value::Array(list) => list.iter().map(numbers).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !name.ends_with("_time"));
            let fields = fields.map(|(name, value)| (name.clone(), numbers(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// Returns the processes that were created and ended within a recording.
fn whole_lives(all: &BTreeMap<(u64, u64), Value>) -> BTreeMap<(u64, u64), Value> {
    let lives = all
        .iter()
        .filter(|(_, process)| !process["forked_ns"].is_null() && !process["freed_ns"].is_null());
    lives.map(|(id, process)| (*id, numbers(process))).collect()
}

#[test]
#[ignore = "a sweep: cargo xtask sweep merges"]
fn merged_real_recordings_answer_for_each() {
    const SPLITS: u64 = 10;
    let scratch = Scratch::new("merge-real");
    let all = recordings();
    let [first, second, merged] = ["first", "second", "merged"].map(|name| scratch.path(name));
    for (path, next) in all.iter().zip(all.iter().cycle().skip(1)) {
        let (path, next) = (path.to_str().unwrap(), next.to_str().unwrap());
        let whole = processes(path);
        let times = || events(path).into_iter().map(|event| event.at);
        let length = times().max().unwrap() - times().min().unwrap();
        for split in 1..SPLITS {
            let at = length * split / SPLITS;
            let (early, late) = (moment(at), moment(at + length / SPLITS));
            done(&["cut", path, &first, "--until", &late, "--force"]);
            done(&["cut", path, &second, "--since", &early, "--force"]);
            done(&["merge", &merged, &first, &second, "--force"]);
            let merged = processes(&merged);
            assert_eq!(merged.len(), whole.len(), "{path} split at {early}");
            for (id, process) in &whole {
                assert_eq!(merged.get(id), Some(process), "{path} split at {early}");
            }
        }
        if path != next {
            done(&["merge", &merged, path, next, "--force"]);
            let both = whole_lives(&processes(&merged));
            let (own, other) = (whole_lives(&whole), whole_lives(&processes(next)));
            for (id, process) in own.iter().chain(&other) {
                assert_eq!(both.get(id), Some(process), "{path} and {next}");
            }
        }
        println!("{path}: {} processes agree", whole.len());
    }
}

#[test]
#[ignore = "a sweep: cargo xtask sweep anonymized"]
fn anonymized_real_recordings_have_the_same_numbers() {
    let scratch = Scratch::new("anonymize-real");
    let shown = scratch.path("shown");
    for path in recordings() {
        let path = path.to_str().unwrap();
        done(&["cut", path, &shown, "--anonymize", "--force"]);
        let (whole, shown) = (processes(path), processes(&shown));
        assert_eq!(shown.len(), whole.len(), "{path}");
        for (id, process) in &whole {
            assert_eq!(numbers(&shown[id]), numbers(process), "{path}");
        }
        println!("{path}: {} processes have the same numbers", whole.len());
    }
}
