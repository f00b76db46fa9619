//! Events written by hand, as a kernel would have told them: no kernel, no
//! clock, always the same.

use crate::event::{
    Comm, Dead, Event, Exec, Exit, Faults, Fork, Gap, Hook, Kind, LastSwitch, Lost, Notify,
    ProcessId, Purpose, Session, Sigchld, Signal, Snapshot, TaskId, Text, Usage, Wait, What, Who,
};

const MILLISECOND: u64 = 1_000_000;
pub const SECOND: u64 = 1_000_000_000;
/// When tracing begins: an hour and a half after boot.
pub const BEGAN: u64 = 5_400 * SECOND;

#[derive(Default)]
pub struct Script {
    pub events: Vec<Event>,
    now: u64,
}

/// Each number is used once, so the start time may follow from it.
pub fn process(pid: u32) -> ProcessId {
    let start = match pid {
        0 => 0,
        1..2000 => u64::from(pid) * SECOND / 2,
        _ => BEGAN + u64::from(pid) * MILLISECOND / 10,
    };
    ProcessId { tgid: pid, start }
}

pub fn who(pid: u32) -> Who {
    process(pid).leader()
}

fn thread(pid: u32, tid: u32) -> Who {
    let process = process(pid);
    let task = TaskId {
        pid: tid,
        start: process.start + u64::from(tid),
    };
    Who { task, process }
}

fn argv(arguments: &[&str]) -> Text {
    Text::new(format!("{}\0", arguments.join("\0")).as_bytes())
}

impl Script {
    pub fn new() -> Self {
        Script {
            events: Vec::new(),
            now: BEGAN,
        }
    }

    pub fn wait_for(&mut self, ns: u64) -> &mut Self {
        self.now += ns;
        self
    }

    pub fn tell(&mut self, who: Who, what: What) -> &mut Self {
        let cpu = who.task.pid % 2;
        self.events.push(Event {
            at: self.now,
            cpu,
            who,
            what,
        });
        self.now += 40_000;
        self
    }

    pub fn session(&mut self) -> &mut Self {
        let hook = |purpose| match purpose {
            Purpose::Zombie => Hook {
                purpose,
                hook: Some("tp_btf:signal_generate".to_owned()),
                loses: "not sent when SIGCHLD is ignored".to_owned(),
            },
            Purpose::Oom => Hook {
                purpose,
                hook: None,
                loses: "this kernel has no tracepoint mark_victim".to_owned(),
            },
            _ => Hook {
                purpose,
                hook: Some(format!(
                    "tp_btf:{}",
                    purpose.name().replace([' ', ','], "_")
                )),
                loses: String::new(),
            },
        };
        let session = Session {
            tracer_version: "0.1.0".to_owned(),
            kernel_release: "6.12.9-amd64".to_owned(),
            hostname: "web-1".to_owned(),
            boot_id: "0d6c1f0e-8f3a-4a58-9d2b-2b1c7a4e9f10".to_owned(),
            realtime_offset: 1_773_478_800_000_000_000,
            page_size: 4096,
            ticks: 100,
            cpus: 2,
            task_struct_size: Some(9_792),
            kernel_stack_size: Some(16_384),
            command: argv(&["tracer", "live"]),
            tracer_pid: 1999,
            hooks: Purpose::ALL.map(hook).to_vec(),
        };
        self.tell(Who::HOST, What::Session(Box::new(session)))
    }

    pub fn found(&mut self, pid: u32, parent: u32, comm: &str, arguments: &[&str]) -> &mut Self {
        let snapshot = Snapshot {
            parent: process(parent),
            kthread: arguments.is_empty(),
            zombie: None,
            exit_signal: 17,
            ns_pid: pid,
            ns_level: 0,
            comm: Comm::new(comm.as_bytes()),
            argv: (!arguments.is_empty()).then(|| argv(arguments)),
        };
        self.tell(who(pid), What::Snapshot(Box::new(snapshot)))
    }

    pub fn found_zombie(&mut self, pid: u32, parent: u32, comm: &str) -> &mut Self {
        let snapshot = Snapshot {
            parent: process(parent),
            kthread: false,
            zombie: Some(0),
            exit_signal: 17,
            ns_pid: pid,
            ns_level: 0,
            comm: Comm::new(comm.as_bytes()),
            argv: None,
        };
        self.tell(who(pid), What::Snapshot(Box::new(snapshot)))
    }

