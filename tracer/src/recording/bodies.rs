//! What each kind of event says, one row a struct: its fields in the order of
//! the file. A new field goes to the end of its row, a new kind is a new row;
//! nothing that is here ever moves or goes. docs/recording-format.md says the
//! same in prose, and a test compares the two.

use super::{
    codec::{Decoder, Encoder, Failure, Field},
    varint,
};
use crate::event::{
    Dead, Exec, Exit, Faults, Fork, Gap, GapCause, Hook, Kind, LastSwitch, Lost, Notify, Session,
    Sigchld, Signal, Snapshot, Usage, Wait, What,
};

/// Which kinds have a body.
macro_rules! whats {
    ($($kind:ident $(($body:ident))?;)*) => {
        pub(super) fn put(what: &What, to: &mut Encoder) {
            match what {
                $(What::$kind $(($body))? => { $($body.put(to);)? })*
            }
        }

        pub(super) fn get(kind: Kind, from: &mut Decoder) -> Result<What, Failure> {
            Ok(match kind {
                $(Kind::$kind => {
                    $(let $body = Field::get(from)?;)?
                    What::$kind $(($body))?
                })*
            })
        }
    };
}

whats! {
    Session(body);
    Snapshot(body);
    SnapshotEnd(body);
    Fork(body);
    WakeupNew;
    FirstRun;
    Exec(body);
    Comm(body);
    Signal(body);
    OomVictim;
    Exit(body);
    Notify(body);
    LastSwitch(body);
    Wait(body);
    Free(body);
    Faults(body);
    Gap(body);
    End;
}

/// Implements [`Field`] for a struct, field by field; `field: how` writes one
/// in its own way.
macro_rules! rows {
    ($($name:ident { $($field:ident $(: $how:ident)?),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut Encoder) {
                let $name { $($field),* } = self;
                $(<how!($($how)?)>::put($field, to);)*
            }

            fn get(from: &mut Decoder) -> Result<Self, Failure> {
                $(let $field = <how!($($how)?)>::get(from)?;)*
                Ok($name { $($field),* })
            }
        }
    )*

        #[cfg(test)]
        pub(super) const ROWS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($field)),*])),*];
    };
}

macro_rules! how {
    () => {
        Plain
    };
    ($how:ident) => {
        $how
    };
}

rows! {
    Session {
        tracer_version, kernel_release, hostname, boot_id, realtime_offset, page_size, ticks,
        cpus, task_struct_size, kernel_stack_size, command, tracer_pid, hooks,
    }
    Hook { purpose, hook, loses }
    Snapshot { parent, kthread, zombie, exit_signal, ns_pid: NearSubject, ns_level, comm, argv }
    Fork {
        by, parent, clone_flags, kthread, exit_signal, ns_pid: NearSubject, ns_level, comm,
    }
    Exec { old_pid: NearSubject, comm, filename, filename_cut, argv, argv_total }
    Signal { sig, code, by, by_comm, group }
    // The counters lead: a reader that gives up at a value it does not know
    // must have seen them by then, for later events count from them.
    Exit {
        usage, faults, code, group_code, group_dead, exit_signal, parent, sigchld, reaper, comm,
    }
    Notify { owner, seen_pid: NearSubject, dead, autoreap }
    LastSwitch { next_pid, next_tgid, next_comm }
    Wait { child: NearBefore }
    Gap { since, lost, cause }
    Lost { kind, count }
}

/// One way to write a field.
trait How<T> {
    fn put(value: &T, to: &mut Encoder);
    fn get(from: &mut Decoder) -> Result<T, Failure>;
}

struct Plain;

impl<T: Field> How<T> for Plain {
    fn put(value: &T, to: &mut Encoder) {
        value.put(to);
    }

    fn get(from: &mut Decoder) -> Result<T, Failure> {
        T::get(from)
    }
}

/// A pid that is mostly the subject's own.
struct NearSubject;

impl How<u32> for NearSubject {
    fn put(value: &u32, to: &mut Encoder) {
        put_pid(*value, to.head.who.task.pid, to);
    }

    fn get(from: &mut Decoder) -> Result<u32, Failure> {
        get_pid(from.head.who.task.pid, from)
    }
}

/// A pid that is mostly that of the event before.
struct NearBefore;

