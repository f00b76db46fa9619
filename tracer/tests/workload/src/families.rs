//! Scenarios of orphans, subreapers and pid namespaces.

use std::ffi::c_int;

use libc::pid_t;
use serde_json::json;

use crate::{
    facts::{reaped, reaped_with_children, say, with},
    system::{Pipe, check, exit, fork, pause_forever, pid, sleep_ms, until_zombie, wait},
};

/// Starts grandchildren that outlive their parent and are reparented to a subreaper or to
/// the namespace's init.
pub fn orphans(_: usize) {
    for subreaper in [true, false] {
        // SAFETY: no pointers.
        check(
            unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, c_int::from(subreaper)) },
            "prctl",
        );
        let pipe = Pipe::new();
        let child = fork(|| {
            let middle = pid();
            fork(|| {
                // SAFETY: no preconditions.
                while unsafe { libc::getppid() } == middle {
                    sleep_ms(1);
                }
                pipe.send(pid().into());
                // SAFETY: no preconditions.
                pipe.send(unsafe { libc::getppid() }.into());
                exit(8)
            });
            exit(0)
        });
        let fact = reaped("orphans", child, &wait(child));
        say(&fact);
        let (orphan, parent) = (pipe.receive(), pipe.receive());
        let mut fact = json!({
            "scenario": "orphans", "pid": orphan, "original_parent": child, "parent": parent, "code": 8,
        });
        if subreaper {
            assert_eq!(parent, i64::from(pid()));
            fact = with(
                fact,
                reaped("orphans", orphan as pid_t, &wait(orphan as pid_t)),
            );
            fact = with(fact, json!({"original_parent": child}));
        }
        say(&fact);
    }
}

/// Makes a zombie that is reparented to a subreaper, because its parent exits first.
pub fn handed_on(_: usize) {
    // SAFETY: no pointers.
    check(
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) },
        "prctl",
    );
    let pipe = Pipe::new();
    let child = fork(|| {
        let zombie = fork(|| exit(11));
        until_zombie(zombie);
        pipe.send(zombie.into());
        exit(0)
    });
    let zombie = pipe.receive() as pid_t;
    say(&reaped("handed_on", child, &wait(child)));
    let fact = reaped("handed_on", zombie, &wait(zombie));
    say(&with(
        fact,
        json!({"original_parent": child, "parent": pid()}),
    ));
    // SAFETY: no pointers.
    check(
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 0) },
        "prctl",
    );
}

/// Starts a process in a new pid namespace. It reaps a child by a PID that belongs to
/// another process outside.
pub fn pid_namespace(_: usize) {
    let child = fork(|| {
        // SAFETY: no pointers.
        check(unsafe { libc::unshare(libc::CLONE_NEWPID) }, "unshare");
        let init = fork(|| {
            assert_eq!(pid(), 1);
            let grandchild = fork(|| exit(14));
            assert_eq!(grandchild, 2);
            let status = wait(grandchild).status;
            exit(libc::WEXITSTATUS(status))
        });
        let fact = reaped_with_children("pid_namespace", init, &wait(init));
        say(&with(
            fact,
            json!({"ns_pid": 1, "inside": {"ns_pid": 2, "code": 14}}),
        ));
        exit(0)
    });
    say(&reaped_with_children("pid_namespace", child, &wait(child)));
}

/// Leaves the init of a pid namespace unable to exit: it waits for a zombie of the
/// namespace whose parent is outside and does not reap it. Ends after `ms`; the parent
/// stays for 20 seconds, or until it is killed.
pub fn stuck_in_exit(ms: usize) {
    let pipe = Pipe::new();
    let keeper = fork(|| {
        // The reader of the facts waits until all writers have closed it.
        // SAFETY: no pointers.
        unsafe { (libc::close(1), libc::close(2)) };
        // SAFETY: no pointers.
        check(unsafe { libc::unshare(libc::CLONE_NEWPID) }, "unshare");
        let init = fork(|| pause_forever());
        let member = fork(|| pause_forever());
        // SAFETY: no pointers.
        check(unsafe { libc::kill(init, libc::SIGKILL) }, "kill");
        until_zombie(member);
        pipe.send(init.into());
        pipe.send(member.into());
        sleep_ms(20_000);
        exit(0)
    });
    let (init, member) = (pipe.receive(), pipe.receive());
    say(&json!({"scenario": "stuck_in_exit", "pid": init, "zombie": member, "keeper": keeper}));
    sleep_ms(ms as u64);
}