    pub fn found_all(&mut self) -> &mut Self {
        let began = BEGAN;
        self.tell(Who::HOST, What::SnapshotEnd(began))
    }

    fn forked(&mut self, subject: Who, by: u32, comm: &str, flags: u64) -> &mut Self {
        let fork = Fork {
            by: who(by),
            parent: process(by),
            clone_flags: Some(flags),
            kthread: false,
            exit_signal: 17,
            ns_pid: subject.task.pid,
            ns_level: 0,
            comm: Comm::new(comm.as_bytes()),
        };
        self.tell(subject, What::Fork(Box::new(fork)))
            .tell(subject, What::WakeupNew)
            .tell(subject, What::FirstRun)
    }

    pub fn fork(&mut self, pid: u32, by: u32, comm: &str) -> &mut Self {
        self.forked(who(pid), by, comm, 0x0120_0000)
    }

    pub fn thread(&mut self, pid: u32, tid: u32, comm: &str) -> &mut Self {
        self.forked(thread(pid, tid), pid, comm, 0x003d_0f00)
    }

    pub fn exec(&mut self, pid: u32, comm: &str, arguments: &[&str]) -> &mut Self {
        let text = argv(arguments);
        let exec = Exec {
            old_pid: pid,
            comm: Comm::new(comm.as_bytes()),
            filename: Text::new(arguments[0].as_bytes()),
            filename_cut: false,
            argv_total: text.as_bytes().len() as u32,
            argv: Some(text),
        };
        self.tell(who(pid), What::Exec(Box::new(exec)))
    }

    pub fn faults(&mut self, pid: u32, read: u64, write: u64, cow: u64) -> &mut Self {
        let faults = Faults {
            read,
            write,
            write_protect: cow,
            instruction: read / 7,
            protection: 0,
        };
        self.tell(who(pid), What::Faults(faults))
    }

    pub fn signal(&mut self, pid: u32, sig: i32, by: u32, by_comm: &str) -> &mut Self {
        let signal = Signal {
            sig,
            // SI_USER, or SI_KERNEL when nobody sent it.
            code: if by == 0 { 0x80 } else { 0 },
            by: who(by),
            by_comm: Comm::new(by_comm.as_bytes()),
            group: true,
        };
        self.tell(who(pid), What::Signal(Box::new(signal)))
    }

    /// do_exit of the last thread.
    pub fn exit(&mut self, pid: u32, parent: u32, comm: &str, code: i32) -> &mut Self {
        self.exit_and_leave(pid, parent, comm, code, None)
    }

    pub fn exit_and_leave(
        &mut self,
        pid: u32,
        parent: u32,
        comm: &str,
        code: i32,
        reaper: Option<u32>,
    ) -> &mut Self {
        let exit = Exit {
            code,
            group_code: None,
            group_dead: Some(true),
            exit_signal: 17,
            parent: process(parent),
            sigchld: Sigchld::Zombie,
            reaper: reaper.map(process),
            usage: Usage {
                utime: 3_250_000,
                stime: 1_125_000,
                runtime: 4_401_233,
                nvcsw: 12,
                nivcsw: 3,
                min_flt: 412,
                maj_flt: 2,
                maxrss: Some(1_337),
            },
            faults: None,
            comm: Comm::new(comm.as_bytes()),
        };
        self.tell(who(pid), What::Exit(Box::new(exit)))
    }

    pub fn zombie(&mut self, pid: u32, owner: u32) -> &mut Self {
        let notify = Notify {
            owner: process(owner),
            seen_pid: pid,
            dead: Dead::Subject,
            autoreap: false,
        };
        let switch = LastSwitch {
            next_pid: 0,
            next_tgid: 0,
            next_comm: Comm::new(b"swapper/0"),
        };
        self.tell(who(pid), What::Notify(notify))
            .tell(who(pid), What::LastSwitch(switch))
    }

    pub fn reap(&mut self, pid: u32, by: u32) -> &mut Self {
        self.tell(who(by), What::Wait(Wait { child: pid }))
            .tell(who(pid), What::Free(None))
    }