impl How<u32> for NearBefore {
    fn put(value: &u32, to: &mut Encoder) {
        put_pid(*value, to.head.pid_before, to);
    }

    fn get(from: &mut Decoder) -> Result<u32, Failure> {
        get_pid(from.head.pid_before, from)
    }
}

fn put_pid(pid: u32, near: u32, to: &mut Encoder) {
    to.number(varint::difference(u64::from(pid), u64::from(near)));
}

fn get_pid(near: u32, from: &mut Decoder) -> Result<u32, Failure> {
    let pid = varint::from_difference(from.number()?, u64::from(near));
    u32::try_from(pid).map_err(|_| Failure::Malformed)
}

/// Implements [`Field`] for counters of the subject, each as what was added
/// since the block last told them.
///
/// Only the kinds of version 1 may use this (exit, free and faults): a reader
/// that skips a kind it does not know would count on from the wrong base.
macro_rules! counters {
    ($($name:ident in $part:tt { $($field:ident),* $(,)? })*) => {$(
        impl Field for $name {
            fn put(&self, to: &mut Encoder) {
                let base = std::mem::replace(&mut to.bases.of(to.head.subject).$part, *self);
                let $name { $($field),* } = self;
                to.with_length(|to| { $($field.put_since(&base.$field, to);)* });
            }

            fn get(from: &mut Decoder) -> Result<Self, Failure> {
                let base = from.bases.of(from.head.subject).$part;
                let value = from.with_length(|from| {
                    $(let $field = Counter::get_since(&base.$field, from)?;)*
                    Ok($name { $($field),* })
                })?;
                from.bases.of(from.head.subject).$part = value;
                Ok(value)
            }
        }
    )*

        #[cfg(test)]
        pub(super) const COUNTERS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($field)),*])),*];
    };
}

counters! {
    Usage in 0 { utime, stime, runtime, nvcsw, nivcsw, min_flt, maj_flt, maxrss }
    Faults in 1 { read, write, write_protect, instruction, protection }
}

trait Counter: Sized {
    fn put_since(&self, base: &Self, to: &mut Encoder);
    fn get_since(base: &Self, from: &mut Decoder) -> Result<Self, Failure>;
}

impl Counter for u64 {
    fn put_since(&self, base: &Self, to: &mut Encoder) {
        to.number(varint::difference(*self, *base));
    }

    fn get_since(base: &Self, from: &mut Decoder) -> Result<Self, Failure> {
        Ok(varint::from_difference(from.number()?, *base))
    }
}

impl Counter for Option<u64> {
    fn put_since(&self, base: &Self, to: &mut Encoder) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put_since(&base.unwrap_or(0), to);
        }
    }

    fn get_since(base: &Self, from: &mut Decoder) -> Result<Self, Failure> {
        let base = base.unwrap_or(0);
        let known = bool::get(from)?;
        known.then(|| u64::get_since(&base, from)).transpose()
    }
}

impl Field for Sigchld {
    fn put(&self, to: &mut Encoder) {
        to.number(match self {
            Sigchld::Zombie => 0,
            Sigchld::Ignored => 1,
            Sigchld::NoCldWait => 2,
        });
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        match from.number()? {
            0 => Ok(Sigchld::Zombie),
            1 => Ok(Sigchld::Ignored),
            2 => Ok(Sigchld::NoCldWait),
            _ => Err(Failure::Unknown),
        }
    }
}

impl Field for Dead {
    fn put(&self, to: &mut Encoder) {
        match self {
            Dead::Subject => to.number(0),
            Dead::ChildPid(pid) => {
                to.number(1);
                pid.put(to);
            }
            Dead::Child => to.number(2),
        }
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        match from.number()? {
            0 => Ok(Dead::Subject),
            1 => Ok(Dead::ChildPid(u32::get(from)?)),
            2 => Ok(Dead::Child),
            _ => Err(Failure::Unknown),
        }
    }
}

impl Field for GapCause {
    fn put(&self, to: &mut Encoder) {
        match self {
            GapCause::NoRoom => to.number(0),
            GapCause::Unreadable { events } => {
                to.number(1);
                events.put(to);
            }
        }
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        match from.number()? {
            0 => Ok(GapCause::NoRoom),
            1 => {
                let events = Field::get(from)?;
                Ok(GapCause::Unreadable { events })
            }
            _ => Err(Failure::Unknown),
        }
    }
}
