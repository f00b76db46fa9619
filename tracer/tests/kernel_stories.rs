//! Compares owners of zombies, failed forks and sessions with Python programs that print
//! the results of their system calls.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Scratch, events, json_lines, process, processes, record, run, tracer};

/// Runs a program under `record`; it prints one JSON object per line.
fn witness(file: &Path, program: &str) -> Vec<Value> {
    let output = run(record(file).args(["--", "python3", "-c", program]));
    json_lines(&output.stdout)
}

fn ns(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a number: {value}"))
}

/// Makes 1,000 children and reaps them after two seconds.
const MANY_ZOMBIES: &str = "
import json, os, time
boot = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME)
children = []
for _ in range(1000):
    alive = boot()
    pid = os.fork()
    if pid == 0:
        os._exit(3)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    children.append((pid, alive, boot()))
time.sleep(2)
for pid, alive, dead in children:
    before = boot()
    os.waitpid(pid, 0)
    after = boot()
    print(json.dumps(dict(pid=pid, owner=os.getpid(), alive=alive, dead=dead, before=before, after=after)))
";

#[test]
fn ages_of_a_thousand_zombies_are_right() {
    const TOLERANCE: u64 = 5_000_000;
    let scratch = Scratch::new("zombies");
    let file = scratch.file("zombies.trace");
    let facts = witness(&file, MANY_ZOMBIES);
    assert_eq!(facts.len(), 1000);
    let processes = processes(&file);
    let mut known_well = 0;
    for fact in &facts {
        let story = process(&processes, &fact["pid"]);
        assert_eq!(story["reaped_by_pid"], fact["owner"], "{story}");
        assert_eq!(story["exit_code"], 3, "{story}");
        let age = ns(&story["zombie_ns"]);
        let (least, most) = (
            ns(&fact["before"]) - ns(&fact["dead"]),
            ns(&fact["after"]) - ns(&fact["alive"]),
        );
        assert!((least..=most).contains(&age), "{age} of {fact}");
        known_well += usize::from(most - least <= TOLERANCE);
    }
    // On a busy machine the witness itself is less exact.
    assert!(known_well > 500, "only {known_well} ages are exact");
    let owner = process(&processes, &facts[0]["owner"]);
    // A wrapper around the interpreter may have reaped some before.
    let reaped = processes
        .iter()
        .filter(|process| process["reaped_by_pid"] == owner["pid"]);
    assert_eq!(owner["owner"]["reaped"], reaped.count(), "{owner}");
}

/// Prints the usage of its children, its session and its process group.
const OWNER: &str = "
import json, os, resource, signal, subprocess
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
pid = os.fork()
if pid == 0:
    os.setsid()
    subprocess.run(['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; true | cat'])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps(dict(pid=os.getpid(), sid=os.getsid(0), pgid=os.getpgid(0),
        minor=used.ru_minflt, nvcsw=used.ru_nvcsw, maxrss=used.ru_maxrss)), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
";

#[test]
fn owner_is_reported_with_its_children_and_session() {
    let scratch = Scratch::new("owner");
    let file = scratch.file("owner.trace");
    let facts = witness(&file, OWNER);
    let fact = &facts[0];
    let processes = processes(&file);
    let story = process(&processes, &fact["pid"]);
    assert_eq!(story["ties"]["sid"], fact["sid"], "{story}");
    assert_eq!(story["ties"]["pgid"], fact["pgid"], "{story}");
    let children = &story["children_usage"];
    for (in_story, in_fact) in [
        ("minor", "minor"),
        ("nvcsw", "nvcsw"),
        ("maxrss_kib", "maxrss"),
    ] {
        assert_eq!(children[in_story], fact[in_fact], "{in_story} of {story}");
    }
    let parent = process(&processes, &story["parent_pid"]);
    let care = &parent["owner"]["care"];
    assert_eq!(
        (&care["blocked"], &care["stopped"]),
        (&true.into(), &false.into()),
        "{parent}"
    );
    assert!(ns(&parent["owner"]["wait_calls"]) >= 1, "{parent}");
}

