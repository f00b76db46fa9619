//! Compares recordings of programs that start processes in many ways with the messages of
//! the proc connector: every process that it saw is recorded once, with the same parent,
//! threads, execs and end, and no other process is.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

#[path = "support/connector.rs"]
mod connector;
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Output},
};

use connector::{Connector, Leader, Life, Message, Said, lives};
use serde_json::{Value, json};
use support::{ATTEMPTS, Scratch, events, had_room, processes, record, skipped, workload};

/// Error of the comparison of the two clocks, ns.
const CLOCKS_APART: u64 = 100_000;

/// Runs a command under `record` while the witness listens, and compares all processes of
/// the host during the command. Returns the command and its descendants, at least `least`
/// processes.
fn compare(name: &str, least: usize, command: &mut Command) -> Vec<Value> {
    let scratch = Scratch::new(&format!("witness-{name}"));
    let file = scratch.file("x.trace");
    let (heard, output) = witness(&file, command);
    let (recorded, events) = (processes(&file), events(&file));
    let complaint = String::from_utf8_lossy(&output.stderr);
    had_room(&events);
    let lives = lives(&heard);
    let root = root(&events, &recorded);
    let seen_root = lives.iter().find(|life| is_same(root, life));
    let Some(seen_root) = seen_root else {
        panic!("{name}: the witness did not see {root}\n{complaint}");
    };
    let began = seen_root.forked;
    let over = seen_root.end.unwrap().at;

    let stories = by_pid(&recorded);
    // Number of records that may be missing because the kernel skipped programs.
    let mut unseen = skipped(&events);
    let mut compared = Vec::new();
    for life in &lives {
        if !(began..=over).contains(&life.forked) {
            continue;
        }
        let numbered = stories.get(&life.pid).into_iter().flatten();
        let of_life: Vec<_> = numbered.filter(|story| is_same(story, life)).collect();
        let half = |story: &&&Value| story["exit_ns"].is_null() && life.ended(over).is_some();
        if unseen > 0 && of_life.first().is_none_or(half) {
            unseen -= 1;
            continue;
        }
        let [story] = of_life[..] else {
            panic!("{name}: not one story of {life:?}: {of_life:?}");
        };
        same(name, life, story, over);
        same_parent(name, life, story, over, &heard);
        compared.push((*story).clone());
    }
    let count = compared.len();
    let compared = descendants(root, compared);
    assert!(
        compared.len() >= least,
        "{name}: too little happened ({} processes): {complaint}",
        compared.len()
    );
    // Every recorded fork was seen by the witness.
    let lives = by_number(&lives);
    for story in recorded.iter().filter(|story| story["forked_ns"].is_u64()) {
        let numbered = lives.get(&story["pid"].as_u64().unwrap());
        let seen = numbered
            .into_iter()
            .flatten()
            .any(|life| is_same(story, life));
        assert!(seen, "{name}: the witness did not see {story}");
    }
    println!(
        "{name}: {count} processes compared, {} of them its own",
        compared.len()
    );
    compared
}

/// Records a command and returns the witness's messages of that time. The witness may miss
/// a message (GFP_NOWAIT in `send_msg`, drivers/connector/cn_proc.c), and so may tracer if
/// the kernel skips a program. Both report that, and the run is repeated.
fn witness(file: &Path, command: &Command) -> (Vec<Message>, Output) {
    for attempt in 1..=ATTEMPTS {
        let connector = Connector::listen();
        // Its exit code does not matter: some of these commands kill themselves. The
        // buffer is large because the whole host is compared.
        let output = record(file)
            .args(["--buffer", "64M", "--"])
            .arg(command.get_program())
            .args(command.get_args())
            .output()
            .unwrap();
        match connector.heard() {
            Ok(heard) if attempt == ATTEMPTS || skipped(&events(file)) == 0 => {
                return (heard, output);
            }
            Ok(_) => println!("the kernel skipped programs of tracer"),
            Err(missed) => println!("the witness missed messages: {}", missed.why),
        }
        std::fs::remove_file(file).unwrap();
    }
    panic!("something was missed {ATTEMPTS} times");
}

