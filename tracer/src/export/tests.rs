//! Tests of every format over every script: for any stream, each line is
//! self-contained and the formats keep their promises.

use serde_json::{Value, json};

use super::{
    FORMATS, Format, diagnosis_json, format, json, missing_json, schema, survey_json,
    unreadable_json,
};
use crate::{
    event::{
        Cgroup, Comm, Diagnosis, DoctorCheck, Event, Exec, Fault, FaultClass, ForkFailed, Implied,
        Kind, Moved, ProcessId, Purpose, Region, StateTimes, TaskState, Text, Waits, What,
        script::{MS, START, Script, memcg_victim},
    },
    filter::{Filter, SavedFilters},
    model::Model,
    recording::{Error, Reader, Survey},
};

fn export(format: &Format, events: &[Event]) -> String {
    let (mut model, mut out) = (Model::default(), Vec::new());
    let mut exporter = (format.start)(&crate::event::Zone::default());
    for event in events {
        model.apply(event);
        exporter.event(event, &mut out).unwrap();
    }
    exporter.end(&model, &|_| true, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub fn lines(name: &str, script: &Script) -> Vec<Value> {
    let text = export(format(name).unwrap(), &script.events);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the object of the process with a PID.
fn process(script: &Script, pid: u32) -> Value {
    lines("json", script)
        .into_iter()
        .find(|object| object["pid"] == pid)
        .unwrap()
}

pub fn every_kind() -> Script {
    let cgroup = Cgroup {
        id: 7,
        path: Text::new(b"/system.slice/init.scope"),
    };
    let failed = ForkFailed {
        errno: 11,
        comm: Comm::new(b"init"),
        processes: Some(100),
        max_processes: Some(100),
        ..ForkFailed::default()
    };
    let implied = Implied {
        by: ProcessId { tgid: 5, start: 50 },
        parent: Some(ProcessId { tgid: 2, start: 20 }),
        copies: 12,
        argv: Some(Text::new(b"sh\0-l\0")),
        ..Implied::default()
    };
    Script::new()
        .session()
        .event(0, What::Summary(Default::default()))
        .found(1, 0, "init")
        .found_with(7, 1, "old", |found| found.zombie = Some(256))
        .found_all()
        .fork(1, 10)
        .wakeup(10)
        .first_run(10)
        .exec(10, "sh", &["sh", "-c", "exit 3"])
        .event(10, What::Comm(crate::event::Comm::new(b"dash")))
        .thread(10, 11)
        .event(11, What::Faults(Default::default()))
        .event(
            11,
            What::Fault(Box::new(Fault {
                address: 0x7fff_1000,
                class: FaultClass::CowCopy,
                region: Some(Region::Stack),
                in_kernel: true,
                file: Some(crate::event::Text::new(b"/lib/x\x1b")),
            })),
        )
        .kill(1, 10, 9)
        .event(10, What::OomVictim(Box::new(memcg_victim())))
        .killed(11, 9)
        .last_switch(11)
        .free(11)
        .exit_start(10)
        .killed(10, 9)
        .notify(10)
        .last_switch(10)
        .at(5 * MS)
        .wait(1, 10)
        .reparent_zombie(10, 7, 1)
        .release(1, 7)
        .free(10)
        .event(0, What::Cgroup(Box::new(cgroup)))
        .event(1, What::Moved(Moved { cgroup: 7 }))
        .event(1, What::Implied(Box::new(implied)))
        .event(1, What::ForkFailed(Box::new(failed)))
        .event(1, What::Waits(Waits { count: 3, last: 5 }))
        .event(1, What::State(TaskState::Uninterruptible))
        .states(1, TaskState::Interruptible, 7 * MS, StateTimes::default())
        .lose(Kind::Fork, 3)
        .event(0, What::PartEnd)
        .end()
}

fn scripts() -> Vec<Script> {
    let hostile = "\x1b[2J\n\"\\\u{202e}é";
    vec![
        Script::new(),
        every_kind(),
        Script::new()
            .fork(5, 10)
            .exec(10, hostile, &[hostile, ""])
            .exit(10, 1),
        Script::new()
            .session_with(|session| session.hostname = hostile.into())
            .exec(9, "", &[]),
    ]
}

#[test]
fn every_format_over_every_script() {
    let kinds: Vec<_> = every_kind()
        .events
        .iter()
        .map(|event| event.what.kind())
        .collect();
    assert!(
        Kind::ALL.iter().all(|kind| kinds.contains(kind)),
        "the script lacks a kind"
    );
    for format in &FORMATS {
        for script in scripts() {
            let text = export(format, &script.events);
            assert!(text.is_empty() || text.ends_with('\n'));
            assert!(!text.contains('\x1b'), "{}: {text}", format.name);
            for line in text.lines() {
                assert_eq!(line, line.trim_end(), "{}", format.name);
                if format.name.ends_with("json") {
                    assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
                }
            }
            if format.name.starts_with("events") {
                assert_eq!(text.lines().count(), script.events.len(), "{}", format.name);
            }
        }
    }
}

#[test]
fn events_of_a_process_as_text() {
    insta::assert_snapshot!(export(format("events").unwrap(), &every_kind().events));
}

#[test]
fn events_of_a_process_as_json() {
    insta::assert_snapshot!(export(format("events-json").unwrap(), &every_kind().events));
}

#[test]
fn process_as_one_object() {
    let object = process(&every_kind(), 10);
    insta::assert_snapshot!(serde_json::to_string_pretty(&object).unwrap());
}

#[test]
fn every_object_has_every_key() {
    for script in scripts() {
        let objects = lines("json", &script);
        let keys = |object: &Value| {
            object
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        for object in &objects {
            assert_eq!(keys(object), keys(&objects[0]));
        }
    }
}

#[test]
fn unknown_is_null_and_empty_is_not() {
    // The only fact about this process is one wait.
    let object = process(&Script::new().wait(20, 3), 20);
    for key in [
        "comm",
        "argv",
        "argv_truncated",
        "created_by",
        "clone_flags",
        "parent_pid",
        "exit_code",
        "exit_signal",
        "core_dumped",
        "oom_killed",
        "killed_by",
        "exit_ns",
        "zombie_ns",
        "reaped_ns",
        "autoreaped",
        "freed_ns",
        "usage",
        "ns_pid",
        "kthread",
    ] {
        assert_eq!(object[key], Value::Null, "{key}");
    }
    assert_eq!(object["faults"]["total"], Value::Null);

    let object = process(
        &Script::new()
            .session()
            .fork(1, 10)
            .exec(10, "", &[])
            .exit(10, 0),
        10,
    );
    assert_eq!(object["comm"], "");
    assert_eq!(object["argv"], json!([]));
    assert_eq!(object["clone_flags"], json!([]));
    assert_eq!(object["exit_code"], 0);
    assert_eq!(object["exit_signal"], Value::Null);
    assert_eq!(
        (&object["oom_killed"], &object["oom"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(object["core_dumped"], false);
    assert_eq!(object["faults"]["total"], 5);
}

#[test]
fn figures_of_a_missing_hook_are_null() {
    let script = Script::new()
        .session_with(|session| {
            for hook in &mut session.hooks {
                if matches!(hook.purpose, Purpose::Faults | Purpose::Oom) {
                    hook.hook = None;
                }
            }
        })
        .fork(1, 10)
        .exit_with(10, |exit| exit.faults = None);
    let object = process(&script, 10);
    assert_eq!(object["faults"]["total"], Value::Null);
    assert_eq!(object["faults"]["minor"], 10);
    assert_eq!(object["oom_killed"], Value::Null);
}

#[test]
fn findings_and_owners_are_objects() {
    let script = Script::new()
        .session()
        .fork(1, 5)
        .fork(5, 10)
        .fork(5, 11)
        .die(10, 0)
        .reap(10)
        .die(11, 3)
        .at(2_000 * MS)
        .fork(1, 6);
    let finding = &lines("findings", &script)[0];
    assert_eq!(finding["kind"], "unreaped");
    assert_eq!(finding["process"]["pid"], 5);
    assert_eq!(finding["count"], 1);
    let says = finding["says"].as_str().unwrap();
    assert!(says.contains("has not reaped 1 child"), "{says}");
    assert_eq!(finding["until_ns"], START + 2_000 * MS);
    assert!(
        finding["since_time"].as_str().unwrap().contains('T'),
        "{finding}"
    );

    let owners = lines("owners", &script);
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0]["process"]["pid"], 5);
    assert_eq!(owners[0]["unreaped"], 1);
    assert_eq!(owners[0]["oldest_at_least"], false);
    assert!(owners[0]["oldest_ns"].as_u64().unwrap() > 1_900_000_000);
    assert_eq!(owners[0]["reap_latency"]["count"], 1);
    assert_eq!(owners[0]["owner"]["reaped"], 1);
}

/// Every string of an export, pasted as it is written, selects the process that it
/// belongs to, and no other.
#[test]
fn strings_can_be_pasted_into_a_filter() {
    let names: [&[u8]; 12] = [
        b"a\nb\tc\"d\\",
        b"A\\0",
        b"A\\\\0",
        b"it's \xff\x80",
        b"it's \xff",
        "it's \u{efff}".as_bytes(),
        b"\\xff",
        b"\x1b[2J\x7f",
        "\u{202e}\u{9b}".as_bytes(),
        "\u{e0041}".as_bytes(),
        "naïve 🦀".as_bytes(),
        b"/(.*)\xe9$/",
    ];
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for (pid, name) in (10..).zip(names) {
        let exec = Exec {
            old_pid: pid,
            comm: Comm::new(name),
            filename: Text::new(name),
            filename_cut: false,
            argv: Some(Text::new(&[name, b"\0"].concat())),
            argv_total: name.len() as u32 + 1,
            copies: None,
            relations: None,
        };
        script = script.fork(1, pid).event(pid, What::Exec(Box::new(exec)));
    }
    let mut model = Model::default();
    script.events.iter().for_each(|event| model.apply(event));
    let kept = |filter: String| {
        let filter = Filter::parse(&filter, &SavedFilters::new()).unwrap();
        let kept = model.processes();
        let kept = kept.filter(|&(key, _)| filter.keeps(&model, key, model.now()));
        kept.map(|(_, process)| process.id.tgid).collect::<Vec<_>>()
    };
    for (pid, name) in (10..).zip(names) {
        let object = process(&script, pid);
        for (key, field) in [("comm", "comm"), ("filename", "exe")] {
            for string in [json::one_line(&object[key]), object[key].to_string()] {
                assert_eq!(kept(format!("{field} == {string}")), [pid], "{string}");
                assert_eq!(kept(format!("{field} in (x, {string})")), [pid]);
            }
        }
        let argument = object["argv"][0].to_string();
        assert_eq!(kept(format!("argv == {argument}")), [pid]);
        // Alone, it is looked for within names and command lines.
        let found = kept(argument);
        assert!(found.contains(&pid), "{name:?}: {found:?}");
        assert_eq!(object["argv"][0], json::text(name));
    }
    assert_eq!(kept(r#"comm == "it's \xff""#.to_owned()), [14]);
    assert_eq!(kept(r#"comm == 'it\'s \xFF\x80'"#.to_owned()), [13]);
}

#[test]
fn times_are_also_on_the_wall_clock() {
    let object = process(&every_kind(), 10);
    assert_eq!(object["start_ns"], 1_000_000_005_000u64);
    assert_eq!(object["start_time"], "2026-07-30T08:43:20.000005000Z");
    assert_eq!(object["reaped_time"], "2026-07-30T08:43:20.005000000Z");
    assert_eq!(object["vanished_time"], Value::Null);
    // Without a session the wall clock is unknown.
    let object = process(&Script::new().fork(1, 10), 10);
    assert_eq!(object["start_time"], Value::Null);
    assert!(object["start_ns"].is_u64());
}

/// Every line of every format over every script, and over a recording of a kernel,
/// is what the schemas say.
#[test]
fn lines_fit_their_schemas() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/v2.tracer");
    let reader = Reader::new(std::fs::File::open(recording).unwrap()).unwrap();
    let recorded: Vec<Event> = reader.collect::<Result<_, _>>().unwrap();
    let streams = scripts().into_iter().map(|script| script.events);
    let streams: Vec<_> = streams.chain([recorded]).collect();
    let formats = [
        ("json", "process"),
        ("events-json", "event"),
        ("findings", "finding"),
        ("owners", "owner"),
    ];
    for (name, schema) in formats {
        let mut schemas = schema::DESCRIBED.iter();
        let schema = schemas.find(|it| it.name == schema).unwrap().schema();
        let mut lines = 0;
        for stream in &streams {
            for line in export(format(name).unwrap(), stream).lines() {
                let value = serde_json::from_str(line).unwrap();
                if let Err(error) = schema::check(&schema, &value) {
                    panic!("{error}: {line}");
                }
                lines += 1;
            }
        }
        assert!(lines > 0, "{name}");
    }
    let mut reader = Reader::new(std::fs::File::open(recording).unwrap()).unwrap();
    let survey = Survey::of(&mut reader, |_| ()).unwrap();
    let hooks = survey.session.as_ref().unwrap().hooks.clone();
    let checks = vec![DoctorCheck {
        what: "BTF",
        good: Some(true),
        says: "found".to_owned(),
        advice: None,
    }];
    let diagnosis = Diagnosis {
        checks,
        hooks,
        obstacle: None,
    };
    let objects = [
        ("recording", survey_json("v2.tracer", &survey)),
        ("missing", missing_json(3)),
        ("unreadable", unreadable_json("x", 5, &Error::Empty)),
        ("host", diagnosis_json(&diagnosis)),
    ];
    for (name, object) in objects {
        let schema = schema::DESCRIBED
            .iter()
            .find(|it| it.name == name)
            .unwrap()
            .schema();
        let value = serde_json::from_str(&object).unwrap();
        schema::check(&schema, &value).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn zombie_has_its_owners_and_bounds() {
    let script = Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .fork(1, 5)
        .fork(5, 10)
        .die(10, 0)
        .at(2_000 * MS)
        .exit_with(5, |exit| {
            exit.reaper = Some(crate::event::ProcessId { tgid: 1, start: 1 })
        })
        .reparent_zombie(5, 10, 1)
        .at(2_100 * MS)
        .free(10);
    let object = process(&script, 10);
    let ns = |key: &str| object[key].as_u64().unwrap();
    let start = ns("zombie_start_ns");
    assert_eq!(object["zombie_ns"], Value::Null);
    assert_eq!(ns("zombie_ns_min"), START + 2_000 * MS - start);
    assert_eq!(ns("zombie_ns_max"), START + 2_100 * MS - start);
    assert_eq!(object["reaped_how"], "unseen");
    let owners = object["zombie_owners"].as_array().unwrap();
    let of: Vec<_> = owners
        .iter()
        .map(|it| (&it["process"]["pid"], &it["ended_by"]))
        .collect();
    assert_eq!(
        of,
        [
            (&json!(5), &json!("owner_exit")),
            (&json!(1), &json!("reap"))
        ]
    );
    assert_eq!(owners[0]["ns_min"], owners[0]["ns_max"]);
    let left = &lines("owners", &script)[1]["left"][0];
    assert_eq!(
        (&left["count"], &left["ended_by"]),
        (&json!(1), &json!("owner_exit"))
    );
    assert_eq!(left["successor"]["pid"], 1);
}
