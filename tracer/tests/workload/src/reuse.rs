//! A scenario of PID reuse.

use std::ffi::c_int;

use libc::pid_t;
use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{check, exit, fork, pause_forever, wait},
};

const PID_MAX: &str = "/proc/sys/kernel/pid_max";
/// Smallest allowed limit, RESERVED_PIDS + 1 (kernel/pid.c): after the first round only PID
/// 300 is assigned.
const ONE_NUMBER: u32 = 301;
/// Number of processes at once.
const FEW_NUMBERS: u32 = 310;
const AT_ONCE: usize = 6;

/// Starts `n` processes in a pid namespace with few PIDs. Since 6.14 it has a limit of its
/// own; before, the host's is lowered and restored.
pub fn reuse(n: usize) {
    let before = std::fs::read_to_string(PID_MAX).unwrap();
    // SAFETY: no pointers.
    check(unsafe { libc::unshare(libc::CLONE_NEWPID) }, "unshare");
    let init = fork(|| {
        let only_here = before != std::fs::read_to_string(PID_MAX).unwrap();
        let lower = |limit: u32| std::fs::write(PID_MAX, limit.to_string()).unwrap();
        if only_here {
            lower(ONE_NUMBER);
            (0..n / 2).for_each(one_by_one);
        }
        lower(FEW_NUMBERS);
        (n / 2..n).step_by(AT_ONCE).for_each(some_at_once);
        exit(0)
    });
    let status = wait(init).status;
    std::fs::write(PID_MAX, before.trim()).unwrap();
    assert_eq!(status, 0);
}

fn one_by_one(nth: usize) {
    let child = fork(|| end(nth));
    report(nth, child);
}

/// Reaps the newest process first.
fn some_at_once(first: usize) {
    let children: Vec<_> = (first..first + AT_ONCE)
        .map(|nth| (nth, fork(|| end(nth))))
        .collect();
    for (nth, child) in children.into_iter().rev() {
        report(nth, child);
    }
}

/// Starts a process that ends in another way than those before it.
fn end(nth: usize) -> ! {
    if nth % 10 == 9 {
        // SAFETY: no pointers.
        unsafe { libc::raise([libc::SIGKILL, libc::SIGTERM, libc::SIGUSR1][nth / 10 % 3]) };
        pause_forever();
    }
    exit((nth % 251) as c_int)
}

fn report(nth: usize, child: pid_t) {
    say(&with(
        reaped("reuse", child, &wait(child)),
        json!({"nth": nth}),
    ));
}