/// Returns the recorded command: the child of tracer that executed a program.
fn root<'a>(events: &[Value], recorded: &'a [Value]) -> &'a Value {
    let tracer = &events[0]["tracer_pid"];
    let root = recorded
        .iter()
        .find(|story| &story["original_parent_pid"] == tracer && story["exec_count"] != 0);
    root.unwrap()
}

/// Keeps the command and its descendants.
fn descendants(root: &Value, mut stories: Vec<Value>) -> Vec<Value> {
    stories.sort_by_key(|story| story["forked_ns"].as_u64());
    let mut pids = BTreeSet::new();
    let pid = |story: &Value, field: &str| story[field].as_u64();
    stories.retain(|story| {
        let is_root = story["pid"] == root["pid"] && story["start_ns"] == root["start_ns"];
        let is_own = is_root || pids.contains(&pid(story, "original_parent_pid"));
        if is_own {
            pids.insert(pid(story, "pid"));
        } else {
            // An unrelated process may reuse the PID of an exited one.
            pids.remove(&pid(story, "pid"));
        }
        is_own
    });
    stories
}

fn by_pid(recorded: &[Value]) -> BTreeMap<u32, Vec<&Value>> {
    let mut by_pid: BTreeMap<u32, Vec<&Value>> = BTreeMap::new();
    for story in recorded {
        let pid = story["pid"].as_u64().unwrap() as u32;
        by_pid.entry(pid).or_default().push(story);
    }
    by_pid
}

fn by_number(lives: &[Life]) -> BTreeMap<u64, Vec<&Life>> {
    let mut by_number: BTreeMap<u64, Vec<&Life>> = BTreeMap::new();
    for life in lives {
        by_number.entry(life.pid.into()).or_default().push(life);
    }
    by_number
}

/// Returns true if a recorded process is the one that the witness saw: its message lies
/// between the start time and the fork record, all made in `copy_process`.
fn is_same(story: &Value, life: &Life) -> bool {
    let time = |field: &str| story[field].as_u64();
    let (Some(start), Some(forked)) = (time("start_ns"), time("forked_ns")) else {
        return false;
    };
    story["pid"] == life.pid
        && start <= life.forked + CLOCKS_APART
        && life.forked <= forked + CLOCKS_APART
}

/// Compares a recorded process with what the witness saw of it. Tracing may have ended at
/// `over`.
fn same(name: &str, life: &Life, story: &Value, over: u64) {
    let equal = |field: &str, expected: Value| {
        assert_eq!(
            story[field], expected,
            "{name}: {field} of {life:?}: {story}"
        );
    };
    equal("original_parent_pid", json!(life.parent));
    let Some((end, leader)) = life.ended(over) else {
        return;
    };
    equal("threads", json!(life.threads));
    equal("exec_count", json!(life.execs));
    // The status of the last thread counts unless a thread ended the whole group
    // (`synchronize_group_exit`, kernel/exit.c); before 5.17 the status of the leader.
    let recorded = ["exit_code", "exit_signal", "core_dumped"].map(|field| &story[field]);
    let seen = [leader.status, end.last_status].map(|status| {
        let exited = libc::WIFEXITED(status);
        [
            json!(exited.then(|| libc::WEXITSTATUS(status))),
            json!((!exited).then(|| libc::WTERMSIG(status))),
            json!(!exited && libc::WCOREDUMP(status)),
        ]
    });
    assert!(
        seen.iter().any(|seen| seen.each_ref() == recorded),
        "{name}: end of {life:?}: {story}"
    );
    assert!(
        story["exit_ns"]
            .as_u64()
            .is_some_and(|exit| exit <= end.at + CLOCKS_APART),
        "{name}: {life:?}: {story}"
    );
}

