//! Random events on few PIDs and few times, so that they interact. The model must
//! stay consistent for any of them.

use proptest::prelude::*;

use super::{apply_all, check};
use crate::event::{
    AddressSpace, Cgroup, ChildUsage, Comm, Event, Exec, Exit, ExitedProcess, Fault, FaultClass,
    FaultTally, Faults, FirstRun, Fork, ForkCopies, Gap, GapCause, Implied, Kind, LastSwitch, Lost,
    Moved, Notify, OpenForks, ProcessId, Reap, Reaper, Relations, Sigchld, SigchldPolicy, Signal,
    Snapshot, StateTimes, States, Summary, TaskId, TaskState, Text, Uid, Usage, Wait, Waits,
    Wakeups, What, Who, script::Script,
};
use crate::model::{Model, Process, Retention};

fn process() -> impl Strategy<Value = ProcessId> {
    (0..5u32, 0..4u64).prop_map(|(tgid, start)| ProcessId { tgid, start })
}

fn who() -> impl Strategy<Value = Who> {
    let thread = (process(), 0..5u32, 0..6u64).prop_map(|(process, pid, start)| Who {
        task: TaskId { pid, start },
        process,
    });
    prop_oneof![process().prop_map(ProcessId::leader), thread]
}

fn comm() -> impl Strategy<Value = Comm> {
    prop_oneof![
        Just(Comm::new(b"a")),
        Just(Comm::new(b"b")),
        Just(Comm::default())
    ]
}

fn fork() -> impl Strategy<Value = What> {
    let flags = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(0x4100)),
        Just(Some(0x1_0000))
    ];
    (who(), process(), flags, comm(), relations()).prop_map(
        |(by, parent, clone_flags, comm, relations)| {
            What::Fork(Box::new(Fork {
                by,
                parent,
                clone_flags,
                kthread: false,
                exit_signal: 17,
                ns_pid: 2,
                ns_level: 0,
                comm,
                requested_at: None,
                copied: clone_flags.map(|_| AddressSpace::default()),
                by_copies: Some(3),
                relations,
                cgroup: Some(1),
            }))
        },
    )
}

fn snapshot() -> impl Strategy<Value = What> {
    (process(), prop::option::of(0..300), comm(), relations()).prop_map(
        |(parent, zombie, comm, relations)| {
            What::Snapshot(Box::new(Snapshot {
                parent,
                kthread: false,
                zombie,
                exiting: zombie.is_none() && relations.is_none(),
                exit_signal: 17,
                ns_pid: 1,
                ns_level: 0,
                comm,
                argv: Some(Text::new(b"a\0")),
                relations,
                sigchld_policy: Some(SigchldPolicy::default()),
                cgroup: Some(2),
            }))
        },
    )
}

fn exec() -> impl Strategy<Value = What> {
    (0..5u32, comm(), relations()).prop_map(|(old_pid, comm, relations)| {
        What::Exec(Box::new(Exec {
            old_pid,
            comm,
            filename: Text::default(),
            filename_cut: false,
            argv: None,
            argv_total: 0,
            copies: Some(2),
            relations,
        }))
    })
}

fn exit() -> impl Strategy<Value = What> {
    let codes = (
        0..300i32,
        prop::option::of(0..300i32),
        prop::option::of(any::<bool>()),
    );
    let sigchld = prop_oneof![
        Just(Sigchld::Zombie),
        Just(Sigchld::Ignored),
        Just(Sigchld::NoCldWait)
    ];
    (
        codes,
        process(),
        prop::option::of(process()),
        sigchld,
        relations(),
    )
        .prop_map(
            |((code, group_code, group_dead), parent, reaper, sigchld, relations)| {
                What::Exit(Box::new(Exit {
                    code,
                    group_code,
                    group_dead,
                    exit_signal: 17,
                    parent,
                    sigchld,
                    reaper,
                    usage: Usage::default(),
                    faults: Some(
                        Faults {
                            read: 1,
                            cow_copy: 4,
                            ..Faults::default()
                        }
                        .into(),
                    ),
                    comm: Comm::new(b"x"),
                    relations,
                    sigchld_policy: Some(SigchldPolicy::default()),
                    children: Some(ChildUsage::default()),
                }))
            },
        )
}

fn notify() -> impl Strategy<Value = What> {
    let exited = prop_oneof![3 => Just(ExitedProcess::Subject), 1 => (0..5u32).prop_map(ExitedProcess::ChildPid), 1 => Just(ExitedProcess::Child)];
    (process(), 0..5u32, exited, any::<bool>()).prop_map(|(owner, seen_pid, exited, autoreap)| {
        What::Notify(Notify {
            owner,
            seen_pid,
            exited,
            autoreap,
            sigchld_policy: None,
            heir: Some(owner),
        })
    })
}

