//! Arbitrary events, with a preference for extreme values.

use proptest::{collection::vec, option, prelude::*};

use crate::event::{
    AddressSpace, Cgroup, ChildUsage, Comm, Constraint, CopyCount, DatedPolicy, Disposition, Event,
    Exec, Exit, ExitedProcess, Fault, FaultClass, FaultPlaces, FaultTally, Faults, FirstRun, Fork,
    ForkCopies, ForkFailed, Gap, GapCause, Hook, Implied, Kind, LastSwitch, Lost, Moved, Notify,
    OomCause, OomVictim, OpenForks, ProcessId, Purpose, Reap, Reaper, Region, Relations,
    SecondCounts, Segment, Session, Sigchld, SigchldPolicy, Signal, Snapshot, StateTimes, States,
    Summary, TaskId, TaskState, Text, Uid, Usage, User, Wait, Waits, Wakeups, What, Who,
};

pub fn events() -> impl Strategy<Value = Vec<Event>> {
    vec(event(), 0..40)
}

fn event() -> impl Strategy<Value = Event> {
    let what = prop::sample::select(Kind::ALL).prop_flat_map(what);
    (int64(), int32(), who(), what).prop_map(|(at, cpu, who, what)| Event { at, cpu, who, what })
}

fn what(kind: Kind) -> BoxedStrategy<What> {
    match kind {
        Kind::Session => session().prop_map(|it| What::Session(Box::new(it))).boxed(),
        Kind::Snapshot => snapshot()
            .prop_map(|it| What::Snapshot(Box::new(it)))
            .boxed(),
        Kind::SnapshotEnd => int64().prop_map(What::SnapshotEnd).boxed(),
        Kind::Fork => fork().prop_map(|it| What::Fork(Box::new(it))).boxed(),
        Kind::WakeupNew => Just(What::WakeupNew).boxed(),
        Kind::FirstRun => Just(What::FirstRun(FirstRun::default())).boxed(),
        Kind::Exec => exec().prop_map(|it| What::Exec(Box::new(it))).boxed(),
        Kind::Comm => comm().prop_map(What::Comm).boxed(),
        Kind::Signal => signal().prop_map(|it| What::Signal(Box::new(it))).boxed(),
        Kind::OomVictim => victim()
            .prop_map(|it| What::OomVictim(Box::new(it)))
            .boxed(),
        Kind::Exit => exit().prop_map(|it| What::Exit(Box::new(it))).boxed(),
        Kind::Notify => notify().prop_map(What::Notify).boxed(),
        Kind::LastSwitch => last_switch().prop_map(What::LastSwitch).boxed(),
        Kind::Wait => int32().prop_map(|child| What::Wait(Wait { child })).boxed(),
        Kind::Free => option::of(usage().prop_map(Box::new))
            .prop_map(What::Free)
            .boxed(),
        Kind::Faults => faults()
            .prop_map(|tally| What::Faults(Box::new(tally)))
            .boxed(),
        Kind::Fault => fault().prop_map(|one| What::Fault(Box::new(one))).boxed(),
        Kind::Gap => gap().prop_map(|it| What::Gap(Box::new(it))).boxed(),
        Kind::Summary => (vec(int64(), 10), vec(int64(), 0..20))
            .prop_map(|(numbers, faults)| What::Summary(Box::new(summary(&numbers, faults))))
            .boxed(),
        Kind::End => Just(What::End).boxed(),
        Kind::PartEnd => Just(What::PartEnd).boxed(),
        Kind::ExitStart => Just(What::ExitStart).boxed(),
        Kind::Waits => (int64(), int64())
            .prop_map(|(count, last)| What::Waits(Waits { count, last }))
            .boxed(),
        Kind::ForkFailed => fork_failed()
            .prop_map(|it| What::ForkFailed(Box::new(it)))
            .boxed(),
        Kind::Cgroup => (int64(), text())
            .prop_map(|(id, path)| What::Cgroup(Box::new(Cgroup { id, path })))
            .boxed(),
        Kind::Moved => int64()
            .prop_map(|cgroup| What::Moved(Moved { cgroup }))
            .boxed(),
        Kind::Implied => (
            process(),
            option::of(process()),
            int64(),
            option::of(text()),
        )
            .prop_map(|(by, parent, copies, argv)| {
                What::Implied(Box::new(Implied {
                    by,
                    parent,
                    copies,
                    ambiguous: copies % 2 == 0,
                    argv,
                    argv_cut: copies % 3 == 0,
                    released: copies % 5 == 0,
                    caller_ended: copies % 7 == 0,
                }))
            })
            .boxed(),
        Kind::States => states().prop_map(|it| What::States(Box::new(it))).boxed(),
        Kind::State => task_state().prop_map(What::State).boxed(),
        Kind::Reap => who().prop_map(|by| What::Reap(Reap { by })).boxed(),
    }
}

