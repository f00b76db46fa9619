//! Causes of a process's exit.

use super::{one, stories};
use crate::{
    event::{
        OomVictim, What,
        script::{MS, Script, memcg_victim},
    },
    model::State,
};

const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
const SIGTERM: i32 = 15;
const CORE: i32 = 0x80;

stories! {
    exit_begins_at_do_exit: Script::new()
        .session()
        .fork(5, 10)
        .exit_start(10)
        .at(3 * MS)
        .die(10, 0)
        => |model| {
            let child = one(model, 10);
            let (_, switched) = child.last_switch.as_ref().map(|(at, _)| ((), *at)).unwrap();
            assert!(switched - child.exited_at.unwrap() >= 3 * MS);
        }

    first_of_two_signals_is_fatal: Script::new()
        .session()
        .fork(5, 10)
        .kill(6, 10, SIGTERM)
        .kill(7, 10, SIGKILL)
        .kill(8, 10, SIGKILL)
        .killed(10, SIGKILL)
        .notify(10)
        .last_switch(10)
        .reap(10)
        => |model| {
            let victim = one(model, 10);
            assert_eq!(victim.status.unwrap().signal(), Some(SIGKILL));
            let (_, fatal) = victim.fatal_signal().unwrap();
            assert_eq!(fatal.by.process.tgid, 7);
            assert!(!fatal.from_kernel());
        }

    fault_dumps_core: Script::new()
        .session()
        .fork(5, 10)
        .signal(10, 10, SIGSEGV, 1)
        .killed(10, SIGSEGV | CORE)
        .notify(10)
        .last_switch(10)
        => |model| {
            let status = one(model, 10).status.unwrap();
            assert_eq!((status.signal(), status.core_dumped()), (Some(SIGSEGV), true));
            assert!(one(model, 10).fatal_signal().unwrap().1.from_kernel());
            assert_eq!(one(model, 10).state(), State::Zombie);
        }

    survived_signal_is_not_fatal: Script::new()
        .session()
        .fork(5, 10)
        .kill(6, 10, SIGTERM)
        .die(10, 0)
        => |model| {
            assert_eq!(one(model, 10).fatal_signal(), None);
            assert_eq!(one(model, 10).status.unwrap().exit_code(), Some(0));
        }

    signal_to_a_zombie_is_not_fatal: Script::new()
        .session()
        .fork(5, 10)
        .killed(10, SIGKILL)
        .notify(10)
        .at(9 * MS).kill(6, 10, SIGKILL)
        => |model| {
            assert_eq!(one(model, 10).fatal_signal(), None);
        }

    out_of_memory: Script::new()
        .session()
        .fork(5, 10)
        .event(10, What::OomVictim(Box::new(memcg_victim())))
        .event(10, What::OomVictim(Box::new(OomVictim::NotLogged)))
        .signal(6, 10, SIGKILL, 0x80)
        .killed(10, SIGKILL)
        => |model| {
            assert_eq!(one(model, 10).oom(), Some(&memcg_victim()));
            assert_eq!(one(model, 10).state(), State::Exiting);
        }
}