fn relations() -> impl Strategy<Value = Option<Relations>> {
    let tracer = prop::option::of(process());
    let relations = (0..5u32, 0..5u32, tracer).prop_map(|(pgid, sid, tracer)| Relations {
        pgid,
        sid,
        tracer,
        uid: Uid::new(pgid),
        euid: Uid::new(sid),
    });
    prop::option::of(relations)
}

fn signal() -> impl Strategy<Value = What> {
    (who(), 8..11i32).prop_map(|(by, sig)| {
        What::Signal(Box::new(Signal {
            sig,
            code: 0,
            by,
            by_comm: Comm::default(),
            group: true,
        }))
    })
}

fn gap() -> What {
    let lost = Lost {
        kind: Kind::Exit,
        count: 2,
    };
    What::Gap(Box::new(Gap {
        since: 0,
        lost: vec![lost],
        cause: GapCause::NoRoom,
    }))
}

fn faults(read: u64) -> FaultTally {
    let faults = Faults {
        read,
        cow_copy: read,
        ..Faults::default()
    };
    faults.into()
}

fn one_fault() -> What {
    What::Fault(Box::new(Fault {
        address: 4096,
        class: FaultClass::CowCopy,
        region: None,
        in_kernel: false,
        file: None,
    }))
}

fn summary() -> impl Strategy<Value = What> {
    (process(), 0..40u64).prop_map(|(process, last)| {
        What::Summary(Box::new(Summary {
            events: last,
            reapers: vec![Reaper {
                process,
                reaped: last,
                last: Some(last),
                ..Reaper::default()
            }],
            copies: vec![ForkCopies {
                child: process,
                ..ForkCopies::default()
            }],
            open_forks: vec![OpenForks {
                parent: process,
                newest: Some(process),
                ..OpenForks::default()
            }],
            ..Summary::default()
        }))
    })
}

/// Returns the weight of a kind, and a strategy for its content.
fn of_kind(kind: Kind) -> (u32, BoxedStrategy<What>) {
    let switch = LastSwitch {
        next_pid: 0,
        next_tgid: 0,
        next_comm: Comm::default(),
    };
    match kind {
        Kind::Session => {
            let session = Script::new().session().events.remove(0);
            (1, Just(session.what).boxed())
        }
        Kind::Snapshot => (3, snapshot().boxed()),
        Kind::SnapshotEnd => (1, (0..8u64).prop_map(What::SnapshotEnd).boxed()),
        Kind::Fork => (4, fork().boxed()),
        Kind::WakeupNew => (1, Just(What::WakeupNew).boxed()),
        Kind::FirstRun => (
            1,
            prop::option::of(0..=200u64)
                .prop_map(|runnable| What::FirstRun(FirstRun { runnable }))
                .boxed(),
        ),
        Kind::Exec => (2, exec().boxed()),
        Kind::Comm => (1, comm().prop_map(What::Comm).boxed()),
        Kind::Signal => (1, signal().boxed()),
        Kind::OomVictim => (1, Just(What::OomVictim(Box::default())).boxed()),
        Kind::ExitStart => (2, Just(What::ExitStart).boxed()),
        Kind::Exit => (5, exit().boxed()),
        Kind::Notify => (4, notify().boxed()),
        Kind::LastSwitch => (3, Just(What::LastSwitch(switch)).boxed()),
        Kind::Wait => (
            3,
            (0..5u32)
                .prop_map(|child| What::Wait(Wait { child }))
                .boxed(),
        ),
        Kind::Reap => (3, who().prop_map(|by| What::Reap(Reap { by })).boxed()),
        Kind::Free => {
            let usage = Just(Box::<Usage>::default());
            (2, prop::option::of(usage).prop_map(What::Free).boxed())
        }
        Kind::Faults => (
            1,
            (0..9u64)
                .prop_map(|read| What::Faults(Box::new(faults(read))))
                .boxed(),
        ),
        Kind::Fault => (1, Just(one_fault()).boxed()),
        Kind::Gap => (1, Just(gap()).boxed()),
        Kind::Summary => (1, summary().boxed()),
        Kind::End => (1, Just(What::End).boxed()),
        Kind::PartEnd => (1, Just(What::PartEnd).boxed()),
        Kind::Waits => {
            let waits = (0..5u64, 0..40u64);
            (
                1,
                waits
                    .prop_map(|(count, last)| What::Waits(Waits { count, last }))
                    .boxed(),
            )
        }
        Kind::ForkFailed => (1, Just(What::ForkFailed(Box::default())).boxed()),
        Kind::Cgroup => {
            let cgroup = (1..3u64).prop_map(|id| {
                What::Cgroup(Box::new(Cgroup {
                    id,
                    path: Text::new(b"/a"),
                }))
            });
            (1, cgroup.boxed())
        }
        Kind::States => (
            3,
            states()
                .prop_map(|states| What::States(Box::new(states)))
                .boxed(),
        ),
        Kind::State => (1, task_state().prop_map(What::State).boxed()),
        Kind::Implied => {
            let facts = (process(), prop::option::of(process()), 0..9u64);
            let implied = facts.prop_map(|(by, parent, copies)| {
                What::Implied(Box::new(Implied {
                    by,
                    parent,
                    copies,
                    argv: parent.map(|_| Text::new(b"b\0")),
                    ..Implied::default()
                }))
            });
            (1, implied.boxed())
        }
        Kind::Moved => (
            1,
            (1..3u64)
                .prop_map(|cgroup| What::Moved(Moved { cgroup }))
                .boxed(),
        ),
    }
}

