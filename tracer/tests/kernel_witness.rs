//! tracer's story of programs that make processes in every way, against what
//! the proc connector told of the same time: every process that it saw is in
//! the story, once, with the parent, the threads, the programs and the end that
//! it saw, and nobody else is.

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

/// The two clocks were compared once, a little apart.
const CLOCKS_APART: u64 = 100_000;

/// Runs a command under `record` while the witness listens, and compares all
/// that happened on the host as long as the command lived. Gives the stories of
/// the command and of whoever came from it: at least so many processes.
fn compare(name: &str, least: usize, command: &mut Command) -> Vec<Value> {
    let scratch = Scratch::new(&format!("witness-{name}"));
    let file = scratch.file("x.trace");
    let (heard, output) = witness(&file, command);
    let (told, events) = (processes(&file), events(&file));
    let complaint = String::from_utf8_lossy(&output.stderr);
    had_room(&events);
    let lives = lives(&heard);
    let root = root(&events, &told);
    let seen_root = lives.iter().find(|life| tells(root, life));
    let Some(seen_root) = seen_root else {
        panic!("{name}: the witness did not see {root}\n{complaint}");
    };
    let began = seen_root.forked;
    let over = seen_root.end.unwrap().at;

    let stories = by_pid(&told);
    // Where the kernel skipped programs, so much may be missing.
    let mut unseen = skipped(&events);
    let mut compared = Vec::new();
    for life in &lives {
        if !(began..=over).contains(&life.forked) {
            continue;
        }
        let numbered = stories.get(&life.pid).into_iter().flatten();
        let of_life: Vec<_> = numbered.filter(|story| tells(story, life)).collect();
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
    let compared = that_came_from(root, compared);
    assert!(
        compared.len() >= least,
        "{name}: too little happened ({} processes): {complaint}",
        compared.len()
    );
    // Whoever is told to have been made was made.
    let lives = by_number(&lives);
    for story in told.iter().filter(|story| story["forked_ns"].is_u64()) {
        let numbered = lives.get(&story["pid"].as_u64().unwrap());
        let seen = numbered
            .into_iter()
            .flatten()
            .any(|life| tells(story, life));
        assert!(seen, "{name}: nobody saw {story}");
    }
    println!(
        "{name}: {count} processes compared, {} of them its own",
        compared.len()
    );
    compared
}

/// A command's trace, with what the witness heard at that time. It may miss a
/// message (GFP_NOWAIT in `send_msg`, drivers/connector/cn_proc.c), as tracer may
/// where the kernel skips a program, and says so; then both are asked anew.
fn witness(file: &Path, command: &Command) -> (Vec<Message>, Output) {
    for attempt in 1..=ATTEMPTS {
        let connector = Connector::listen();
        // How it ends is its own affair: some of these commands die on purpose.
        // The whole host is compared, whatever else storms on it.
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
            Ok(_) => println!("the kernel skipped programs of tracer's"),
            Err(missed) => println!("the witness missed something: {}", missed.why),
        }
        std::fs::remove_file(file).unwrap();
    }
    panic!("something was missed {ATTEMPTS} times");
}

/// The command that was recorded: the tracer's child that runs a program.
fn root<'a>(events: &[Value], told: &'a [Value]) -> &'a Value {
    let tracer = &events[0]["tracer_pid"];
    let root = told
        .iter()
        .find(|story| &story["original_parent_pid"] == tracer && story["exec_count"] != 0);
    root.unwrap()
}

/// Whatever else runs on the host is not the command's affair.
fn that_came_from(root: &Value, mut stories: Vec<Value>) -> Vec<Value> {
    stories.sort_by_key(|story| story["forked_ns"].as_u64());
    let mut pids = BTreeSet::new();
    let pid = |story: &Value, field: &str| story[field].as_u64();
    stories.retain(|story| {
        let is_root = story["pid"] == root["pid"] && story["start_ns"] == root["start_ns"];
        let is_own = is_root || pids.contains(&pid(story, "original_parent_pid"));
        if is_own {
            pids.insert(pid(story, "pid"));
        } else {
            // A stranger may bear the number of one who is gone.
            pids.remove(&pid(story, "pid"));
        }
        is_own
    });
    stories
}

