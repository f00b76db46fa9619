//! Scenarios of starts: processes, threads, execs.

use std::ffi::{CString, c_int};
use std::ptr;

use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{
        Pipe, c_strings, check, execute, exit, fork, now, pause_forever, pointers, sleep_ms, wait,
    },
};

/// Children with every exit code in turn.
pub fn exits(n: usize) {
    for code in 0..n {
        let child = fork(|| exit(code as c_int));
        say(&with(
            reaped("exits", child, &wait(child)),
            json!({"created_by": "fork"}),
        ));
    }
}

/// Spawns children with posix_spawn, which uses vfork.
pub fn spawns(n: usize) {
    for _ in 0..n {
        let path = CString::new("/bin/true").unwrap();
        let argv = c_strings([&b"true"[..], b"spawned"]);
        let mut child = 0;
        // SAFETY: NUL-terminated strings in NULL-terminated lists; no
        // attributes and actions.
        let failed = unsafe {
            libc::posix_spawn(
                &raw mut child,
                path.as_ptr(),
                ptr::null(),
                ptr::null(),
                pointers(&argv).as_ptr().cast(),
                [ptr::null_mut()].as_ptr(),
            )
        };
        assert_eq!(failed, 0);
        let fact = reaped("spawns", child, &wait(child));
        say(&with(
            fact,
            json!({"created_by": "vfork", "execs": 1, "argv": ["true", "spawned"]}),
        ));
    }
}

/// Starts a process with `n` threads besides the leader.
pub fn threads(n: usize) {
    let child = fork(|| {
        let threads: Vec<_> = (0..n).map(|_| std::thread::spawn(|| sleep_ms(5))).collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        exit(0)
    });
    say(&with(
        reaped("threads", child, &wait(child)),
        json!({"threads": n + 1}),
    ));
}

/// Starts a process whose leader exits 200 ms before its last thread.
pub fn leader_first(_: usize) {
    let pipe = Pipe::new();
    let child = fork(|| {
        std::thread::spawn(move || {
            sleep_ms(200);
            pipe.send(now() as i64);
            // SAFETY: ends this thread alone, the last one.
            unsafe { libc::syscall(libc::SYS_exit, 9) };
        });
        // SAFETY: ends this thread alone.
        unsafe { libc::syscall(libc::SYS_exit, 7) };
    });
    // It runs until its last thread exits, although the leader is a zombie: /proc counts
    // threads.
    let worker_ended = pipe.receive();
    let fact = reaped("leader", child, &wait(child));
    say(&with(
        fact,
        json!({"threads": 2, "exited_after": worker_ended}),
    ));
}

/// Runs execs with and without a shell, and several in a row.
pub fn execs(_: usize) {
    let child = fork(|| execute("/bin/sh", &[b"sh", b"-c", b"exit 5"]));
    let fact = reaped("execs", child, &wait(child));
    say(&with(
        fact,
        json!({"execs": 1, "argv": ["sh", "-c", "exit 5"], "filename": "/bin/sh"}),
    ));

    let child = fork(|| {
        execute(
            "/bin/sh",
            &[b"sh", b"-c", b"exec /bin/sh -c 'exec /bin/true x'"],
        )
    });
    let fact = reaped("execs", child, &wait(child));
    say(&with(fact, json!({"execs": 3, "argv": ["/bin/true", "x"]})));
}

/// Runs an exec in a thread that is not the leader: the process keeps the leader's PID.
pub fn thread_exec(_: usize) {
    let child = fork(|| {
        std::thread::spawn(|| execute("/bin/sh", &[b"sh", b"-c", b"exit 6"]));
        pause_forever();
    });
    let fact = reaped("thread_exec", child, &wait(child));
    say(&with(
        fact,
        json!({"execs": 1, "threads": 2, "argv": ["sh", "-c", "exit 6"]}),
    ));
}

/// Starts a process that sets its name.
pub fn names(_: usize) {
    let child = fork(|| {
        // SAFETY: a NUL-terminated string.
        check(
            unsafe { libc::prctl(libc::PR_SET_NAME, c"renamed".as_ptr()) },
            "prctl",
        );
        exit(0)
    });
    say(&with(
        reaped("names", child, &wait(child)),
        json!({"comm": "renamed"}),
    ));
}

/// Starts processes that change their user: one exits at once, one calls exec.
pub fn users(_: usize) {
    let become_user = |real: u32, effective: u32| {
        // SAFETY: no preconditions.
        let result = unsafe { libc::setresuid(real, effective, real) };
        check(result, "setresuid");
    };
    let child = fork(|| {
        become_user(1234, 65534);
        exit(0)
    });
    let fact = reaped("users", child, &wait(child));
    say(&with(fact, json!({"uid": 1234, "euid": 65534})));

    let child = fork(|| {
        become_user(65534, 65534);
        execute("/bin/true", &[b"true"])
    });
    let fact = reaped("users", child, &wait(child));
    say(&with(fact, json!({"uid": 65534, "euid": 65534})));
}
