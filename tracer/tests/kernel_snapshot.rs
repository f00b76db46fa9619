//! What already runs: as the task iterator tells it, as `/proc` does, and from
//! inside a pid namespace.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use support::{Scratch, events, process, processes, run, tracer, until};

/// USER_HZ is 100 on x86.
const TICK_NS: u64 = 10_000_000;

/// `tracer record FILE -- sh -c SCRIPT`, denied these hooks and those that the
/// environment denies.
fn record(file: &Path, without: &str, script: &str) {
    let denied = std::env::var("TRACER_WITHOUT").unwrap_or_default();
    run(tracer()
        .arg("record")
        .arg(file)
        .args(["--without", &format!("{without},{denied}")])
        .args(["--", "sh", "-c", script]));
}

/// Killed and waited for, whatever becomes of the test.
struct Running(Child);

impl Running {
    fn new(program: &str, arguments: &[&str]) -> Running {
        let mut command = Command::new(program);
        Running(
            command
                .args(arguments)
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn status(pid: u32, name: &str) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start_matches(':').trim().to_owned())
}

/// Who runs with exactly these arguments, by its number here.
fn running(arguments: &str) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let mut numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|pid: &u32| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.trim_end_matches('\0').replace('\0', " ") == arguments
    })
}

/// Those who were found, by number.
fn found(processes: &[Value]) -> BTreeMap<u64, &Value> {
    let found = processes
        .iter()
        .filter(|process| process["created_by"] == "snapshot");
    found
        .map(|process| (process["pid"].as_u64().unwrap(), process))
        .collect()
}

#[test]
fn proc_tells_what_the_iterator_tells() {
    let scratch = Scratch::new("snapshot");
    let zombie = Running::new("sh", &["-c", "exit 3"]);
    until("a zombie", || {
        status(zombie.pid(), "State")?
            .starts_with('Z')
            .then_some(())
    });
    let inside = Running::new("unshare", &["--pid", "--fork", "sleep", "4712"]);
    until("a process in a pid namespace", || running("sleep 4712"));

    let still = Running::new("sh", &["-c", "trap : CHLD; kill -STOP $$; :"]);
    until("a process that is stopped", || {
        status(still.pid(), "State")?.starts_with('T').then_some(())
    });

    let (exact, coarse) = (scratch.file("iter.trace"), scratch.file("proc.trace"));
    record(&exact, "", "true");
    record(&coarse, "iter", "true");
    let (exact, coarse) = (processes(&exact), processes(&coarse));
    let (exact, coarse) = (found(&exact), found(&coarse));

    let mut compared = 0;
    for (pid, by_iterator) in &exact {
        // Gone, or come, between the two.
        let Some(by_proc) = coarse.get(pid) else {
            continue;
        };
        let start = |process: &Value| process["start_ns"].as_u64().unwrap();
        let (exact, coarse) = (start(by_iterator), start(by_proc));
        if exact / TICK_NS != coarse / TICK_NS {
            continue;
        }
        assert_eq!(coarse % TICK_NS, 0, "{by_proc}");
        for field in ["comm", "argv", "kthread", "ns_pid", "ns_level", "cgroup"] {
            // The cgroup of a zombie is not shown everywhere.
            let is_hidden = field == "cgroup" && by_proc[field].is_null();
            if !(is_hidden && by_proc["state"] == "zombie") {
                assert_eq!(by_iterator[field], by_proc[field], "{field} of {by_proc}");
            }
        }
        for tie in ["pgid", "sid"] {
            assert_eq!(by_iterator["ties"][tie], by_proc["ties"][tie], "{by_proc}");
        }
        compared += 1;
    }
    // The rest came and went.
    assert!(
        compared * 10 >= exact.len() * 9,
        "{compared} of {}",
        exact.len()
    );

    let [care, mut by_iterator] = [&coarse, &exact].map(|told| {
        let story = told[&u64::from(still.pid())];
        assert_eq!(story["ties"]["traced_by"], Value::Null, "{story}");
        story["owner"]["care"].clone()
    });
    assert_eq!(
        (&care["stopped"], &care["sigchld"]),
        (&json!(true), &json!("caught"))
    );
    // That /proc does not say.
    assert_eq!(by_iterator["nocldwait"].take(), json!(false));
    assert_eq!(care, by_iterator);

    let dead = coarse[&u64::from(zombie.pid())];
    assert_eq!(
        (&dead["state"], &dead["exit_code"]),
        (&json!("zombie"), &json!(3))
    );
    assert_eq!(dead["parent_pid"], std::process::id());
    let nested = coarse[&u64::from(running("sleep 4712").unwrap())];
    assert_eq!(nested["ns_pid"], 1, "{nested}");
    assert_eq!(nested["parent_pid"], inside.pid());
    // It ends when its namespace's init, itself, is killed.
    let _ = Command::new("kill")
        .arg(nested["pid"].to_string())
        .arg("-9")
        .status();
    let _ = Command::new("kill")
        .args(["-9", &nested["pid"].to_string()])
        .status();
}