fn by_pid(told: &[Value]) -> BTreeMap<u32, Vec<&Value>> {
    let mut by_pid: BTreeMap<u32, Vec<&Value>> = BTreeMap::new();
    for story in told {
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

/// Whether a story is of this life: the message came between the moment at which
/// the kernel dated the start and its last word on the fork, all of them in
/// `copy_process`.
fn tells(story: &Value, life: &Life) -> bool {
    let time = |field: &str| story[field].as_u64();
    let (Some(start), Some(forked)) = (time("start_ns"), time("forked_ns")) else {
        return false;
    };
    story["pid"] == life.pid
        && start <= life.forked + CLOCKS_APART
        && life.forked <= forked + CLOCKS_APART
}

/// `over`: when tracing may have ended.
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
    // What the last thread said counts where none has ended them all
    // (`synchronize_group_exit`, kernel/exit.c); before 5.17 what the leader said.
    let told = ["exit_code", "exit_signal", "core_dumped"].map(|field| &story[field]);
    let seen = [leader.status, end.last_status].map(|status| {
        let exited = libc::WIFEXITED(status);
        [
            json!(exited.then(|| libc::WEXITSTATUS(status))),
            json!((!exited).then(|| libc::WTERMSIG(status))),
            json!(!exited && libc::WCOREDUMP(status)),
        ]
    });
    assert!(
        seen.iter().any(|seen| seen.each_ref() == told),
        "{name}: end of {life:?}: {story}"
    );
    assert!(
        story["exit_ns"]
            .as_u64()
            .is_some_and(|exit| exit <= end.at + CLOCKS_APART),
        "{name}: {life:?}: {story}"
    );
}

/// The parent at its death, which has it still unless it died too.
fn same_parent(name: &str, life: &Life, story: &Value, over: u64, heard: &[Message]) {
    let Some((end, Leader { parent, .. })) = life.ended(over).filter(|(_, it)| it.parent != 0)
    else {
        return;
    };
    let reaped = story["reaped_ns"].as_u64().unwrap_or(u64::MAX);
    let died = heard.iter().any(|message| {
        matches!(message.said, Said::Exit { pid, .. } if pid == parent)
            && message.at.saturating_add(CLOCKS_APART) >= end.at
            && message.at <= reaped.saturating_add(CLOCKS_APART)
    });
    if !died {
        assert_eq!(
            story["parent_pid"], parent,
            "{name}: parent of {life:?}: {story}"
        );
    }
}

/// One of stress-ng's stressors, on two instances, until they have done so much,
/// on a slow machine a part of it. As nobody, because not all of them run as root.
fn stress(stressor: &str, operations: u32, least: usize) {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--clear-groups", "stress-ng", "--quiet"])
        .args(["--temp-path", "/tmp", "--timeout", "5"])
        // Else it makes thousands before it looks at the clock.
        .args(["--exec-max", "16"])
        .args([&format!("--{stressor}"), "2"])
        .args([&format!("--{stressor}-ops"), &operations.to_string()]);
    compare(&format!("stress-{stressor}"), least, &mut command);
}

/// Declares a test for each stressor: how many operations, and how many
/// processes they make at least.
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
    // Each instance signals one child and itself again and again.
    stress_kill: "kill", 2000, 4;
}

/// A shell script.
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

/// Orphans go to the subreaper that is nearest.
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

/// Orphans go to the namespace's init, and all die with it.
#[test]
fn a_pid_namespace_and_its_init() {
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

/// A build, two jobs at once, of which one is killed.
#[test]
fn a_parallel_build() {
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

/// Children by fork and by spawn, with queues and threads of their own.
#[test]
fn pythons_multiprocessing() {
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

/// What kernels under emulation can run as well.
#[test]
fn all_that_the_workload_does() {
    let mut all = Command::new(workload());
    all.arg("all");
    compare("workload", 60, &mut all);
}

#[test]
fn a_storm() {
    let mut storm = Command::new(workload());
    storm.args(["storm", "3000"]);
    compare("storm", 3000, &mut storm);
}
