//! Scenarios of zombies that their owner does not reap for more than a second, and of
//! callers of vfork that end before their child does.

use std::{ffi::c_int, ptr};

use libc::pid_t;
use serde_json::{Value, json};

use crate::{
    facts::{reaped, say, with},
    system::{
        Pipe, Waited, check, execute, exit, fork, host_pid, now, pause_forever, pid, set_sigchld,
        sleep_ms, until_zombie, wait,
    },
};

/// Time for which zombies are left, ms. Findings name owners from a second on.
const LEFT: u64 = 1_100;
/// Time after which the caller of vfork ends, ms.
const HELD: u64 = 50;
/// Number of zombies of an owner.
const COUNT: usize = 3;

/// Runs all scenarios of this file at once.
pub fn owners(_: usize) {
    let scenes: &[fn()] = &[
        left_to_subreaper,
        left_to_namespace_init,
        left_to_host_init,
        never_reaped_by_namespace_init,
        held_by_tracer,
        left_after_tracer,
        || released(libc::SIG_IGN, 0, false),
        || released(libc::SIG_DFL, libc::SA_NOCLDWAIT, false),
        || released(libc::SIG_IGN, 0, true),
        reaped_by_another_thread,
        || caller_of_vfork_ends(false),
        || caller_of_vfork_ends(true),
    ];
    for scene in scenes {
        fork(|| {
            scene();
            exit(0)
        });
    }
    // As they end, so that none is left as a zombie.
    for _ in scenes {
        assert_eq!(wait(-1).status, 0);
    }
}

/// A moment between two readings of the clock.
#[derive(Clone, Copy)]
struct Moment(u64, u64);

/// Returns an owner of a zombie, and the bounds of the time that it was the owner.
fn owner(pid: i64, from: Moment, to: Moment) -> Value {
    json!({"pid": pid, "least": to.0.saturating_sub(from.1), "most": to.1 - from.0})
}

/// A zombie, as reported by its parent.
struct Zombie {
    /// PID in the pid namespace of its parent.
    inside: pid_t,
    pid: i64,
    code: usize,
    died: Moment,
}

/// Makes zombies, leaves them for a while and exits. Reports its PID, the zombies, and the
/// time before it exits.
fn leave(pipe: Pipe) -> ! {
    pipe.send(host_pid());
    for code in 0..COUNT {
        let before = now();
        let child = fork(|| {
            pipe.send(host_pid());
            exit(code as c_int)
        });
        until_zombie(child);
        pipe.send(child.into());
        report(pipe, Moment(before, now()));
    }
    sleep_ms(LEFT);
    pipe.send(now() as i64);
    exit(0)
}

fn report(pipe: Pipe, moment: Moment) {
    pipe.send(moment.0 as i64);
    pipe.send(moment.1 as i64);
}

fn receive_zombie(pipe: Pipe, code: usize) -> Zombie {
    Zombie {
        pid: pipe.receive(),
        inside: pipe.receive() as pid_t,
        code,
        died: Moment(pipe.receive() as u64, pipe.receive() as u64),
    }
}

/// Returns the PID of a process that leaves zombies, these, and the time before its exit.
fn receive_leaver(pipe: Pipe) -> (i64, Vec<Zombie>, u64) {
    let leaver = pipe.receive();
    let zombies = (0..COUNT).map(|code| receive_zombie(pipe, code)).collect();
    (leaver, zombies, pipe.receive() as u64)
}

fn fact(scenario: &str, zombie: &Zombie, parent: i64) -> Value {
    json!({
        "scenario": scenario, "pid": zombie.pid, "original_parent": parent, "code": zombie.code,
    })
}

fn set_subreaper() {
    // SAFETY: no pointers.
    check(
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) },
        "prctl",
    );
}

fn left_to_subreaper() {
    set_subreaper();
    inherit("left_to_subreaper");
}

fn left_to_namespace_init() {
    new_pid_namespace();
    let init = fork(|| {
        inherit("left_to_namespace_init");
        exit(0)
    });
    assert_eq!(wait(init).status, 0);
}

fn new_pid_namespace() {
    // SAFETY: no pointers.
    check(unsafe { libc::unshare(libc::CLONE_NEWPID) }, "unshare");
}

/// Inherits the zombies of a child and reaps them.
fn inherit(scenario: &str) {
    let pipe = Pipe::new();
    let child = fork(|| leave(pipe));
    let (leaver, zombies, before_exit) = receive_leaver(pipe);
    let exited = Moment(before_exit, wait(child).between.1);
    let own = host_pid();
    for zombie in zombies {
        let Waited {
            status, between, ..
        } = wait(zombie.inside);
        assert_eq!(libc::WEXITSTATUS(status), zombie.code as c_int);
        let reaped = Moment(between.0, between.1);
        let more = json!({
            "owners": [owner(leaver, zombie.died, exited), owner(own, exited, reaped)],
            "reaped_how": "wait",
            "reaped_by": own,
            "finding": [
                format!("workload[{leaver}] left {COUNT} zombies for up to "),
                format!(", until it exited; workload[{own}] reaped them"),
            ],
        });
        say(&with(fact(scenario, &zombie, leaver), more));
    }
}