/// Compares the parent at its exit, unless the parent exited too.
fn same_parent(name: &str, life: &Life, story: &Value, over: u64, heard: &[Message]) {
    let Some((end, Leader { parent, .. })) = life.ended(over).filter(|(_, it)| it.parent != 0)
    else {
        return;
    };
    let reaped = story["reaped_ns"].as_u64().unwrap_or(u64::MAX);
    let exited = heard.iter().any(|message| {
        matches!(message.said, Said::Exit { pid, .. } if pid == parent)
            && message.at.saturating_add(CLOCKS_APART) >= end.at
            && message.at <= reaped.saturating_add(CLOCKS_APART)
    });
    if !exited {
        assert_eq!(
            story["parent_pid"], parent,
            "{name}: parent of {life:?}: {story}"
        );
    }
}

/// Runs one of stress-ng's stressors in two instances for a number of operations, fewer on
/// a slow machine. It runs as `nobody`, because some stressors refuse root.
fn stress(stressor: &str, operations: u32, least: usize) {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--clear-groups", "stress-ng", "--quiet"])
        .args(["--temp-path", "/tmp", "--timeout", "5"])
        // Without it thousands are started before it checks the time.
        .args(["--exec-max", "16"])
        .args([&format!("--{stressor}"), "2"])
        .args([&format!("--{stressor}-ops"), &operations.to_string()]);
    compare(&format!("stress-{stressor}"), least, &mut command);
}

/// Declares a test for each stressor, with its number of operations and the least number
/// of processes they start.
macro_rules! stress {
    ($($name:ident: $stressor:literal, $operations:literal, $least:literal;)*) => {
        $(#[test]
        fn $name() {
            stress($stressor, $operations, $least);
        })*
    };
}

stress! {
    stress_fork: "fork", 500, 50;
    stress_vfork: "vfork", 500, 50;
    stress_clone: "clone", 200, 20;
    stress_zombie: "zombie", 500, 50;
    stress_exec: "exec", 200, 20;
    stress_daemon: "daemon", 200, 20;
    // Each instance signals one child and itself repeatedly.
    stress_kill: "kill", 2000, 4;
}

/// Compares a shell script.
fn script(name: &str, least: usize, script: &str) -> Vec<Value> {
    compare(name, least, Command::new("sh").args(["-c", script]))
}

#[test]
fn timeouts_and_signals() {
    let stories = script(
        "timeout",
        6,
        "timeout 0.1 sleep 5; timeout -s KILL 0.1 sleep 5; sh -c 'kill -SEGV $$'; sh -c 'kill -35 $$'; true",
    );
    for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGSEGV, 35] {
        let killed = |story: &&Value| story["exit_signal"] == signal;
        assert!(stories.iter().any(|story| killed(&story)), "{signal}");
    }
}

#[test]
fn xargs_in_parallel() {
    script(
        "xargs",
        200,
        "seq 200 | xargs -P8 -n1 sh -c 'exit $(($0 % 120))'; true",
    );
}

/// Orphans are reparented to the nearest subreaper.
#[test]
fn tini_as_a_subreaper() {
    const ORPHANS: &str =
        "for code in 3 4 5; do (sh -c \"sleep 0.1; exit $code\" &) ; done; sleep 0.3; exit 0";
    let stories = compare(
        "tini",
        10,
        Command::new("tini").args(["-s", "--", "sh", "-c", ORPHANS]),
    );
    let tini = stories
        .iter()
        .find(|story| story["comm"] == "tini")
        .unwrap();
    let orphans = stories.iter().filter(|story| {
        story["parent_pid"] == tini["pid"] && story["original_parent_pid"] != tini["pid"]
    });
    let codes: BTreeSet<_> = orphans
        .inspect(|story| assert_eq!(story["reaped_by_pid"], tini["pid"], "{story}"))
        .filter_map(|story| story["exit_code"].as_u64())
        .collect();
    assert_eq!(codes, [3, 4, 5].into());
}

