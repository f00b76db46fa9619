//! A workload that does known things to processes and says what it did: one
//! JSON object per line, from what the system calls themselves returned
//! (wait4's status and rusage, getppid, the clock). The kernel tests compare
//! tracer's story with it.
//!
//! `workload all` runs every scenario, `workload NAME [N]` one of them.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{
    ffi::{CString, c_char, c_int},
    io::Write as _,
    ptr,
};

use libc::pid_t;
use serde_json::{Value, json};

fn main() {
    // A shell starts its background jobs with these ignored.
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: no handler of our own.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let arguments: Vec<String> = std::env::args().collect();
    let name = arguments.get(1).map_or("all", String::as_str);
    let n = arguments.get(2).and_then(|n| n.parse().ok());
    let mut known = false;
    for scenario in SCENARIOS {
        if name == scenario.name || (name == "all" && scenario.in_all) {
            known = true;
            (scenario.run)(n.unwrap_or(scenario.n));
        }
    }
    assert!(known, "no scenario {name}");
}

struct Scenario {
    name: &'static str,
    /// How many, unless the command line says otherwise.
    n: usize,
    in_all: bool,
    run: fn(usize),
}

const fn scenario(name: &'static str, n: usize, run: fn(usize)) -> Scenario {
    Scenario {
        name,
        n,
        in_all: true,
        run,
    }
}

const SCENARIOS: &[Scenario] = &[
    scenario("exits", 20, exits),
    scenario("signals", 0, signals),
    scenario("spawns", 5, spawns),
    scenario("threads", 3, threads),
    scenario("leader", 0, leader_first),
    scenario("execs", 0, execs),
    scenario("thread_exec", 0, thread_exec),
    scenario("zombies", 10, zombies),
    scenario("autoreap", 3, autoreap),
    scenario("orphans", 0, orphans),
    scenario("handed_on", 0, handed_on),
    scenario("cow", 64, cow),
    scenario("stopped", 0, stopped),
    scenario("pid_namespace", 0, pid_namespace),
    scenario("names", 0, names),
    Scenario {
        in_all: false,
        ..scenario("hostile", 0, hostile)
    },
    Scenario {
        in_all: false,
        ..scenario("storm", 20_000, storm)
    },
    Scenario {
        in_all: false,
        ..scenario("hold", 3, hold)
    },
];

/// One fact on standard output.
fn say(fact: &Value) {
    println!("{fact}");
    std::io::stdout().flush().unwrap();
}

/// CLOCK_BOOTTIME, ns.
fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to our own timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn pid() -> pid_t {
    // SAFETY: no preconditions.
    unsafe { libc::getpid() }
}

fn check(result: impl Into<i64>, what: &str) -> i64 {
    let result = result.into();
    assert!(result >= 0, "{what}: {}", std::io::Error::last_os_error());
    result
}

/// Forks; the child runs `child`, which must not return.
fn fork(child: impl FnOnce()) -> pid_t {
    // SAFETY: this program has one thread when it forks, but where it says so.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        child();
        exit(99);
    }
    check(pid, "fork") as pid_t
}

/// Leaves without running destructors.
fn exit(code: c_int) -> ! {
    // SAFETY: never returns.
    unsafe { libc::_exit(code) }
}

struct Waited {
    status: c_int,
    usage: libc::rusage,
    /// Just before and just after the wait that reaped.
    between: (u64, u64),
}

/// Reaps a child with wait4.
fn wait(pid: pid_t) -> Waited {
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let mut status = 0;
    let before = now();
    // SAFETY: both pointers are to our own variables.
    check(
        unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) },
        "wait4",
    );
    Waited {
        status,
        usage,
        between: (before, now()),
    }
}

/// What wait4 said of a child, and who we are.
fn reaped(scenario: &str, child: pid_t, waited: &Waited) -> Value {
    let exited = libc::WIFEXITED(waited.status);
    json!({
        "scenario": scenario,
        "pid": child,
        "original_parent": pid(),
        "reaped_by": pid(),
        "code": exited.then(|| libc::WEXITSTATUS(waited.status)),
        "signal": (!exited).then(|| libc::WTERMSIG(waited.status)),
        "core": !exited && libc::WCOREDUMP(waited.status),
        "minor": waited.usage.ru_minflt,
        "major": waited.usage.ru_majflt,
        "maxrss_kib": waited.usage.ru_maxrss,
        "nvcsw": waited.usage.ru_nvcsw,
        "nivcsw": waited.usage.ru_nivcsw,
        "reaped_after": waited.between.0,
        "reaped_before": waited.between.1,
    })
}

