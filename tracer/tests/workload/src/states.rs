//! Scenarios that hold each scheduler state for a known time, with the kernel's accounting
//! (`/proc/PID/schedstat`, rusage).

use std::{fs, ptr};

use libc::{c_int, pid_t};
use serde_json::json;

use crate::{
    facts::say,
    system::{Pipe, check, exit, fork, now, sleep_ms, until_zombie, wait},
};

/// Time in each state, ms.
const HELD: u64 = 120;

pub fn states(_: usize) {
    spins();
    sleeps();
    waits_for_vfork();
    is_stopped();
    is_traced();
    is_woken();
    is_crowded();
}

/// A child, and the time before its fork.
struct Child {
    pid: pid_t,
    forked: u64,
}

impl Child {
    fn that(spends: impl FnOnce()) -> Child {
        let forked = now();
        let pid = fork(|| {
            spends();
            exit(0)
        });
        Child { pid, forked }
    }

    /// Waits for its exit and prints the kernel's accounting. It was in `state` for at least
    /// `least` ns.
    fn ends(self, what: &str, state: &str, least: u64) {
        until_zombie(self.pid);
        // The accounting of a zombie can be read, and is almost final.
        let (running, runnable) = schedstat(self.pid);
        let waited = wait(self.pid);
        say(&json!({
            "scenario": "states", "what": what, "pid": self.pid,
            "state": state, "least_ns": least, "most_ns": waited.between.1 - self.forked,
            "schedstat_running_ns": running, "schedstat_runnable_ns": runnable,
            "nvcsw": waited.usage.ru_nvcsw,
        }));
    }
}

/// Returns the time on CPU and on a run queue, ns, if the kernel counts them.
fn schedstat(pid: pid_t) -> (Option<u64>, Option<u64>) {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let mut number = || words.next()?.parse().ok();
    (number(), number())
}

/// Runs on CPU for a time by the clock of the thread's CPU time.
fn spin(ms: u64) {
    let used = || {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the pointer is to a local timespec.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    };
    let until = used() + ms * 1_000_000;
    while used() < until {}
}

fn spins() {
    Child::that(|| spin(HELD)).ends("spins", "running", HELD * 1_000_000);
}

fn sleeps() {
    Child::that(|| sleep_ms(HELD)).ends("sleeps", "interruptible", HELD * 1_000_000);
}

/// vfork keeps its caller in TASK_KILLABLE until the child exits.
fn waits_for_vfork() {
    unsafe extern "C" {
        safe fn vfork() -> pid_t;
    }
    let child = Child::that(|| {
        let child = vfork();
        if child == 0 {
            let time = libc::timespec {
                tv_sec: 0,
                tv_nsec: (HELD * 1_000_000) as _,
            };
            // SAFETY: a valid time; the system call writes nothing to the
            // memory, which is the parent's.
            unsafe { libc::syscall(libc::SYS_nanosleep, &raw const time, ptr::null::<u8>()) };
            exit(0);
        }
        wait(child);
    });
    child.ends("vforks", "uninterruptible", HELD * 1_000_000);
}

fn until_stopped(child: pid_t) {
    let mut status: c_int = 0;
    // SAFETY: the pointer is to a local variable.
    let stopped = unsafe { libc::waitpid(child, &raw mut status, libc::WUNTRACED) };
    check(stopped, "waitpid");
    assert!(libc::WIFSTOPPED(status));
}

fn is_stopped() {
    let child = Child::that(|| {
        // SAFETY: no pointers.
        unsafe { libc::raise(libc::SIGSTOP) };
    });
    until_stopped(child.pid);
    let stopped = now();
    sleep_ms(HELD);
    let held = now() - stopped;
    // SAFETY: a child of this process.
    check(unsafe { libc::kill(child.pid, libc::SIGCONT) }, "kill");
    child.ends("stops", "stopped", held);
}

fn is_traced() {
    let child = Child::that(|| {
        // SAFETY: asks to be traced by the parent; no pointers.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGUSR1);
        }
    });
    until_stopped(child.pid);
    let stopped = now();
    sleep_ms(HELD);
    let held = now() - stopped;
    // SAFETY: a child of this process, which continues without the signal.
    let went_on = unsafe { libc::ptrace(libc::PTRACE_CONT, child.pid, 0, 0) };
    check(went_on, "PTRACE_CONT");
    child.ends("traced", "traced", held);
}

/// A child that is woken repeatedly: each of its voluntary switches is followed by a
/// wake-up.
fn is_woken() {
    const TIMES: i64 = 200;
    let (there, back) = (Pipe::new(), Pipe::new());
    let child = Child::that(|| (0..TIMES).for_each(|_| back.send(there.receive())));
    for number in 0..TIMES {
        there.send(number);
        assert_eq!(back.receive(), number);
    }
    child.ends("woken", "interruptible", 0);
}

/// Two children that compete for one CPU.
fn is_crowded() {
    let stay = || {
        // SAFETY: all zeroes is a valid cpu_set_t, which is local.
        unsafe {
            let mut cpus: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(0, &mut cpus);
            libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cpus);
        }
        spin(2 * HELD);
    };
    let both = [Child::that(stay), Child::that(stay)];
    for child in both {
        child.ends("crowded", "running", 2 * HELD * 1_000_000);
    }
}
