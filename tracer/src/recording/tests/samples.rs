//! Sample events of every kind.

use crate::event::{
    AddressSpace, Cgroup, ChildUsage, Comm, Constraint, CopyCount, DatedPolicy, Disposition, Event,
    Exec, Exit, ExitedProcess, Fault, FaultClass, FaultPlaces, FaultTally, Faults, FirstRun, Fork,
    ForkCopies, ForkFailed, Gap, GapCause, Hook, Implied, Kind, LastSwitch, Lost, Moved, Notify,
    OomCause, OomVictim, OpenForks, ProcessId, Purpose, Reap, Reaper, Region, Relations,
    SecondCounts, Segment, Session, Sigchld, SigchldPolicy, Signal, Snapshot, StateTimes, States,
    Summary, TaskId, TaskState, Text, Usage, Wait, Waits, Wakeups, What, Who,
};

pub fn process(tgid: u32, start: u64) -> ProcessId {
    ProcessId { tgid, start }
}

pub fn thread(pid: u32, start: u64, process: ProcessId) -> Who {
    Who {
        task: TaskId { pid, start },
        process,
    }
}

pub fn event(at: u64, cpu: u32, who: Who, what: What) -> Event {
    Event { at, cpu, who, what }
}

/// Returns the state times of a task that was made runnable at `at`.
fn states(at: u64) -> States {
    States {
        state: TaskState::Uninterruptible,
        since: at + 2_850_000_000,
        began: at,
        times: StateTimes {
            running: 800_000_000,
            runnable: 50_000_000,
            interruptible: 2_000_000_000,
            ..StateTimes::default()
        },
        wakeups: Wakeups {
            count: 120,
            latency: 40_000_000,
            latency_max: 9_000_000,
        },
        missed: 1,
    }
}

fn implied(by: ProcessId) -> Implied {
    Implied {
        by,
        parent: Some(process(1, 5)),
        copies: 12,
        ambiguous: true,
        argv: Some(Text::new(b"bash\0-c\0inherited\0")),
        argv_cut: true,
        released: true,
        caller_ended: true,
    }
}

fn copy_count(count: u64) -> CopyCount {
    CopyCount {
        count,
        peak: count - 1,
        first: 59_000_000_002,
        last: 59_500_000_000,
        latest: 1,
    }
}

fn summary() -> Summary {
    Summary {
        began: 59_000_000_000,
        events: 12_345_678,
        forks: 400,
        threads: 30,
        execs: 200,
        exits: 390,
        lost: 7,
        faults: vec![1, 0, 300],
        failed_forks: 2,
        reapers: vec![Reaper {
            process: ProcessId { tgid: 1, start: 5 },
            reaped: 40,
            last: None,
            policy: Some(DatedPolicy {
                at: 59_000_000_001,
                policy: SigchldPolicy {
                    sigchld: Disposition::Ignored,
                    nocldwait: true,
                    ..SigchldPolicy::default()
                },
            }),
            heir: Some(ProcessId { tgid: 2, start: 6 }),
        }],
        copies: vec![ForkCopies {
            child: ProcessId { tgid: 7, start: 9 },
            by_parent: copy_count(3),
            by_child: copy_count(4),
            by_both: copy_count(7),
            ambiguous: true,
        }],
        open_forks: vec![OpenForks {
            parent: ProcessId { tgid: 1, start: 5 },
            newest: Some(ProcessId { tgid: 7, start: 9 }),
            open: 2,
            ambiguous: true,
        }],
        second: 60,
        seconds: vec![
            SecondCounts::default(),
            SecondCounts {
                forks: 5,
                execs: 4,
                exits: 3,
                faults: 200,
                copies: 10,
                lost: 1,
            },
        ],
    }
}

