//! A scripted host with everything that the dashboard must show.

use crate::event::{
    AddressSpace, Event, Faults, Gap, GapCause, Kind, Lost, Purpose, Session, TaskState, Text,
    What,
    script::{MS, SEC, Script},
};

/// PID, parent, name and arguments of the processes that ran before; kernel threads have no
/// arguments.
const OLD: [(u32, u32, &str, &[&str]); 11] = [
    (1, 0, "systemd", &["/sbin/init", "splash"]),
    (2, 0, "kthreadd", &[]),
    (11, 2, "kworker/0:1", &[]),
    (12, 2, "ksoftirqd/0", &[]),
    (700, 1, "sshd", &["/usr/sbin/sshd", "-D"]),
    (812, 1, "nginx", &["nginx", "-g", "daemon off;"]),
    (813, 812, "nginx", &["nginx: worker process"]),
    (820, 1, "hoarder", &["/opt/app/hoarder", "--never-wait"]),
    (
        900,
        1,
        "java",
        &["/usr/bin/java", "-Xmx2g", "-jar", "/srv/shop.jar"],
    ),
    (1200, 700, "bash", &["-bash"]),
    (1999, 700, "tracer", &["tracer", "live"]),
];

pub fn busy() -> Vec<Event> {
    busy_with(|_| ())
}

pub fn busy_with(change: impl FnOnce(&mut Session)) -> Vec<Event> {
    let mut script = Script::new().session_with(|session| {
        describe(session);
        change(session);
    });
    for (pid, parent, comm, arguments) in OLD {
        script = script.found_with(pid, parent, comm, |found| {
            found.kthread = arguments.is_empty();
            found.argv = (!arguments.is_empty()).then(|| text(arguments));
        });
    }
    let script = script
        .found_with(821, 820, "early", |found| {
            found.zombie = Some(0);
            found.argv = None;
        })
        .found_all();
    events_of(script)
}

fn events_of(script: Script) -> Vec<Event> {
    let script = script
        .fork_with(900, 6001, |fork| {
            fork.clone_flags = Some(0x3d0f00);
            fork.comm = crate::event::Comm::new(b"GC Thread#0");
        })
        .thread(900, 6002)
        .event(900, faults(4_210, 61_000, 120));
    // A build: one compiler succeeds, one is killed, make leaves a daemon.
    let script = born(script.at(300 * MS), 1200, 2001);
    let script = script
        .exec(2001, "make", &["/usr/bin/make", "-j2", "all"])
        .event(2001, faults(80, 40, 12_345));
    let script = born(script.at(302 * MS), 2001, 2002).exec(
        2002,
        "cc1",
        &[
            "/usr/lib/gcc/cc1",
            "-quiet",
            "-O2",
            "main.c",
            "-o",
            "main.o",
        ],
    );
    let script = born(script, 2001, 2003)
        .exec(
            2003,
            "cc1",
            &[
                "/usr/lib/gcc/cc1",
                "-quiet",
                "-O2",
                "huge.c",
                "-o",
                "huge.o",
            ],
        )
        .event(2002, faults(300, 1_400, 96))
        .event(2003, faults(310, 91_400, 96))
        .at(1_500 * MS)
        .die(2002, 0)
        .reap(2002)
        .kill(1200, 2003, 9)
        .killed(2003, 9)
        .notify(2003)
        .last_switch(2003)
        .at(1_530 * MS)
        .reap(2003);
    let script = born(script, 2001, 2010)
        .exec(2010, "daemon", &["./daemon", "--background"])
        .at(1_540 * MS);
    let mut script = script;
    let init = script.process(1);
    let script = script
        .exit_with(2001, |exit| {
            exit.code = 2 << 8;
            exit.reaper = Some(init);
        })
        .notify(2001)
        .last_switch(2001)
        .reap(2001);
    // An owner that does not wait; one of its zombies dumped its core.
    let script = born(born(script.at(1_734 * MS), 820, 3001), 820, 3002)
        .exec(3002, "job", &["/opt/app/job", "--nightly"])
        .die(3001, 0)
        .signal(0, 3002, 11, 0x80)
        .killed(3002, 0x8b)
        .notify(3002)
        .last_switch(3002);
    let script = born(script.at(2_134 * MS), 813, 3101).die(3101, 1);
    // Names with terminal escape sequences, and wide names.
    let script = born(script, 1200, 4001).exec(
        4001,
        "\x1b[31mevil\x07",
        &["/tmp/\x1b]0;owned\x07", "a\nb", "\u{202e}txt"],
    );
    let script = born(script, 1200, 4002).exec(
        4002,
        "日本語🦀",
        &["/usr/bin/日本語🦀", "こんにちは世界", "👩‍🚀 été"],
    );
    // Records are lost, then a process appears whose parent was not seen.
    let lost = vec![
        Lost {
            kind: Kind::Fork,
            count: 12,
        },
        Lost {
            kind: Kind::Exit,
            count: 3,
        },
    ];
    let since = script.events.last().map_or(0, |event| event.at) - 250 * MS;
    let gap = Gap {
        since,
        lost,
        cause: GapCause::NoRoom,
    };
    let script = script.event(0, What::Gap(Box::new(gap)));
    let script = born(script, 4999, 5001).at(3_035 * MS);
    let script = born(
        script
            .event(812, faults(12, 4, 3))
            .event(813, faults(1_200, 900, 310)),
        1200,
        7001,
    );
    script.exec(7001, "sleep", &["sleep", "1000"]).events
}