/// A subreaper whose child leaves a zombie and exits: the subreaper reaps it, or it ignores
/// SIGCHLD.
const LEFT: &str = "
import ctypes, json, os, signal, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for ignores in (False, True):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN if ignores else signal.SIG_DFL)
    read, write = os.pipe()
    parent = os.fork()
    if parent == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        pid = os.fork()
        if pid == 0:
            os._exit(4)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        dead = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        time.sleep(0.05)
        alive = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        os.write(write, json.dumps(dict(pid=pid, parent=os.getpid(), dead=dead, alive=alive)).encode())
        os._exit(0)
    fact = json.loads(os.read(read, 1000))
    if not ignores:
        os.waitpid(parent, 0)
        time.sleep(0.05)
        os.waitpid(fact['pid'], 0)
    else:
        try:
            os.wait()
        except ChildProcessError:
            pass
    print(json.dumps(dict(fact, ignores=ignores, reaper=os.getpid())), flush=True)
";

#[test]
fn zombie_has_the_owners_that_it_had() {
    let scratch = Scratch::new("left");
    let file = scratch.file("left.trace");
    let facts = witness(&file, LEFT);
    assert_eq!(facts.len(), 2);
    let processes = processes(&file);
    for fact in facts {
        let story = process(&processes, &fact["pid"]);
        let owners = story["zombie_owners"].as_array().unwrap();
        let pids: Vec<_> = owners
            .iter()
            .map(|owner| &owner["process"]["pid"])
            .collect();
        let least = ns(&fact["alive"]) - ns(&fact["dead"]);
        assert!(ns(&owners[0]["ns_min"]) >= least, "{fact} {story}");
        match fact["ignores"] == true {
            true => {
                assert_eq!(pids, [&fact["parent"]], "{story}");
                assert_eq!(story["reaped_how"], "owner_exit", "{story}");
                assert_eq!(story["reaped_by_pid"], Value::Null, "{story}");
            }
            false => {
                assert_eq!(pids, [&fact["parent"], &fact["reaper"]], "{story}");
                assert_eq!(story["reaped_how"], "wait", "{story}");
                assert!(
                    ns(&story["zombie_ns"]) >= least + 50_000_000,
                    "{fact} {story}"
                );
            }
        }
    }
}

/// Forks as a user with a limit of three tasks.
const LIMITED: &str = "
import errno, json, os, resource
if os.fork() == 0:
    os.setuid(54321)
    resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
    children, failed = [], 0
    for _ in range(5):
        try:
            read, write = os.pipe()
            pid = os.fork()
        except OSError as error:
            assert error.errno == errno.EAGAIN
            failed += 1
            continue
        if pid == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        children.append((pid, write))
    print(json.dumps(dict(pid=os.getpid(), failed=failed, made=len(children))), flush=True)
    for pid, write in children:
        os.close(write)
    for pid, _ in children:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    os._exit(0)
os.wait()
";

#[test]
fn failed_forks_are_reported_with_the_limit() {
    let scratch = Scratch::new("limited");
    let file = scratch.file("limited.trace");
    let facts = witness(&file, LIMITED);
    let fact = &facts[0];
    assert!(ns(&fact["failed"]) > 0, "{fact}");
    let events = events(&file);
    let failed: Vec<_> = events
        .iter()
        .filter(|event| event["event"] == "fork_failed" && event["pid"] == fact["pid"])
        .collect();
    assert_eq!(failed.len() as u64, ns(&fact["failed"]), "{failed:?}");
    for event in failed {
        assert_eq!(event["errno_name"], "EAGAIN", "{event}");
        assert_eq!(event["max_processes"], 3, "{event}");
        assert_eq!(event["likely"], "nproc", "{event}");
    }
}