/// The same of a child that has waited for children of its own: wait4 counts
/// theirs into its usage.
fn reaped_with_children(scenario: &str, child: pid_t, waited: &Waited) -> Value {
    let mut fact = reaped(scenario, child, waited);
    if let Some(fact) = fact.as_object_mut() {
        for usage in ["minor", "major", "maxrss_kib", "nvcsw", "nivcsw"] {
            fact.remove(usage);
        }
    }
    fact
}

/// The same with more facts.
fn with(mut fact: Value, more: Value) -> Value {
    if let (Some(fact), Value::Object(more)) = (fact.as_object_mut(), more) {
        fact.extend(more);
    }
    fact
}

/// Waits until the child is a zombie, and leaves it one.
fn until_zombie(pid: pid_t) {
    // SAFETY: all zeroes is a valid siginfo_t, which is our own.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOWAIT;
    // SAFETY: as above.
    check(
        unsafe { libc::waitid(libc::P_PID, pid as u32, &raw mut info, options) },
        "waitid",
    );
}

fn pause_forever() -> ! {
    loop {
        // SAFETY: no preconditions.
        unsafe { libc::pause() };
    }
}

fn sleep_ms(ms: u64) {
    std::thread::sleep(std::time::Duration::from_millis(ms));
}

/// A pipe over which a relative reports numbers; never closed.
#[derive(Clone, Copy)]
struct Pipe([c_int; 2]);

impl Pipe {
    fn new() -> Pipe {
        let mut ends = [0; 2];
        // SAFETY: the pointer is to two ints of our own.
        check(unsafe { libc::pipe(ends.as_mut_ptr()) }, "pipe");
        Pipe(ends)
    }

    fn send(&self, number: i64) {
        let bytes = number.to_ne_bytes();
        // SAFETY: the bytes are our own.
        let sent = unsafe { libc::write(self.0[1], bytes.as_ptr().cast(), bytes.len()) };
        assert_eq!(sent, 8);
    }

    fn receive(&self) -> i64 {
        let mut bytes = [0; 8];
        // SAFETY: the bytes are our own.
        let received = unsafe { libc::read(self.0[0], bytes.as_mut_ptr().cast(), bytes.len()) };
        assert_eq!(received, 8);
        i64::from_ne_bytes(bytes)
    }
}

/// Every exit code in turn.
fn exits(n: usize) {
    for code in 0..n {
        let child = fork(|| exit(code as c_int));
        say(&with(
            reaped("exits", child, &wait(child)),
            json!({"created_by": "fork"}),
        ));
    }
}

