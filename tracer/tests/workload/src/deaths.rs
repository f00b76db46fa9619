//! Scenarios of exits, signals and zombies.

use std::ffi::c_int;
use std::ptr;

use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{
        Pipe, check, exit, fork, now, pause_forever, pid, set_sigchld, sleep_ms, until_zombie, wait,
    },
};

/// Kills children by signals of others and of their own.
pub fn signals(_: usize) {
    for signal in [
        libc::SIGTERM,
        libc::SIGKILL,
        libc::SIGUSR1,
        libc::SIGQUIT,
        libc::SIGRTMIN() + 3,
    ] {
        let child = fork(|| pause_forever());
        // SAFETY: a child of this process.
        check(unsafe { libc::kill(child, signal) }, "kill");
        let fact = reaped("signals", child, &wait(child));
        say(&with(
            fact,
            json!({"killed_by": pid(), "origin": "process"}),
        ));
    }
    // The sender is a third process, not the parent.
    let victim = fork(|| pause_forever());
    let killer = fork(|| {
        // SAFETY: a sibling of this process.
        unsafe { libc::kill(victim, libc::SIGKILL) };
        exit(0)
    });
    say(&reaped("signals", killer, &wait(killer)));
    let fact = reaped("signals", victim, &wait(victim));
    say(&with(
        fact,
        json!({"killed_by": killer, "origin": "process"}),
    ));

    let child = fork(|| {
        // SAFETY: not sound; the fault is intended, and ends the process.
        unsafe { ptr::null_mut::<u8>().write_volatile(1) }
    });
    let fact = reaped("signals", child, &wait(child));
    say(&with(fact, json!({"killed_by": null, "origin": "kernel"})));

    let child = fork(|| std::process::abort());
    let fact = reaped("signals", child, &wait(child));
    say(&with(
        fact,
        json!({"killed_by": child, "origin": "process"}),
    ));
}

/// Sends two signals from two senders to a stopped process. wait4 shows which is fatal.
pub fn pending(_: usize) {
    for (first, second) in [
        (libc::SIGTERM, libc::SIGKILL),
        // The lower number is delivered first, although it was sent later.
        (libc::SIGTERM, libc::SIGHUP),
        // Only one signal of a kind is pending: the first stays.
        (libc::SIGTERM, libc::SIGTERM),
    ] {
        let child = fork(|| pause_forever());
        let send = |signal| {
            // SAFETY: a child of this process.
            check(unsafe { libc::kill(child, signal) }, "kill");
        };
        send(libc::SIGSTOP);
        let mut status = 0;
        // SAFETY: the pointer is to a local variable.
        let stopped = unsafe { libc::waitpid(child, &raw mut status, libc::WUNTRACED) };
        check(stopped, "waitpid");
        let [a, b] = [first, second].map(|signal| {
            let sender = fork(|| {
                send(signal);
                exit(0)
            });
            say(&reaped("pending", sender, &wait(sender)));
            sender
        });
        send(libc::SIGCONT);
        let waited = wait(child);
        let fatal = libc::WTERMSIG(waited.status);
        let killer = if fatal == first { a } else { b };
        let fact = reaped("pending", child, &waited);
        say(&with(
            fact,
            json!({"killed_by": killer, "origin": "process"}),
        ));
    }
}

/// Holds `n` zombies for a known time.
pub fn zombies(n: usize) {
    let children: Vec<_> = (0..n)
        .map(|_| {
            let forked = now();
            (forked, fork(|| exit(0)))
        })
        .collect();
    let seen: Vec<_> = children
        .iter()
        .map(|&(forked, child)| {
            until_zombie(child);
            (forked, child, now())
        })
        .collect();
    sleep_ms(100);
    for (forked, child, zombie) in seen {
        let fact = reaped("zombies", child, &wait(child));
        say(&with(
            fact,
            json!({"zombie_after": forked, "zombie_before": zombie}),
        ));
    }
}

/// Starts children that the kernel reaps, for both reasons.
pub fn autoreap(n: usize) {
    for (handler, flags, why) in [
        (libc::SIG_IGN, 0, "ignored"),
        (libc::SIG_DFL, libc::SA_NOCLDWAIT, "nocldwait"),
    ] {
        let pipe = Pipe::new();
        let owner = fork(|| {
            set_sigchld(handler, flags);
            for _ in 0..n {
                pipe.send(fork(|| exit(4)).into());
            }
            // Returns ECHILD when the last child is reaped.
            // SAFETY: null is allowed.
            unsafe { libc::wait(ptr::null_mut()) };
            exit(0)
        });
        for _ in 0..n {
            let child = pipe.receive();
            say(&json!({
                "scenario": "autoreap", "pid": child, "original_parent": owner, "code": 4,
                "autoreaped": true, "why": why,
            }));
        }
        say(&reaped("autoreap", owner, &wait(owner)));
    }
}

/// Waits for a stopped child, which does not reap it.
pub fn stopped(_: usize) {
    let child = fork(|| {
        // SAFETY: no pointers.
        unsafe { libc::raise(libc::SIGSTOP) };
        exit(12)
    });
    let mut status = 0;
    // SAFETY: the pointer is to a local variable.
    check(
        unsafe { libc::waitpid(child, &raw mut status, libc::WUNTRACED) },
        "waitpid",
    );
    assert!(libc::WIFSTOPPED(status));
    // SAFETY: a child of this process.
    check(unsafe { libc::kill(child, libc::SIGCONT) }, "kill");
    say(&reaped("stopped", child, &wait(child)));
}

/// Holds `n` zombies until standard input ends.
pub fn hold(n: usize) {
    let children: Vec<_> = (0..n).map(|code| fork(|| exit(code as c_int))).collect();
    children.iter().for_each(|&child| until_zombie(child));
    say(&json!({"scenario": "hold", "pid": pid(), "zombies": children}));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}