fn what() -> impl Strategy<Value = What> {
    prop::strategy::Union::new_weighted(Kind::ALL.iter().map(|&kind| of_kind(kind)).collect())
}

fn task_state() -> impl Strategy<Value = TaskState> {
    (0..8u8).prop_map(|number| TaskState::from_number(number).unwrap())
}

fn states() -> impl Strategy<Value = States> {
    (task_state(), 0..40u64, 0..40u64).prop_map(|(state, since, running)| States {
        state,
        since,
        began: 0,
        times: StateTimes {
            running,
            ..StateTimes::default()
        },
        wakeups: Wakeups::default(),
        missed: 0,
    })
}

pub fn event() -> impl Strategy<Value = Event> {
    (0..40u64, who(), what()).prop_map(|(at, who, what)| Event {
        at,
        cpu: 0,
        who,
        what,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn model_stays_consistent(events in prop::collection::vec(event(), 1..60)) {
        apply_all(&events);
    }

    /// The model stays consistent when it evicts every exited process.
    #[test]
    fn model_stays_consistent_with_everything_evicted(events in prop::collection::vec(event(), 1..60)) {
        let mut model = Model::new(Retention { exited: 0, max_age: 0, ..Retention::ALL });
        for event in &events {
            model.apply(event);
            check(&model);
        }
    }

    /// Earlier events no longer count, and exited processes are not retained
    /// without a reason.
    #[test]
    fn model_stays_consistent_when_counting_restarts(
        before in prop::collection::vec(event(), 1..60),
        after in prop::collection::vec(event(), 0..30),
    ) {
        let mut whole = apply_all(&before);
        let mut model = whole.clone();
        let at = model.now() + 1;
        model.count_from(at, Retention::ALL);
        check(&model);
        prop_assert_eq!(*model.totals(), crate::model::Totals::default());
        let tally = model.tally();
        prop_assert_eq!(tally.processes, model.processes_of_this_part().count() as u64);
        prop_assert_eq!((tally.ended.len(), tally.started.by_kind.len()), (0, 0));
        // They may have gone in this part, since nothing else is known.
        let mut gone = 0;
        for (_, process) in model.processes_of_this_part().filter(|(_, it)| it.state().is_gone()) {
            prop_assert!(process.exited_at.or(process.freed_at).is_none());
            gone += 1;
        }
        prop_assert!(tally.reaped <= gone);
        let find = |model: &Model, id| model.find(id).map(|key| Process::clone(&model.process(key)));
        for (_, process) in whole.processes().filter(|(_, it)| !it.state().is_gone()) {
            let kept = find(&model, process.id).unwrap();
            prop_assert!(kept.state() == process.state() && kept.status == process.status);
        }
        for event in &after {
            model.apply(event);
            whole.apply(event);
            check(&model);
        }
        if !after.iter().any(|event| matches!(event.what, What::Summary(_))) {
            prop_assert_eq!(model.totals().events, after.len() as u64);
        }
    }

    /// Seeking replays from a clone: the same events give the same result.
    #[test]
    fn clone_continues_like_the_original(
        before in prop::collection::vec(event(), 0..30),
        after in prop::collection::vec(event(), 0..30),
    ) {
        let whole = apply_all(&[before.clone(), after.clone()].concat());
        let mut resumed = apply_all(&before).clone();
        after.iter().for_each(|event| resumed.apply(event));
        let story = |model: &crate::model::Model| {
            model.processes().map(|(_, process)| format!("{process:?}")).collect::<Vec<_>>()
        };
        prop_assert_eq!(story(&whole), story(&resumed));
    }
}
