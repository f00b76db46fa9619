//! Scenarios of load: hostile names, storms of forks and of what a process can do at
//! will.

use std::ffi::CString;
use std::ptr;

use libc::pid_t;
use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{check, execute, exit, fork, now, pause_forever, pid, wait},
};

/// Length of random arguments, bytes.
const ARGUMENTS: usize = 4000;

/// Starts processes with names and arguments that try to break their output.
pub fn hostile(_: usize) {
    let nasty = b"\x1b]0;owned\x07\x1b[2J\xff\xfe\n\r";
    let child = fork(|| {
        let name = CString::new(&b"\x1b[31m\xff\n\t\r"[..]).unwrap();
        // SAFETY: a NUL-terminated string.
        unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
        exit(0)
    });
    say(&reaped("hostile", child, &wait(child)));

    let child = fork(|| execute("/bin/true", &[nasty, nasty]));
    say(&with(
        reaped("hostile", child, &wait(child)),
        json!({"execs": 1}),
    ));

    // MAX_ARG_STRLEN is 128 KiB with the NUL.
    let long = vec![b'x'; 128 * 1024 - 1];
    let child = fork(|| execute("/bin/true", &[b"true", &long]));
    let fact = reaped("hostile", child, &wait(child));
    say(&with(
        fact,
        json!({"execs": 1, "argv_total": "true".len() + 1 + long.len() + 1}),
    ));

    // Without arguments the kernel passes one empty argument (since 5.18).
    let child = fork(|| execute("/bin/true", &[]));
    say(&with(
        reaped("hostile", child, &wait(child)),
        json!({"execs": 1, "argv": [""]}),
    ));

    let file = format!("/tmp/workload-\u{202e}{}-\x1b[1m", pid());
    std::fs::copy("/bin/true", &file).unwrap();
    let child = fork(|| execute(&file, &[file.as_bytes()]));
    say(&with(
        reaped("hostile", child, &wait(child)),
        json!({"execs": 1}),
    ));
    std::fs::remove_file(&file).unwrap();
}

/// Runs vfork and _exit `n` times, as fast as possible.
pub fn storm(n: usize) {
    unsafe extern "C" {
        safe fn vfork() -> pid_t;
    }
    let began = now();
    for _ in 0..n {
        let child = vfork();
        if child == 0 {
            exit(0);
        }
        check(child, "vfork");
        // SAFETY: null is allowed.
        check(
            unsafe { libc::waitpid(child, ptr::null_mut(), 0) },
            "waitpid",
        );
    }
    say(&json!({"scenario": "storm", "pid": pid(), "forks": n, "ns": now() - began}));
}

/// Changes the command name `n` times, as fast as possible.
pub fn renames(n: usize) {
    for number in 0..n {
        let name = CString::new(format!("name{number}")).unwrap();
        // SAFETY: a NUL-terminated string.
        unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    }
    say(&json!({"scenario": "renames", "pid": pid(), "renames": n}));
}

/// Sends itself a signal that it blocks and takes it, `n` times.
pub fn blocked_signals(n: usize) {
    // SAFETY: the set is local.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut());
        for _ in 0..n {
            check(libc::kill(pid(), libc::SIGTERM), "kill");
            let mut signal = 0;
            libc::sigwait(&raw const set, &raw mut signal);
        }
    }
    say(&json!({"scenario": "blocked_signals", "pid": pid(), "signals": n}));
}

/// Calls clone `n` times with flags that it refuses.
pub fn refused_forks(n: usize) {
    for _ in 0..n {
        // SAFETY: CLONE_SIGHAND without CLONE_VM is refused (`copy_process`,
        // kernel/fork.c), so that nothing is created.
        let result = unsafe { libc::syscall(libc::SYS_clone, libc::CLONE_SIGHAND, 0, 0, 0, 0) };
        assert_eq!(result, -1);
    }
    say(&json!({"scenario": "refused_forks", "pid": pid(), "failures": n}));
}

/// Returns bytes that do not compress.
fn random(seed: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    let bytes = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        33 + (state >> 56) as u8 % 90
    });
    bytes.take(ARGUMENTS).collect()
}

/// Executes itself `n` times with random arguments.
pub fn exec_loop(n: usize) {
    if n == 0 {
        say(&json!({"scenario": "exec_loop", "pid": pid()}));
        return;
    }
    let left = (n - 1).to_string();
    let arguments: [&[u8]; 4] = [b"workload", b"exec_loop", left.as_bytes(), &random(n)];
    execute("/proc/self/exe", &arguments);
}

/// Starts `n` processes with random arguments, which sleep until it is killed.
pub fn crowd(n: usize) {
    for number in 0..n {
        fork(|| {
            // SAFETY: a plain call.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let arguments: [&[u8]; 4] = [b"workload", b"idle", b"0", &random(number)];
            execute("/proc/self/exe", &arguments);
        });
    }
    say(&json!({"scenario": "crowd", "pid": pid(), "processes": n}));
    pause_forever();
}

/// Sleeps until it is killed.
pub fn idle(_: usize) {
    pause_forever();
}