fn task_state() -> impl Strategy<Value = TaskState> {
    (0..8u8).prop_map(|number| TaskState::from_number(number).unwrap())
}

fn states() -> impl Strategy<Value = States> {
    (task_state(), vec(int64(), 13)).prop_map(|(state, numbers)| States {
        state,
        since: numbers[0],
        began: numbers[1],
        times: StateTimes::by_state(|state| numbers[2 + state as usize]),
        wakeups: Wakeups {
            count: numbers[9],
            latency: numbers[10],
            latency_max: numbers[11],
        },
        missed: numbers[12],
    })
}

fn summary(numbers: &[u64], faults: Vec<u64>) -> Summary {
    let second = SecondCounts {
        forks: numbers[8],
        lost: numbers[9],
        ..SecondCounts::default()
    };
    Summary {
        began: numbers[0],
        events: numbers[1],
        forks: numbers[2],
        threads: numbers[3],
        execs: numbers[4],
        exits: numbers[5],
        lost: numbers[6],
        faults,
        failed_forks: numbers[8],
        reapers: vec![Reaper {
            process: ProcessId {
                tgid: 7,
                start: numbers[1],
            },
            reaped: numbers[2],
            last: numbers[3].is_multiple_of(2).then_some(numbers[3]),
            policy: numbers[4].is_multiple_of(2).then_some(DatedPolicy {
                at: numbers[4],
                policy: SigchldPolicy {
                    blocked: numbers[5].is_multiple_of(2),
                    ..SigchldPolicy::default()
                },
            }),
            heir: None,
        }],
        copies: vec![ForkCopies {
            by_parent: CopyCount {
                count: numbers[5],
                peak: numbers[6],
                first: numbers[7],
                last: numbers[8],
                latest: numbers[9],
            },
            ..ForkCopies::default()
        }],
        open_forks: vec![OpenForks::default(); 2],
        second: numbers[7],
        seconds: vec![second; 3],
    }
}

fn int64() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), 0..1000_u64, any::<u64>()]
}

fn int32() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0..1000_u32, any::<u32>()]
}

fn signed() -> impl Strategy<Value = i32> {
    prop_oneof![Just(i32::MIN), Just(i32::MAX), -1..20, any::<i32>()]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(vec![0; 3]),
        vec(any::<u8>(), 0..20),
        any::<u8>().prop_map(|byte| vec![byte; 4096]),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    bytes().prop_map(|bytes| Text::new(&bytes))
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\0".to_owned()),
        Just("ü".repeat(2000)),
        "\\PC{0,20}",
    ]
}

fn comm() -> impl Strategy<Value = Comm> {
    bytes().prop_map(|bytes| Comm::new(&bytes))
}

fn process() -> impl Strategy<Value = ProcessId> {
    // Few, so that the tables have repeated entries.
    let few = (0..4_u32, 0..3_u64).prop_map(|(tgid, start)| ProcessId { tgid, start });
    let any = (int32(), int64()).prop_map(|(tgid, start)| ProcessId { tgid, start });
    prop_oneof![few, any]
}

fn who() -> impl Strategy<Value = Who> {
    let leader = process().prop_map(ProcessId::leader);
    let thread = (process(), process()).prop_map(|(task, process)| Who {
        task: TaskId {
            pid: task.tgid,
            start: task.start,
        },
        process,
    });
    prop_oneof![Just(Who::HOST), leader, thread]
}

fn session() -> impl Strategy<Value = Session> {
    let strings = (string(), string(), string(), string());
    let numbers = (any::<i64>(), int64(), int64(), int32(), int32());
    let sizes = (option::of(int64()), option::of(int64()));
    let hooks = vec(hook(), 0..15);
    let segment = option::of((int64(), int64(), int64(), option::of(int64())).prop_map(
        |(number, began, events_before, keep)| Segment {
            number,
            began,
            events_before,
            keep,
        },
    ));
    let users = vec((any::<u32>(), string()), 0..5);
    (strings, numbers, sizes, text(), hooks, segment, users).prop_map(
        |(strings, numbers, sizes, command, hooks, segment, users)| Session {
            tracer_version: strings.0.into(),
            kernel_release: strings.1.into(),
            hostname: strings.2.into(),
            boot_id: strings.3.into(),
            realtime_offset: numbers.0,
            page_size: numbers.1,
            ticks: numbers.2,
            cpus: numbers.3,
            task_struct_size: sizes.0,
            kernel_stack_size: sizes.1,
            command,
            tracer_pid: numbers.4,
            hooks,
            segment,
            users: users
                .into_iter()
                .map(|(uid, name)| User {
                    uid,
                    name: name.into(),
                })
                .collect(),
        },
    )
}

