//! Tests the snapshot of existing tasks: by the task iterator, by `/proc`, and inside a pid
//! namespace.

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

/// Runs `tracer record FILE -- sh -c SCRIPT` without the hooks `without` and those that the
/// environment denies.
fn record(file: &Path, without: &str, script: &str) {
    let denied = std::env::var("TRACER_WITHOUT").unwrap_or_default();
    run(tracer()
        .arg("record")
        .arg(file)
        .args(["--without", &format!("{without},{denied}")])
        .args(["--", "sh", "-c", script]));
}

/// A child that is killed and reaped when this is dropped.
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

/// Returns the PID of the process with exactly these arguments.
fn running(arguments: &str) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let mut numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(|pid: &u32| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.trim_end_matches('\0').replace('\0', " ") == arguments
    })
}

/// Returns the processes of the snapshot, by PID.
fn found(processes: &[Value]) -> BTreeMap<u64, &Value> {
    let found = processes
        .iter()
        .filter(|process| process["created_by"] == "snapshot");
    found
        .map(|process| (process["pid"].as_u64().unwrap(), process))
        .collect()
}

#[test]
fn proc_and_iterator_give_the_same_snapshot() {
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
        // Exited or started between the two snapshots.
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
            // The cgroup of a zombie is not shown everywhere, and a process may exit before
            // its arguments are read.
            let is_hidden = match field {
                "cgroup" => by_proc["state"] == "zombie",
                "argv" => !by_proc["exit_ns"].is_null(),
                _ => false,
            };
            if !(is_hidden && by_proc[field].is_null()) {
                assert_eq!(by_iterator[field], by_proc[field], "{field} of {by_proc}");
            }
        }
        for tie in ["pgid", "sid"] {
            assert_eq!(by_iterator["ties"][tie], by_proc["ties"][tie], "{by_proc}");
        }
        compared += 1;
    }
    // The others started or exited in between.
    assert!(
        compared * 10 >= exact.len() * 9,
        "{compared} of {}",
        exact.len()
    );

    let [care, mut by_iterator] = [&coarse, &exact].map(|found| {
        let story = found[&u64::from(still.pid())];
        assert_eq!(story["ties"]["traced_by"], Value::Null, "{story}");
        story["owner"]["care"].clone()
    });
    assert_eq!(
        (&care["stopped"], &care["sigchld"]),
        (&json!(true), &json!("caught"))
    );
    // /proc does not show this one.
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
    // It is the init of its namespace: killing it ends the namespace.
    let _ = Command::new("kill")
        .arg(nested["pid"].to_string())
        .arg("-9")
        .status();
    let _ = Command::new("kill")
        .args(["-9", &nested["pid"].to_string()])
        .status();
}

/// Hooks report start times in nanoseconds, `/proc` in ticks. A process seen by both is one
/// process.
#[test]
fn process_found_in_proc_that_exits_is_one_process() {
    let scratch = Scratch::new("one-process");
    let file = scratch.file("x.trace");
    let sleeper = Running::new("sleep", &["4713"]);
    let pid = sleeper.pid();
    let script =
        format!("kill -TERM {pid}; until grep -q 'State:.Z' /proc/{pid}/status; do :; done");
    record(&file, "iter", &script);
    let processes = processes(&file);
    let stories: Vec<_> = processes.iter().filter(|it| it["pid"] == pid).collect();
    assert_eq!(stories.len(), 1, "{stories:?}");
    assert_eq!(stories[0]["created_by"], "snapshot");
    assert_eq!(stories[0]["argv"], json!(["sleep", "4713"]));
    assert_eq!(stories[0]["exit_signal"], libc::SIGTERM);
    assert_eq!(stories[0]["killed_by"]["comm"], "sh");
    // No other process is listed twice: no PID is reused so soon.
    let mut starts = BTreeMap::new();
    for process in &processes {
        let start = process["start_ns"].as_u64().unwrap() / TICK_NS;
        let before = starts.insert((process["pid"].as_u64(), start), process);
        assert!(before.is_none() || start == 0, "{before:?}\n{process}");
    }
}

/// Inside a pid namespace the reported PIDs are the host's, and belong to the right
/// processes.
#[test]
fn tracer_in_a_container_reports_the_right_processes() {
    for proc in ["--mount-proc", ""] {
        let scratch = Scratch::new("container");
        let file = scratch.file("x.trace");
        let (ready, go) = (scratch.file("ready"), scratch.file("go"));
        // The other processes make inner and outer PIDs differ. With a command left to
        // run, the shell does not exec tracer in its place.
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
            .find(|it| it["original_parent_pid"] == own["pid"]);
        assert_eq!(command.unwrap()["comm"], "sh");
        let _ = Command::new("kill")
            .args(["-9", &sleeper.to_string()])
            .status();
    }
}