/// A command with streamed states: it runs, waits for a disk, is stopped, has a child by vfork that
/// waits long for a CPU, and sleeps.
pub fn streamed() -> Vec<Event> {
    use TaskState::{Dead, Interruptible, Runnable, Running, Stopped, Traced, Uninterruptible};
    let script = Script::new().session_with(describe);
    let script = script.found(1200, 1, "bash").found_all();
    let changes = [
        (0, 2001, Runnable),
        (10, 2001, Running),
        (900, 2001, Uninterruptible),
        (1_500, 2001, Running),
        (2_000, 2001, Uninterruptible),
        (2_000, 2002, Runnable),
        (2_800, 2002, Running),
        (3_100, 2002, Dead),
        (3_100, 2001, Running),
        (3_300, 2001, Stopped),
        (4_000, 2001, Traced),
        (4_400, 2001, Running),
        (4_500, 2001, Interruptible),
    ];
    let mut script = born(script, 1200, 2001).exec(2001, "backup", &["backup", "/home"]);
    for (at, pid, state) in changes {
        if (pid, state) == (2002, Runnable) {
            script = born(script, 2001, 2002).exec(2002, "tar", &["tar", "c"]);
        }
        script = script.at(at * MS).event(pid, What::State(state));
        if state == Dead {
            script = script.die(pid, 0).reap(pid);
        }
    }
    script.events
}

fn born(script: Script, parent: u32, child: u32) -> Script {
    let asked = script.events.last().map(|event| event.at);
    let script = script.fork_with(parent, child, |fork| {
        fork.requested_at = asked;
        fork.copied = Some(AddressSpace {
            pages: Some(400 + u64::from(child)),
            page_tables: 53_248,
        });
    });
    script.wakeup(child).first_run(child)
}

fn faults(read: u64, write: u64, cow: u64) -> What {
    let faults = Faults {
        read,
        write,
        write_protect: cow,
        instruction: read / 7,
        ..Faults::default()
    };
    What::Faults(Box::new(faults.into()))
}

fn text(arguments: &[&str]) -> Text {
    Text::new(format!("{}\0", arguments.join("\0")).as_bytes())
}

fn describe(session: &mut Session) {
    session.hostname = "web-1".into();
    session.kernel_release = "6.12.9-amd64".into();
    session.boot_id = "0d6c1f0e-8f3a-4a58-9d2b-2b1c7a4e9f10".into();
    // Scripts begin a thousand seconds after boot.
    session.realtime_offset = 1_773_484_200 * SEC as i64 - 1_000 * SEC as i64;
    session.kernel_stack_size = Some(16_384);
    session.tracer_pid = 1999;
    for hook in &mut session.hooks {
        let name = hook.purpose.name().replace([' ', ','], "_");
        hook.hook = Some(format!("tp_btf:{name}").into());
        match hook.purpose {
            Purpose::Zombie => {
                hook.hook = Some("tp_btf:signal_generate".into());
                hook.loses = "not sent when SIGCHLD is ignored".into();
            }
            Purpose::Oom => {
                hook.hook = None;
                hook.loses = "this kernel has no tracepoint mark_victim".into();
            }
            _ => {}
        }
    }
}