/// Every process that strace saw is in the recording with the end that strace saw, and no
/// other process of its tree is.
#[test]
fn pipelines_of_a_shell_match_strace() {
    let scratch = Scratch::new("strace");
    let (file, log) = (scratch.file("strace.trace"), scratch.file("strace.log"));
    let script = "for i in 1 2 3; do true | cat | (exit $i); done; seq 4 | xargs -P2 -n1 sh -c 'exit 0'; \
                  timeout 0.1 sleep 5; sh -c 'kill -SEGV $$'; (sleep 0.05 &) ; wait";
    // The script's own exit code is that of its last command.
    run(record(&file)
        .args(["--", "strace", "-f", "-e", "trace=none", "-o"])
        .arg(&log)
        .args(["bash", "-c", &format!("{script}; true")]));
    let processes = processes(&file);
    let log = std::fs::read_to_string(log).unwrap();
    let mut seen = 0;
    for line in log.lines() {
        let Some((pid, end)) = line.split_once(' ') else {
            continue;
        };
        let pid = Value::from(pid.parse::<u64>().unwrap());
        let end = end.trim();
        let story = process(&processes, &pid);
        if let Some(rest) = end.strip_prefix("+++ exited with ") {
            let code: u64 = rest.trim_end_matches(" +++").parse().unwrap();
            assert_eq!(story["exit_code"], code, "{line}: {story}");
            seen += 1;
        } else if let Some(rest) = end.strip_prefix("+++ killed by ") {
            let name = rest.split(' ').next().unwrap();
            assert_eq!(story["exit_signal_name"], name, "{line}: {story}");
            seen += 1;
        }
    }
    let strace = processes
        .iter()
        .find(|process| process["comm"] == "strace" && process["exec_count"] == 1)
        .unwrap();
    let traced_by = |process: &&Value| process["ties"]["traced_by"]["pid"] == strace["pid"];
    let count = processes
        .iter()
        .filter(traced_by)
        .filter(|process| process["exit_ns"].is_u64() && process["comm"] != "strace")
        .count();
    assert!(seen > 15, "strace saw too little: {log}");
    assert_eq!(count, seen, "{log}");
}

/// A recorded command is distinguished from everything else that runs.
#[test]
fn recorded_command_is_known_with_its_processes() {
    let scratch = Scratch::new("command");
    let file = scratch.file("command.trace");
    // The background child outlives its parent and is reparented.
    let script = "sh -c 'kill -SEGV $$'; sh -c '(exec sleep 0.2) & exit 0'; sleep 0.3; exit 3";
    let status = record(&file).args(["--", "sh", "-c", script]).status();
    assert_eq!(status.unwrap().code(), Some(3));
    let replay = |arguments: &[&str]| {
        let output = run(tracer().arg("replay").arg(&file).args(arguments));
        String::from_utf8(output.stdout).unwrap()
    };
    let report = replay(&["--report"]);
    let first = report.lines().next().unwrap();
    assert!(first.starts_with("Your command: sh -c 'sh -c "), "{first}");
    assert!(
        first.contains("': 5 processes, ") && first.ends_with(", exit 3"),
        "{first}"
    );
    let members = replay(&["--json", "--filter", "command()"]);
    let mut members: Vec<_> = json_lines(members.as_bytes());
    members.sort_by_key(|it| it["pid"].as_u64());
    assert_eq!(members.len(), 5, "{members:?}");
    assert_eq!(members[0]["exit_code"], 3);
    assert_eq!(members[1]["exit_signal_name"], "SIGSEGV");
    let deaths = replay(&[
        "--report=deaths",
        "--json",
        "--filter",
        "command() && exit.signal != 0",
    ]);
    let deaths = json_lines(deaths.as_bytes());
    let death = deaths.iter().find(|row| row["table"] == "deaths").unwrap();
    assert_eq!(death["process"]["pid"], members[1]["pid"]);
    assert_eq!(death["exit_ns"], members[1]["exit_ns"]);
}