/// Hooks know starts to the nanosecond, `/proc` to the tick: it is one process
/// all the same, whoever saw it first.
#[test]
fn who_was_found_in_proc_and_dies_is_one_process() {
    let scratch = Scratch::new("one-process");
    let file = scratch.file("x.trace");
    let sleeper = Running::new("sleep", &["4713"]);
    let pid = sleeper.pid();
    let script =
        format!("kill -TERM {pid}; until grep -q 'State:.Z' /proc/{pid}/status; do :; done");
    record(&file, "iter", &script);
    let processes = processes(&file);
    let stories: Vec<_> = processes.iter().filter(|told| told["pid"] == pid).collect();
    assert_eq!(stories.len(), 1, "{stories:?}");
    assert_eq!(stories[0]["created_by"], "snapshot");
    assert_eq!(stories[0]["argv"], json!(["sleep", "4713"]));
    assert_eq!(stories[0]["exit_signal"], libc::SIGTERM);
    assert_eq!(stories[0]["killed_by"]["comm"], "sh");
    // Nor is anybody else twice: no number is used again so soon.
    let mut starts = BTreeMap::new();
    for told in &processes {
        let start = told["start_ns"].as_u64().unwrap() / TICK_NS;
        let before = starts.insert((told["pid"].as_u64(), start), told);
        assert!(before.is_none() || start == 0, "{before:?}\n{told}");
    }
}

/// From inside a pid namespace the numbers told are the host's, and what they
/// name is who it is.
#[test]
fn a_tracer_in_a_container_takes_nobody_for_another() {
    for proc in ["--mount-proc", ""] {
        let scratch = Scratch::new("container");
        let file = scratch.file("x.trace");
        let (ready, go) = (scratch.file("ready"), scratch.file("go"));
        // The others in there keep the numbers apart; with something left to do
        // no shell lets the tracer take its place.
        let script = format!(
            "sleep 4714 & true & true & wait %2 %3; {} record {} -- sh -c ': > {}; until [ -e {} ]; do sleep 0.05; done'; exit $?",
            tracer().get_program().display(),
            file.display(),
            ready.display(),
            go.display()
        );
        let mut arguments = vec!["--pid", "--fork"];
        arguments.extend(Some(proc).filter(|proc| !proc.is_empty()));
        arguments.extend(["sh", "-c", &script]);
        let mut container = Running::new("unshare", &arguments);
        until("a trace in the container", || ready.exists().then_some(()));
        let sleeper = running("sleep 4714").unwrap();
        let recorder = std::fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap();
        let shell: u32 = recorder.split(' ').nth(3).unwrap().parse().unwrap();
        std::fs::write(&go, "").unwrap();
        container.0.wait().unwrap();

        let processes = processes(&file);
        let story = process(&processes, &sleeper.into());
        assert_eq!(story["argv"], json!(["sleep", "4714"]), "{proc}");
        assert_eq!(story["comm"], "sleep");
        assert_eq!(story["parent_pid"], shell);
        let session = &events(&file)[0];
        assert_eq!(session["event"], "session");
        let own = process(&processes, &session["tracer_pid"]);
        assert_eq!(
            (&own["comm"], &own["parent_pid"]),
            (&json!("tracer"), &shell.into()),
            "{own}"
        );
        let command = processes
            .iter()
            .find(|told| told["original_parent_pid"] == own["pid"]);
        assert_eq!(command.unwrap()["comm"], "sh");
        let _ = Command::new("kill")
            .args(["-9", &sleeper.to_string()])
            .status();
    }
}