    pub fn gap(&mut self, lost: &[(Kind, u64)]) -> &mut Self {
        let lost = lost
            .iter()
            .map(|&(kind, count)| Lost { kind, count })
            .collect();
        let gap = Gap {
            since: self.now - 250 * MILLISECOND,
            lost,
            cause: crate::event::GapCause::NoRoom,
        };
        self.tell(Who::HOST, What::Gap(Box::new(gap)))
    }
}

/// A machine on which everything happens that the dashboard must show.
pub fn busy_host() -> Vec<Event> {
    let mut script = Script::new();
    script
        .session()
        .found(1, 0, "systemd", &["/sbin/init", "splash"])
        .found(2, 0, "kthreadd", &[])
        .found(11, 2, "kworker/0:1", &[])
        .found(12, 2, "ksoftirqd/0", &[])
        .found(700, 1, "sshd", &["/usr/sbin/sshd", "-D"])
        .found(812, 1, "nginx", &["nginx", "-g", "daemon off;"])
        .found(813, 812, "nginx", &["nginx: worker process"])
        .found(820, 1, "hoarder", &["/opt/app/hoarder", "--never-wait"])
        .found_zombie(821, 820, "early")
        .found(
            900,
            1,
            "java",
            &["/usr/bin/java", "-Xmx2g", "-jar", "/srv/shop.jar"],
        )
        .found(1200, 700, "bash", &["-bash"])
        .found_all()
        .thread(900, 6001, "GC Thread#0")
        .thread(900, 6002, "C2 CompilerThre")
        .faults(900, 4_210, 61_000, 120)
        .wait_for(300 * MILLISECOND)
        .fork(2001, 1200, "bash")
        .wait_for(2 * MILLISECOND)
        .exec(2001, "make", &["/usr/bin/make", "-j2", "all"])
        .faults(2001, 80, 40, 12_345)
        .fork(2002, 2001, "make")
        .exec(
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
        )
        .fork(2003, 2001, "make")
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
        .faults(2002, 300, 1_400, 96)
        .faults(2003, 310, 91_400, 96)
        .wait_for(1_200 * MILLISECOND)
        .exit(2002, 2001, "cc1", 0)
        .zombie(2002, 2001)
        .reap(2002, 2001)
        .signal(2003, 9, 1200, "bash")
        .exit(2003, 2001, "cc1", 9)
        .zombie(2003, 2001)
        .wait_for(30 * MILLISECOND)
        .reap(2003, 2001)
        .fork(2010, 2001, "daemon")
        .exec(2010, "daemon", &["./daemon", "--background"])
        .exit_and_leave(2001, 1200, "make", 2 << 8, Some(1))
        .zombie(2001, 1200)
        .reap(2001, 1200)
        .wait_for(200 * MILLISECOND)
        .fork(3001, 820, "hoarder")
        .fork(3002, 820, "hoarder")
        .exec(3002, "job", &["/opt/app/job", "--nightly"])
        .exit(3001, 820, "hoarder", 0)
        .zombie(3001, 820)
        .signal(3002, 11, 0, "")
        .exit(3002, 820, "job", 0x8b)
        .zombie(3002, 820)
        .wait_for(400 * MILLISECOND)
        .fork(3101, 813, "nginx")
        .exit(3101, 813, "nginx", 1 << 8)
        .zombie(3101, 813)
        .fork(4001, 1200, "bash")
        .exec(
            4001,
            "\x1b[31mevil\x07",
            &["/tmp/\x1b]0;owned\x07", "a\nb", "\u{202e}txt"],
        )
        .fork(4002, 1200, "bash")
        .exec(
            4002,
            "日本語🦀",
            &["/usr/bin/日本語🦀", "こんにちは世界", "👩‍🚀 été"],
        )
        .gap(&[(Kind::Fork, 12), (Kind::Exit, 3)])
        .fork(5001, 4999, "stray")
        .wait_for(900 * MILLISECOND)
        .faults(812, 12, 4, 3)
        .faults(813, 1_200, 900, 310)
        .fork(7001, 1200, "bash")
        .exec(7001, "sleep", &["sleep", "1000"]);
    script.events
}
