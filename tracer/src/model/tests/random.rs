//! Any events, on few numbers and few times, so that they meet: whatever is
//! told, the model must not contradict itself.

use proptest::prelude::*;

use super::{check, told};
use crate::event::{
    AddressSpace, Care, Comm, Dead, Event, Exec, Exit, Faults, Fork, Gap, GapCause, Kind,
    LastSwitch, Lost, Moved, Notify, ProcessId, Sigchld, Signal, Snapshot, StateTimes, States,
    TaskId, TaskState, Text, Usage, Wait, Waits, Wakeups, What, Who,
};
use crate::model::{Model, Retention};

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
    (who(), process(), flags, comm()).prop_map(|(by, parent, clone_flags, comm)| {
        What::Fork(Box::new(Fork {
            by,
            parent,
            clone_flags,
            kthread: false,
            exit_signal: 17,
            ns_pid: 2,
            ns_level: 0,
            comm,
            asked: None,
            copied: clone_flags.map(|_| AddressSpace::default()),
            by_copies: Some(3),
            ties: None,
            cgroup: Some(1),
        }))
    })
}

fn snapshot() -> impl Strategy<Value = What> {
    (process(), prop::option::of(0..300), comm()).prop_map(|(parent, zombie, comm)| {
        What::Snapshot(Box::new(Snapshot {
            parent,
            kthread: false,
            zombie,
            exit_signal: 17,
            ns_pid: 1,
            ns_level: 0,
            comm,
            argv: Some(Text::new(b"a\0")),
            ties: None,
            care: Some(Care::default()),
            cgroup: Some(2),
        }))
    })
}

fn exec() -> impl Strategy<Value = What> {
    (0..5u32, comm()).prop_map(|(old_pid, comm)| {
        What::Exec(Box::new(Exec {
            old_pid,
            comm,
            filename: Text::default(),
            filename_cut: false,
            argv: None,
            argv_total: 0,
            copies: Some(2),
            ties: None,
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
    (codes, process(), prop::option::of(process()), sigchld).prop_map(
        |((code, group_code, group_dead), parent, reaper, sigchld)| {
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
                ties: None,
                care: Some(Care::default()),
                children: None,
            }))
        },
    )
}

fn notify() -> impl Strategy<Value = What> {
    let dead = prop_oneof![3 => Just(Dead::Subject), 1 => (0..5u32).prop_map(Dead::ChildPid), 1 => Just(Dead::Child)];
    (process(), 0..5u32, dead, any::<bool>()).prop_map(|(owner, seen_pid, dead, autoreap)| {
        What::Notify(Notify {
            owner,
            seen_pid,
            dead,
            autoreap,
            care: None,
            heir: Some(owner),
        })
    })
}

fn what() -> impl Strategy<Value = What> {
    let signal = who().prop_map(|by| {
        What::Signal(Box::new(Signal {
            sig: 9,
            code: 0,
            by,
            by_comm: Comm::default(),
            group: true,
        }))
    });
    let lost = Lost {
        kind: Kind::Exit,
        count: 2,
    };
    let gap = Gap {
        since: 0,
        lost: vec![lost],
        cause: GapCause::NoRoom,
    };
    let switch = LastSwitch {
        next_pid: 0,
        next_tgid: 0,
        next_comm: Comm::default(),
    };
    prop_oneof![
        4 => fork(),
        3 => snapshot(),
        1 => (0..8u64).prop_map(What::SnapshotEnd),
        2 => exec(),
        5 => exit(),
        4 => notify(),
        3 => (0..5u32).prop_map(|child| What::Wait(Wait { child })),
        3 => Just(What::LastSwitch(switch)),
        2 => prop::option::of(Just(Box::<Usage>::default())).prop_map(What::Free),
        1 => signal,
        1 => comm().prop_map(What::Comm),
        1 => (0..9u64).prop_map(|read| What::Faults(Box::new(Faults { read, cow_copy: read, ..Faults::default() }.into()))),
        1 => Just(What::ForkFailed(Box::default())),
        1 => (1..3u64).prop_map(|cgroup| What::Moved(Moved { cgroup })),
        3 => states().prop_map(|states| What::States(Box::new(states))),
        1 => task_state().prop_map(What::State),
        1 => Just(What::Waits(Waits { count: 1, last: 1 })),
        1 => Just(What::WakeupNew),
        1 => Just(What::FirstRun),
        1 => Just(What::OomVictim),
        1 => Just(What::Gap(Box::new(gap))),
    ]
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

fn event() -> impl Strategy<Value = Event> {
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
    fn the_model_never_contradicts_itself(events in prop::collection::vec(event(), 1..60)) {
        told(&events);
    }

    /// Nor does it when it keeps nobody who is gone.
    #[test]
    fn nor_when_it_keeps_nobody(events in prop::collection::vec(event(), 1..60)) {
        let mut model = Model::new(Retention { gone: 0, age: 0 });
        for event in &events {
            model.apply(event);
            check(&model);
        }
    }

    /// Seeking replays from a clone: the same events give the same story.
    #[test]
    fn a_clone_goes_on_as_the_original(
        before in prop::collection::vec(event(), 0..30),
        after in prop::collection::vec(event(), 0..30),
    ) {
        let whole = told(&[before.clone(), after.clone()].concat());
        let mut resumed = told(&before).clone();
        after.iter().for_each(|event| resumed.apply(event));
        let story = |model: &crate::model::Model| {
            model.processes().map(|(_, process)| format!("{process:?}")).collect::<Vec<_>>()
        };
        prop_assert_eq!(story(&whole), story(&resumed));
    }
}