fn hook() -> impl Strategy<Value = Hook> {
    let purpose = prop::sample::select(&Purpose::ALL[..]);
    (purpose, option::of(string()), string()).prop_map(|(purpose, hook, loses)| Hook {
        purpose,
        hook: hook.map(Into::into),
        loses: loses.into(),
    })
}

fn relations() -> impl Strategy<Value = Relations> {
    let uid = || any::<u32>().prop_map(Uid::new);
    let relations = (int32(), int32(), option::of(process()), uid(), uid());
    relations.prop_map(|(pgid, sid, tracer, uid, euid)| Relations {
        pgid,
        sid,
        tracer,
        uid,
        euid,
    })
}

fn sigchld_policy() -> impl Strategy<Value = SigchldPolicy> {
    let handlers = &[
        Disposition::Default,
        Disposition::Ignored,
        Disposition::Caught,
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (prop::sample::select(handlers), flags).prop_map(
        |(sigchld, (nocldwait, blocked, stopped, from_proc))| SigchldPolicy {
            sigchld,
            nocldwait,
            blocked,
            stopped,
            from_proc,
        },
    )
}

fn child_usage() -> impl Strategy<Value = ChildUsage> {
    vec(int64(), 7).prop_map(|numbers| ChildUsage {
        utime: numbers[0],
        stime: numbers[1],
        nvcsw: numbers[2],
        nivcsw: numbers[3],
        min_flt: numbers[4],
        maj_flt: numbers[5],
        maxrss: numbers[6],
    })
}

fn fork_failed() -> impl Strategy<Value = ForkFailed> {
    let figures = vec(option::of(int64()), 4);
    (signed(), comm(), figures).prop_map(|(errno, comm, figures)| ForkFailed {
        errno,
        comm,
        processes: figures[0],
        max_processes: figures[1],
        pids: figures[2],
        max_pids: figures[3],
    })
}

fn victim() -> impl Strategy<Value = OomVictim> {
    let paths = (option::of(text()), option::of(text()));
    let cause = (prop::sample::select(Constraint::ALL), paths).prop_map(
        |(constraint, (oom_memcg, task_memcg))| OomCause {
            constraint,
            oom_memcg,
            task_memcg,
        },
    );
    prop_oneof![
        Just(OomVictim::NotChecked),
        Just(OomVictim::NoLog),
        Just(OomVictim::NotLogged),
        cause.prop_map(OomVictim::Logged),
    ]
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let zombie = option::of(signed());
    let argv = option::of(text());
    let numbers = (signed(), int32(), int32());
    let optional = (
        option::of(relations()),
        option::of(sigchld_policy()),
        option::of(int64()),
    );
    (
        process(),
        any::<bool>(),
        zombie,
        numbers,
        comm(),
        argv,
        optional,
    )
        .prop_map(
            |(parent, kthread, zombie, (exit_signal, ns_pid, ns_level), comm, argv, optional)| {
                Snapshot {
                    parent,
                    kthread,
                    zombie,
                    exiting: exit_signal % 2 == 1,
                    exit_signal,
                    ns_pid,
                    ns_level,
                    comm,
                    argv,
                    relations: optional.0,
                    sigchld_policy: optional.1,
                    cgroup: optional.2,
                }
            },
        )
}

fn fork() -> impl Strategy<Value = Fork> {
    let flags = option::of(int64());
    let numbers = (signed(), int32(), int32());
    let optional = (option::of(relations()), option::of(int64()));
    (
        who(),
        process(),
        flags,
        any::<bool>(),
        numbers,
        comm(),
        optional,
    )
        .prop_map(
            |(
                by,
                parent,
                clone_flags,
                kthread,
                (exit_signal, ns_pid, ns_level),
                comm,
                optional,
            )| Fork {
                by,
                parent,
                clone_flags,
                kthread,
                exit_signal,
                ns_pid,
                ns_level,
                comm,
                requested_at: None,
                copied: clone_flags.map(|flags| AddressSpace {
                    pages: (flags % 2 == 0).then_some(flags),
                    page_tables: flags,
                }),
                by_copies: clone_flags,
                relations: optional.0,
                cgroup: optional.1,
            },
        )
}

fn exec() -> impl Strategy<Value = Exec> {
    let argv = option::of(text());
    let relations = option::of(relations());
    (
        int32(),
        comm(),
        text(),
        any::<bool>(),
        argv,
        int32(),
        relations,
    )
        .prop_map(
            |(old_pid, comm, filename, filename_cut, argv, argv_total, relations)| Exec {
                old_pid,
                comm,
                filename,
                filename_cut,
                argv,
                argv_total,
                copies: filename_cut.then_some(u64::from(argv_total)),
                relations,
            },
        )
}

fn signal() -> impl Strategy<Value = Signal> {
    (signed(), signed(), who(), comm(), any::<bool>()).prop_map(
        |(sig, code, by, by_comm, group)| Signal {
            sig,
            code,
            by,
            by_comm,
            group,
        },
    )
}

fn usage() -> impl Strategy<Value = Usage> {
    (vec(int64(), 7), option::of(int64())).prop_map(|(numbers, maxrss)| Usage {
        utime: numbers[0],
        stime: numbers[1],
        runtime: numbers[2],
        nvcsw: numbers[3],
        nivcsw: numbers[4],
        min_flt: numbers[5],
        maj_flt: numbers[6],
        maxrss,
    })
}

fn faults() -> impl Strategy<Value = FaultTally> {
    vec(int64(), 8).prop_map(|numbers| FaultTally {
        classes: Faults {
            read: numbers[0],
            write: numbers[1],
            write_protect: numbers[2],
            instruction: numbers[3],
            protection: numbers[4],
            major: numbers[5],
            ..Faults::default()
        },
        places: FaultPlaces {
            kernel: numbers[6],
            anonymous_copies: numbers[7],
            ..FaultPlaces::default()
        },
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let class = prop::sample::select(FaultClass::ALL);
    let region = option::of(prop::sample::select(&Region::ALL));
    (int64(), class, region, any::<bool>()).prop_map(|(address, class, region, in_kernel)| Fault {
        address,
        class,
        region,
        in_kernel,
        file: in_kernel.then(|| Text::new(&address.to_le_bytes())),
    })
}

fn exit() -> impl Strategy<Value = Exit> {
    let codes = (signed(), option::of(signed()), signed());
    let dead = option::of(any::<bool>());
    let sigchld = prop::sample::select(&[Sigchld::Zombie, Sigchld::Ignored, Sigchld::NoCldWait]);
    let processes = (process(), option::of(process()));
    let counters = (usage(), option::of(faults()));
    let optional = (
        option::of(relations()),
        option::of(sigchld_policy()),
        option::of(child_usage()),
    );
    (codes, dead, sigchld, processes, counters, comm(), optional).prop_map(
        |(codes, group_dead, sigchld, processes, counters, comm, optional)| Exit {
            code: codes.0,
            group_code: codes.1,
            group_dead,
            exit_signal: codes.2,
            parent: processes.0,
            sigchld,
            reaper: processes.1,
            usage: counters.0,
            faults: counters.1,
            comm,
            relations: optional.0,
            sigchld_policy: optional.1,
            children: optional.2,
        },
    )
}

fn notify() -> impl Strategy<Value = Notify> {
    let exited = prop_oneof![
        Just(ExitedProcess::Subject),
        Just(ExitedProcess::Child),
        int32().prop_map(ExitedProcess::ChildPid),
    ];
    let optional = (option::of(sigchld_policy()), option::of(process()));
    (process(), int32(), exited, any::<bool>(), optional).prop_map(
        |(owner, seen_pid, exited, autoreap, (sigchld_policy, heir))| Notify {
            owner,
            seen_pid,
            exited,
            autoreap,
            sigchld_policy,
            heir,
        },
    )
}

fn last_switch() -> impl Strategy<Value = LastSwitch> {
    (int32(), int32(), comm()).prop_map(|(next_pid, next_tgid, next_comm)| LastSwitch {
        next_pid,
        next_tgid,
        next_comm,
    })
}

fn gap() -> impl Strategy<Value = Gap> {
    let kind = prop::sample::select(Kind::ALL);
    let lost = vec(
        (kind, int64()).prop_map(|(kind, count)| Lost { kind, count }),
        0..5,
    );
    let unreadable = option::of(int64()).prop_map(|events| GapCause::Unreadable { events });
    let cause = prop_oneof![
        Just(GapCause::NoRoom),
        unreadable,
        Just(GapCause::Untraced),
        Just(GapCause::Skipped),
        Just(GapCause::OverBudget)
    ];
    (int64(), lost, cause).prop_map(|(since, lost, cause)| Gap { since, lost, cause })
}