/// The heir is the host's init, or a subreaper above this program.
fn left_to_host_init() {
    let pipe = Pipe::new();
    let heir = heir();
    let child = fork(|| leave(pipe));
    let (leaver, zombies, before_exit) = receive_leaver(pipe);
    let exited = Moment(before_exit, wait(child).between.1);
    for zombie in zombies {
        let more = json!({
            "owners": [owner(leaver, zombie.died, exited), {"pid": heir}],
            "finding": [
                format!("workload[{leaver}] left {COUNT} zombies for up to "),
                ", until it exited; ",
            ],
        });
        say(&with(fact("left_to_host_init", &zombie, leaver), more));
    }
}

/// Returns the process that inherits the children of a child of this one.
fn heir() -> i64 {
    let pipe = Pipe::new();
    let child = fork(|| {
        let parent = pid();
        fork(|| {
            // SAFETY: no preconditions.
            let above = || unsafe { libc::getppid() };
            while above() == parent {
                sleep_ms(1);
            }
            pipe.send(above().into());
            exit(0)
        });
        exit(0)
    });
    wait(child);
    pipe.receive()
}

/// An init of a pid namespace that waits for its own child only: its namespace's orphans
/// stay zombies until it is killed.
fn never_reaped_by_namespace_init() {
    let pipe = Pipe::new();
    new_pid_namespace();
    let child = fork(|| {
        pipe.send(host_pid());
        (0..COUNT).for_each(|code| kill_wrapper(pipe, code));
        wait(fork(|| {
            pipe.send(host_pid());
            pause_forever()
        }));
    });
    let init = pipe.receive();
    let zombies: Vec<_> = (0..COUNT)
        .map(|code| (pipe.receive(), receive_zombie(pipe, code)))
        .collect();
    let member = pipe.receive();
    sleep_ms(LEFT);
    let before = now();
    // SAFETY: a child of this process.
    check(unsafe { libc::kill(child, libc::SIGKILL) }, "kill");
    let killed = wait(child);
    let exited = Moment(before, killed.between.1);
    for (wrapper, zombie) in zombies {
        let more = json!({
            "owners": [owner(init, zombie.died, exited)],
            "reaped_how": "owner_exit",
            "finding": [
                format!("workload[{init}] left {COUNT} zombies for "),
                "; its exit released them, it never waited for them",
            ],
        });
        let fact = fact("never_reaped_by_namespace_init", &zombie, wrapper);
        say(&with(fact, more));
    }
    say(&reaped("namespace_init", child, &killed));
    say(&json!({
        "scenario": "namespace_member", "pid": member, "original_parent": init, "signal": 9,
    }));
}

/// Makes a zombie of the caller, the init of a pid namespace, whose parent was killed.
fn kill_wrapper(pipe: Pipe, code: usize) {
    let inside = Pipe::new();
    let before = now();
    let wrapper = fork(|| {
        pipe.send(host_pid());
        fork(|| {
            pipe.send(host_pid());
            inside.send(pid().into());
            // SAFETY: no preconditions.
            while unsafe { libc::getppid() } != 1 {
                sleep_ms(1);
            }
            exit(code as c_int)
        });
        pause_forever()
    });
    let orphan = inside.receive() as pid_t;
    // SAFETY: a child of this process.
    check(unsafe { libc::kill(wrapper, libc::SIGKILL) }, "kill");
    wait(wrapper);
    until_zombie(orphan);
    pipe.send(orphan.into());
    report(pipe, Moment(before, now()));
}

/// Starts a child that exits with code 7 once another process, which is returned, traces
/// it. That process then runs `hold`, with the time before the exit.
fn traced(hold: impl FnOnce(pid_t, u64)) -> (pid_t, pid_t) {
    let go = Pipe::new();
    let child = fork(|| {
        go.receive();
        exit(7)
    });
    let tracer = fork(|| {
        // SAFETY: no pointers.
        let seized = unsafe { libc::ptrace(libc::PTRACE_SEIZE, child, 0, 0) };
        check(seized, "PTRACE_SEIZE");
        let before = now();
        go.send(1);
        hold(child, before);
        exit(0)
    });
    (child, tracer)
}

/// The tracer of a zombie does not wait for it; its parent waits in vain until the tracer
/// exits.
fn held_by_tracer() {
    let pipe = Pipe::new();
    let (child, tracer) = traced(|child, before| {
        until_zombie(child);
        report(pipe, Moment(before, now()));
        sleep_ms(LEFT);
        pipe.send(now() as i64);
    });
    let waited = wait(child);
    wait(tracer);
    let died = Moment(pipe.receive() as u64, pipe.receive() as u64);
    let handed_over = Moment(pipe.receive() as u64, waited.between.1);
    let reap = Moment(handed_over.0, waited.between.1);
    say(&with(
        reaped("held_by_tracer", child, &waited),
        json!({
            "owners": [
                owner(tracer.into(), died, handed_over),
                owner(pid().into(), handed_over, reap),
            ],
            "reaped_how": "wait",
            "finding": [
                format!("workload[{tracer}] held 1 zombie for "),
                format!(" as its tracer; workload[{}] reaped it", pid()),
            ],
        }),
    ));
}

