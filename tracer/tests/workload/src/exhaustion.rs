//! Scenarios that try to make tracer hold ever more: lineages, ancestors, threads, cgroups,
//! kinds of processes.

use std::{
    ffi::CString,
    fs,
    path::{Path, PathBuf},
    ptr, thread,
    time::Duration,
};

use libc::pid_t;
use serde_json::json;

use crate::{
    facts::say,
    system::{check, exit, fork, pid, wait},
};

/// Number of generations of a chain.
const GENERATIONS: usize = 20;
/// Number of names and exit codes of [`kinds`].
const KINDS: [usize; 2] = [10_000, 256];
/// Stack of an idle thread, bytes.
const STACK: usize = 64 << 10;
/// Most idle threads of [`crew`].
const CREW: usize = 10_000;
/// Folder of a cgroup in which the user may create others.
pub const CGROUP: &str = "TRACER_ATTACK_CGROUP";
/// Number of cgroups that exist at the same time.
const CGROUPS: usize = 1000;

/// A relay of `n` processes, each of which forks the next one and exits. A subreaper reaps
/// them.
pub fn relay(n: usize) {
    // SAFETY: a plain call.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    fork(|| {
        for _ in 0..n {
            // SAFETY: one thread, and the parent only exits.
            if unsafe { libc::fork() } > 0 {
                exit(0);
            }
        }
        exit(0)
    });
    // SAFETY: null is allowed.
    while unsafe { libc::wait(ptr::null_mut()) } > 0 {}
    say(&json!({"scenario": "relay", "pid": pid(), "generations": n}));
}

/// Forks `n` chains of processes. The last one of each is killed, and the others exit after
/// it.
pub fn chains(n: usize) {
    for number in 0..n {
        wait(fork(|| generation(number, GENERATIONS)));
    }
    say(&json!({"scenario": "chains", "pid": pid(), "chains": n}));
}

fn generation(number: usize, left: usize) -> ! {
    if left == 0 {
        set_name(number % KINDS[0]);
        // SAFETY: ends this process.
        unsafe { libc::kill(pid(), libc::SIGKILL) };
    }
    wait(fork(|| generation(number, left - 1)));
    exit(0)
}

fn set_name(number: usize) {
    let name = CString::new(format!("k{number}")).unwrap();
    // SAFETY: a NUL-terminated string.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Starts `n` processes of very many names, with every exit code.
pub fn kinds(n: usize) {
    for number in 0..n {
        wait(fork(|| {
            set_name(number % KINDS[0]);
            exit((number / KINDS[0] % KINDS[1]) as i32)
        }));
    }
    say(&json!({"scenario": "kinds", "pid": pid(), "processes": n}));
}

/// Starts `n` idle threads, or as many as it may, and then starts and ends others `n` times.
pub fn crew(n: usize) {
    let idle = || thread::sleep(Duration::MAX);
    let start = |run: fn()| thread::Builder::new().stack_size(STACK).spawn(run);
    let idle = (0..n.min(CREW)).take_while(|_| start(idle).is_ok()).count();
    for number in 0..n {
        match start(|| set_name(0)) {
            Ok(thread) => thread.join().unwrap(),
            Err(_) if number % 2 == 0 => thread::yield_now(),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
    say(&json!({"scenario": "crew", "pid": pid(), "idle": idle, "threads": n}));
}

/// Creates `n` cgroups with long paths below [`CGROUP`], each with a process for some time.
pub fn cgroups(n: usize) {
    let base = PathBuf::from(std::env::var_os(CGROUP).unwrap());
    let below = format!("{}/{}", "a".repeat(250), "b".repeat(250));
    let mut groups: Vec<Option<(PathBuf, pid_t)>> = vec![None; CGROUPS];
    for number in 0..n {
        let group = &mut groups[number % CGROUPS];
        group.take().into_iter().for_each(remove);
        let path = base.join(format!("{number}-{}/{below}", "c".repeat(200)));
        fs::create_dir_all(&path).unwrap();
        let child = fork(|| {
            let _ = fs::write(path.join("cgroup.procs"), "0");
            crate::system::pause_forever()
        });
        *group = Some((path, child));
    }
    groups.into_iter().flatten().for_each(remove);
    say(&json!({"scenario": "cgroups", "pid": pid(), "cgroups": n}));
}

fn remove((path, child): (PathBuf, pid_t)) {
    // SAFETY: a child of this process.
    check(unsafe { libc::kill(child, libc::SIGKILL) }, "kill");
    wait(child);
    for group in path.ancestors().take(3) {
        // A task leaves its cgroup a moment after it was reaped.
        while Path::exists(group) && fs::remove_dir(group).is_err() {
            thread::yield_now();
        }
    }
}