/// Returns events of every kind, in the order in which they occur in the life of a process.
pub fn every_kind() -> Vec<Event> {
    let shell = process(100, 5_000_000_000);
    let child = process(101, 60_000_100_000);
    let worker = thread(102, 60_000_400_000, child);
    let usage = Usage {
        utime: 1_200_000,
        stime: 3_400_000,
        runtime: 4_650_123,
        nvcsw: 3,
        nivcsw: 1,
        min_flt: 215,
        maj_flt: 2,
        maxrss: Some(512),
    };
    let faults = Faults {
        read: 120,
        write: 60,
        write_protect: 25,
        instruction: 8,
        protection: 1,
        cow_copy: 20,
        ..Faults::default()
    };
    let fault = Fault {
        address: 0x7f12_3456_7abc,
        class: FaultClass::CowCopy,
        region: Some(Region::Heap),
        in_kernel: true,
        file: Some(Text::new(b"/usr/lib/libc.so.6")),
    };
    let places = FaultPlaces {
        heap: 30,
        stack: 4,
        heap_copies: 18,
        ..FaultPlaces::default()
    };
    let tally = FaultTally {
        classes: faults,
        places,
    };
    let relations = Relations {
        pgid: 100,
        sid: 90,
        tracer: Some(process(88, 4_000_000_000)),
        uid: None,
        euid: None,
    };
    let sigchld_policy = SigchldPolicy {
        sigchld: Disposition::Caught,
        nocldwait: true,
        blocked: true,
        stopped: false,
        from_proc: false,
    };
    let children = ChildUsage {
        utime: 4_000_000,
        min_flt: 99,
        maxrss: 1234,
        ..ChildUsage::default()
    };
    let exit = Exit {
        code: 9,
        group_code: Some(9),
        group_dead: Some(false),
        exit_signal: -1,
        parent: shell,
        sigchld: Sigchld::Zombie,
        reaper: None,
        usage,
        faults: Some(tally),
        comm: Comm::new(b"work/0"),
        relations: Some(relations),
        sigchld_policy: None,
        children: None,
    };
    let session = Session {
        tracer_version: "0.1.0".into(),
        kernel_release: "6.12.0".into(),
        hostname: "host".into(),
        boot_id: "0b7c1b0e-5e2a-4c53-9f5e-6a3f4f2d9c11".into(),
        realtime_offset: 1_700_000_000_123_456_789,
        page_size: 4096,
        ticks: 100,
        cpus: 2,
        task_struct_size: Some(9792),
        kernel_stack_size: None,
        command: Text::new(b"tracer\0record\0-\0"),
        tracer_pid: 99,
        hooks: vec![
            Hook {
                purpose: Purpose::Fork,
                hook: Some("tp_btf:sched_process_fork".into()),
                loses: "".into(),
            },
            Hook {
                purpose: Purpose::Faults,
                hook: None,
                loses: "no tracepoint page_fault_user".into(),
            },
        ],
        segment: Some(Segment {
            number: 3,
            began: 59_000_000_000,
            events_before: 4_000_000,
            keep: Some(86_400_000_000_000),
        }),
        users: Vec::new(),
    };
    let snapshot = Snapshot {
        parent: process(1, 1),
        kthread: false,
        zombie: None,
        exiting: false,
        exit_signal: 17,
        ns_pid: 100,
        ns_level: 0,
        comm: Comm::new(b"sh"),
        argv: Some(Text::new(b"sh\0-i\0")),
        relations: Some(relations),
        sigchld_policy: Some(sigchld_policy),
        cgroup: Some(7),
    };
    let fork = Fork {
        by: shell.leader(),
        parent: shell,
        clone_flags: Some(0x0120_0000),
        kthread: false,
        exit_signal: 17,
        ns_pid: 101,
        ns_level: 0,
        comm: Comm::new(b"sh"),
        requested_at: None,
        copied: Some(AddressSpace {
            pages: Some(412),
            page_tables: 61_440,
        }),
        by_copies: Some(12),
        relations: Some(Relations {
            tracer: None,
            ..relations
        }),
        cgroup: Some(7),
    };
    let clone = Fork {
        by: child.leader(),
        clone_flags: None,
        exit_signal: -1,
        ns_pid: 3,
        ns_level: 1,
        ..fork.clone()
    };
    let exec = Exec {
        old_pid: 101,
        comm: Comm::new(b"work"),
        filename: Text::new(b"/usr/bin/work"),
        filename_cut: false,
        argv: Some(Text::new(b"work\0--hard\0\xff\xfe\0")),
        argv_total: 15,
        copies: Some(3),
        relations: None,
    };
    let signal = Signal {
        sig: 9,
        code: 0,
        by: shell.leader(),
        by_comm: Comm::new(b"sh"),
        group: true,
    };
    let last_exit = Exit {
        code: 0,
        group_dead: Some(true),
        group_code: None,
        sigchld: Sigchld::NoCldWait,
        reaper: Some(process(1, 1)),
        faults: None,
        exit_signal: 17,
        sigchld_policy: Some(sigchld_policy),
        children: Some(children),
        ..exit.clone()
    };
    let notify = Notify {
        owner: shell,
        seen_pid: 101,
        exited: ExitedProcess::Subject,
        autoreap: false,
        sigchld_policy: Some(sigchld_policy),
        heir: Some(process(1, 1)),
    };
    let reparented = Notify {
        owner: process(1, 1),
        exited: ExitedProcess::ChildPid(103),
        ..notify.clone()
    };
    let last_switch = LastSwitch {
        next_pid: 0,
        next_tgid: 0,
        next_comm: Comm::new(b"swapper/1"),
    };
    let group = Usage {
        utime: 2_000_000,
        maxrss: None,
        ..usage
    };
    let victim = OomVictim::Logged(OomCause {
        constraint: Constraint::Memcg,
        oom_memcg: Some(Text::new(b"/system.slice")),
        task_memcg: Some(Text::new(b"/system.slice/work.service")),
    });
    let cgroup = Cgroup {
        id: 7,
        path: Text::new(b"/system.slice/work.service"),
    };
    let failed = ForkFailed {
        errno: 11,
        comm: Comm::new(b"work"),
        processes: Some(100),
        max_processes: Some(100),
        pids: None,
        max_pids: None,
    };
    let waits = Waits {
        count: 3,
        last: 62_700_000_000,
    };
    let gap = Gap {
        since: 61_000_000_000,
        lost: vec![
            Lost {
                kind: Kind::Fork,
                count: 3,
            },
            Lost {
                kind: Kind::Faults,
                count: 100_000,
            },
        ],
        cause: GapCause::NoRoom,
    };
    let unreadable = Gap {
        since: 61_000_000_000,
        lost: Vec::new(),
        cause: GapCause::Unreadable { events: Some(7) },
    };
    let s = 60_000_000_000;
    let child = child.leader();
    vec![
        event(s, 0, Who::HOST, What::Session(Box::new(session))),
        event(
            s + 10,
            0,
            shell.leader(),
            What::Snapshot(Box::new(snapshot)),
        ),
        event(s + 20, 0, Who::HOST, What::SnapshotEnd(s + 5)),
        event(s + 110_000, 1, child, What::Fork(Box::new(fork))),
        event(s + 120_000, 1, child, What::WakeupNew),
        event(
            s + 119_000,
            0,
            child,
            What::FirstRun(FirstRun {
                runnable: Some(s + 115_000),
            }),
        ),
        event(s + 300_000, 0, child, What::Exec(Box::new(exec))),
        event(s + 410_000, 0, worker, What::Fork(Box::new(clone))),
        event(s + 415_000, 0, worker, What::Comm(Comm::new(b"work/0"))),
        event(s + 500_000, 1, child, What::Signal(Box::new(signal))),
        event(s + 510_000, 1, child, What::OomVictim(Box::new(victim))),
        event(s + 600_000, 0, worker, What::Exit(Box::new(exit))),
        event(s + 600_500, 0, worker, What::Faults(Box::new(tally))),
        event(s + 600_600, 0, worker, What::Fault(Box::new(fault))),
        event(s + 601_000, 0, worker, What::Free(None)),
        event(s + 700_000, 1, child, What::Exit(Box::new(last_exit))),
        event(s + 710_000, 1, child, What::Notify(notify)),
        event(s + 715_000, 1, child, What::Notify(reparented)),
        event(s + 720_000, 1, child, What::LastSwitch(last_switch)),
        event(
            s + 800_000,
            0,
            shell.leader(),
            What::Wait(Wait { child: 101 }),
        ),
        event(
            s + 850_000,
            0,
            child,
            What::Reap(Reap { by: shell.leader() }),
        ),
        event(s + 900_000, 0, child, What::Free(Some(Box::new(group)))),
        event(s + 2_000_000_000, 0, Who::HOST, What::Gap(Box::new(gap))),
        event(
            s + 2_000_000_000,
            0,
            Who::HOST,
            What::Gap(Box::new(unreadable)),
        ),
        event(s + 2_500_000_000, 1, shell.leader(), What::ExitStart),
        event(
            s + 2_600_000_000,
            0,
            Who::HOST,
            What::Cgroup(Box::new(cgroup)),
        ),
        event(
            s + 2_600_001_000,
            1,
            child,
            What::Moved(Moved { cgroup: 7 }),
        ),
        event(
            s + 2_700_000_000,
            1,
            child,
            What::ForkFailed(Box::new(failed)),
        ),
        event(s + 2_800_000_000, 0, child, What::Waits(waits)),
        event(
            s + 2_850_000_000,
            1,
            child,
            What::State(TaskState::Uninterruptible),
        ),
        event(
            s + 2_860_000_000,
            0,
            child,
            What::States(Box::new(states(s))),
        ),
        event(
            s + 2_870_000_000,
            0,
            child,
            What::Implied(Box::new(implied(shell))),
        ),
        event(
            s + 2_900_000_000,
            0,
            Who::HOST,
            What::Summary(Box::new(summary())),
        ),
        event(s + 2_950_000_000, 0, Who::HOST, What::PartEnd),
        event(s + 3_000_000_000, 0, Who::HOST, What::End),
    ]
}