/// The tracer of a zombie waits for it at once, its parent later.
fn left_after_tracer() {
    let pipe = Pipe::new();
    let (child, tracer) = traced(|child, before| {
        report(pipe, Moment(before, wait(child).between.1));
    });
    wait(tracer);
    let handed_over = Moment(pipe.receive() as u64, pipe.receive() as u64);
    sleep_ms(LEFT);
    let waited = wait(child);
    let reap = Moment(waited.between.0, waited.between.1);
    say(&with(
        reaped("left_after_tracer", child, &waited),
        json!({
            "owners": [
                owner(tracer.into(), handed_over, handed_over),
                owner(pid().into(), handed_over, reap),
            ],
            "reaped_how": "wait",
            "finding": [
                format!("workload[{}] left 1 zombie for ", pid()),
                ", then it reaped it",
            ],
        }),
    ));
}

/// The heir of zombies ignores SIGCHLD, so that the exit of their parent releases them. If
/// the heir is no parent but `further` up, a kernel without a hook for reaps shows neither
/// that it ignores SIGCHLD nor what became of them.
fn released(handler: libc::sighandler_t, flags: c_int, further: bool) {
    set_subreaper();
    set_sigchld(handler, flags);
    let pipe = Pipe::new();
    fork(|| {
        set_sigchld(libc::SIG_DFL, 0);
        if further {
            wait(fork(|| leave(pipe)));
            exit(0);
        }
        leave(pipe)
    });
    let (leaver, zombies, before_exit) = receive_leaver(pipe);
    // Returns ECHILD once the last child is released.
    // SAFETY: null is allowed.
    assert_eq!(unsafe { libc::wait(ptr::null_mut()) }, -1);
    let exited = Moment(before_exit, now());
    for zombie in zombies {
        let end = match further {
            true => "",
            false => "; its exit released them, it never waited for them",
        };
        let more = json!({
            "owners": [owner(leaver, zombie.died, exited)],
            "reaped_how": "owner_exit",
            "heir": further.then(pid),
            "finding": [format!("workload[{leaver}] left {COUNT} zombies for up to "), end],
        });
        say(&with(fact("released", &zombie, leaver), more));
    }
}

/// A thread that waits for any child reaps the child of the thread that forked.
fn reaped_by_another_thread() {
    let child = fork(|| exit(6));
    let reaper = std::thread::spawn(|| {
        // SAFETY: no pointers.
        let own = unsafe { libc::syscall(libc::SYS_gettid) };
        (own, wait(-1))
    });
    let (reaper, waited) = reaper.join().unwrap();
    // SAFETY: null is allowed.
    let stolen = unsafe { libc::waitpid(child, ptr::null_mut(), 0) };
    let error = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((stolen, error), (-1, Some(libc::ECHILD)));
    say(&with(
        reaped("reaped_by_another_thread", child, &waited),
        json!({"reaped_by_tid": reaper, "reaped_how": "wait"}),
    ));
}

/// The caller of vfork is killed, or another of its threads executes a program. Its child
/// lives on.
fn caller_of_vfork_ends(by_exec: bool) {
    set_subreaper();
    let (pipe, go) = (Pipe::new(), Pipe::new());
    let caller = fork(|| {
        if by_exec {
            std::thread::spawn(move || {
                vfork_and_sleep(pipe);
            });
            go.receive();
            execute("/bin/true", &[b"true"]);
        }
        vfork_and_sleep(pipe)
    });
    let (before, child) = (pipe.receive() as u64, pipe.receive() as pid_t);
    let began = Moment(before, now());
    sleep_ms(HELD);
    let before = now();
    if by_exec {
        go.send(1);
    } else {
        // SAFETY: a child of this process.
        check(unsafe { libc::kill(caller, libc::SIGKILL) }, "kill");
    }
    let ended = Moment(before, wait(caller).between.1);
    // It lives on as a child of this process.
    let waited = wait(child);
    say(&with(
        reaped("caller_of_vfork_ends", child, &waited),
        json!({
            "original_parent": caller,
            "held_parent": {"least": ended.0 - began.1, "most": ended.1 - began.0},
        }),
    ));
}

/// Reports the time and the PID of its child, which sleeps and exits with code 4.
fn vfork_and_sleep(pipe: Pipe) -> ! {
    unsafe extern "C" {
        safe fn vfork() -> pid_t;
    }
    pipe.send(now() as i64);
    if vfork() == 0 {
        pipe.send(pid().into());
        let time = libc::timespec {
            tv_sec: 0,
            tv_nsec: (6 * HELD * 1_000_000) as _,
        };
        // SAFETY: a valid time; the system call writes nothing to the memory, which is the
        // parent's.
        unsafe { libc::syscall(libc::SYS_nanosleep, &raw const time, ptr::null::<u8>()) };
        exit(4);
    }
    exit(5)
}
