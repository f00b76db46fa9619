//! Scenarios of load: hostile names, storms of forks.

use std::ffi::CString;
use std::ptr;

use libc::pid_t;
use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{check, execute, exit, fork, now, pid, wait},
};

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