/// Orphans are reparented to the namespace's init, and all exit with it.
#[test]
fn pid_namespace_and_its_init() {
    const INSIDE: &str =
        "(sh -c 'sleep 0.1; exit 3' &); sleep 100 & sh -c 'exit 4'; sleep 0.3; exit 5";
    let stories = compare(
        "unshare",
        6,
        Command::new("unshare").args(["--pid", "--fork", "sh", "-c", INSIDE]),
    );
    let one = |what: &str, is: &dyn Fn(&Value) -> bool| {
        let mut found = stories.iter().filter(|story| is(story));
        let story = found
            .next()
            .unwrap_or_else(|| panic!("no {what}: {stories:?}"));
        story.clone()
    };
    let init = one("init", &|story| {
        story["ns_pid"] == 1 && story["ns_level"] != 0
    });
    assert_eq!(init["exit_code"], 5);
    let orphan = one("orphan", &|story| story["exit_code"] == 3);
    assert_eq!(orphan["parent_pid"], init["pid"]);
    assert_ne!(orphan["original_parent_pid"], init["pid"]);
    let killed = one("sleep", &|story| story["argv"] == json!(["sleep", "100"]));
    assert_eq!(killed["exit_signal"], libc::SIGKILL);
}

/// A build with two parallel jobs, one of which is killed.
#[test]
fn parallel_build() {
    let scratch = Scratch::new("build");
    let source = "int f(int x) { return x * 3; }\n";
    let objects: Vec<_> = (0..6).map(|n| format!("f{n}.o")).collect();
    for n in 0..6 {
        std::fs::write(scratch.file(&format!("f{n}.c")), source).unwrap();
    }
    let rules = format!(
        "all: {} killed\n%.o: %.c\n\tgcc -O1 -c $< -o $@\nkilled:\n\tkill -9 $$$$\n",
        objects.join(" ")
    );
    std::fs::write(scratch.file("Makefile"), rules).unwrap();
    let mut make = Command::new("make");
    make.args(["-j2", "-k", "-C"]).arg(scratch.file(""));
    let stories = compare("make", 19, &mut make);
    let with = |field: &str, value: Value| {
        let stories = stories.iter();
        stories.filter(|story| story[field] == value).count()
    };
    assert_eq!(with("comm", json!("cc1")), 6);
    assert_eq!(with("exit_signal", json!(libc::SIGKILL)), 1);
}

/// Children by fork and by spawn, with queues and threads.
#[test]
fn python_multiprocessing() {
    let scratch = Scratch::new("multiprocessing");
    let program = scratch.file("pool.py");
    std::fs::write(&program, MULTIPROCESSING).unwrap();
    let stories = compare("python", 10, Command::new("python3").arg(&program));
    for code in [0, 7] {
        assert!(stories.iter().any(|story| story["exit_code"] == code));
    }
    let killed = stories
        .iter()
        .filter(|story| story["exit_signal"] == libc::SIGTERM);
    assert!(killed.count() >= 2);
}

const MULTIPROCESSING: &str = "
import multiprocessing, os, sys, time
def square(x):
    return x * x
def leave(code):
    sys.exit(code)
if __name__ == '__main__':
    for method in ('fork', 'spawn'):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            assert pool.map(square, range(50)) == [x * x for x in range(50)]
        one = context.Process(target=leave, args=(7,))
        one.start()
        one.join()
        assert one.exitcode == 7
        other = context.Process(target=time.sleep, args=(100,))
        other.start()
        other.terminate()
        other.join()
        assert other.exitcode == -15
";

/// Runs under emulation too.
#[test]
fn all_scenarios_of_the_workload() {
    let mut all = Command::new(workload());
    all.arg("all");
    compare("workload", 60, &mut all);
}

#[test]
fn storm_of_forks() {
    let mut storm = Command::new(workload());
    storm.args(["storm", "3000"]);
    compare("storm", 3000, &mut storm);
}