/// Death by signals of others and of one's own making.
fn signals(_: usize) {
    for signal in [
        libc::SIGTERM,
        libc::SIGKILL,
        libc::SIGUSR1,
        libc::SIGQUIT,
        libc::SIGRTMIN() + 3,
    ] {
        let child = fork(|| pause_forever());
        // SAFETY: our own child.
        check(unsafe { libc::kill(child, signal) }, "kill");
        let fact = reaped("signals", child, &wait(child));
        say(&with(
            fact,
            json!({"killed_by": pid(), "origin": "process"}),
        ));
    }
    // Killed by a third process, not by the parent.
    let victim = fork(|| pause_forever());
    let killer = fork(|| {
        // SAFETY: our own sibling.
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
        // SAFETY: not at all: the fault is the point.
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

fn c_strings<'a>(strings: impl IntoIterator<Item = &'a [u8]>) -> Vec<CString> {
    strings
        .into_iter()
        .map(|string| CString::new(string).unwrap())
        .collect()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr())
        .chain([ptr::null()])
        .collect()
}

fn execute(path: &str, argv: &[&[u8]]) -> ! {
    let path = CString::new(path).unwrap();
    let argv = c_strings(argv.iter().copied());
    let environment = [ptr::null()];
    // SAFETY: NUL-terminated strings in NULL-terminated lists.
    unsafe {
        libc::execve(
            path.as_ptr(),
            pointers(&argv).as_ptr(),
            environment.as_ptr(),
        )
    };
    exit(98)
}

/// posix_spawn: the parent is held by vfork.
fn spawns(n: usize) {
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

/// A process with `n` threads beside the leader.
fn threads(n: usize) {
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

/// The leader exits, a worker lives on and ends the process 200 ms later.
fn leader_first(_: usize) {
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
    // Alive to the end, though the leader is a zombie: /proc counts threads.
    let worker_ended = pipe.receive();
    let fact = reaped("leader", child, &wait(child));
    say(&with(
        fact,
        json!({"threads": 2, "exited_after": worker_ended}),
    ));
}

/// exec, with and without a shell, several in a row.
fn execs(_: usize) {
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

/// exec by a thread that is not the leader: the process goes on under the
/// leader's number.
fn thread_exec(_: usize) {
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

/// `n` zombies, held for a while whose ends are known.
fn zombies(n: usize) {
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

/// Children that the kernel reaps, for either reason.
fn autoreap(n: usize) {
    for (handler, flags, why) in [
        (libc::SIG_IGN, 0, "ignored"),
        (libc::SIG_DFL, libc::SA_NOCLDWAIT, "nocldwait"),
    ] {
        let pipe = Pipe::new();
        let owner = fork(|| {
            // SAFETY: all zeroes is a valid sigaction, which is our own.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handler;
                action.sa_flags = flags;
                check(
                    libc::sigaction(libc::SIGCHLD, &raw const action, ptr::null_mut()),
                    "sigaction",
                );
            }
            for _ in 0..n {
                pipe.send(fork(|| exit(4)).into());
            }
            // Returns with ECHILD when the last is gone.
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

/// A child dies before the grandchild, which gets another parent: a
/// subreaper, or the namespace's init.
fn orphans(_: usize) {
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

/// A zombie whose parent dies without reaping it goes to a subreaper.
fn handed_on(_: usize) {
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

/// Writes to `n` inherited pages, and a child that does all the same but the
/// writes: the difference is what was copied.
fn cow(n: usize) {
    let page = 4096;
    // SAFETY: a fresh private mapping.
    let pages = unsafe {
        libc::mmap(
            ptr::null_mut(),
            n * page,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(pages, libc::MAP_FAILED);
    let touch = |range: std::ops::Range<usize>| {
        for index in range {
            // SAFETY: inside the mapping.
            unsafe { pages.cast::<u8>().add(index * page).write_volatile(1) }
        }
    };
    touch(0..n);
    for written in [0, n] {
        let child = fork(|| {
            touch(0..written);
            exit(0)
        });
        let fact = reaped("cow", child, &wait(child));
        say(&with(fact, json!({"written": written})));
    }
}

/// A wait that returns a stopped child reaps nobody.
fn stopped(_: usize) {
    let child = fork(|| {
        // SAFETY: no pointers.
        unsafe { libc::raise(libc::SIGSTOP) };
        exit(12)
    });
    let mut status = 0;
    // SAFETY: the pointer is to our own variable.
    check(
        unsafe { libc::waitpid(child, &raw mut status, libc::WUNTRACED) },
        "waitpid",
    );
    assert!(libc::WIFSTOPPED(status));
    // SAFETY: our own child.
    check(unsafe { libc::kill(child, libc::SIGCONT) }, "kill");
    say(&reaped("stopped", child, &wait(child)));
}

/// A process in a pid namespace of its own, which reaps a child there by a
/// number that means another process outside.
fn pid_namespace(_: usize) {
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

/// A name of one's own choice.
fn names(_: usize) {
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

/// Names and arguments that try to break whoever shows them.
fn hostile(_: usize) {
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

    // The kernel makes one empty argument of none (since 5.18).
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

/// `n` times vfork and _exit, as fast as it goes.
fn storm(n: usize) {
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

/// Holds `n` zombies until standard input ends.
fn hold(n: usize) {
    let children: Vec<_> = (0..n).map(|code| fork(|| exit(code as c_int))).collect();
    children.iter().for_each(|&child| until_zombie(child));
    say(&json!({"scenario": "hold", "pid": pid(), "zombies": children}));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}
