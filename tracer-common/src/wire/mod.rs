//! The records of the ring buffer, byte for byte: one file per lifecycle
//! moment, named as its probe and its event are.
//!
//! What each costs, and which fact needs it: docs/performance/records.md.
//!
//! A record is a `repr(C)` struct that begins with a [`Header`]. Both sides are
//! built from the same commit and loaded together, so there is no version
//! here. A recording keeps records as they are, with their layout beside them
//! (docs/recording-format.md): fields may change, a kind's number may not.

mod cgroup;
mod exec;
mod exit;
mod fault;
mod fork;
mod fork_failed;
mod free;
mod layout;
mod notify;
mod reap;
mod signal;
mod states;
mod switch;
mod task;
mod wait;

pub use cgroup::*;
pub use exec::*;
pub use exit::*;
pub use fault::*;
pub use fork::*;
pub use fork_failed::*;
pub use free::*;
pub use layout::*;
pub use notify::*;
pub use reap::*;
pub use signal::*;
pub use states::*;
pub use switch::*;
pub use task::*;
pub use wait::*;

/// Declares a record: `repr(C)`, plain bytes on both sides, its kind and its
/// layout beside it.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident $(: $kind:ident)? { $($(#[doc = $doc:literal])* $member:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        #[cfg_attr(
            feature = "user",
            derive(zerocopy::FromBytes, zerocopy::KnownLayout, zerocopy::Immutable)
        )]
        pub struct $name { $($(#[doc = $doc])* pub $member: $type,)* }

        impl $crate::wire::Described for $name {
            const SHAPE: $crate::wire::Shape = $crate::wire::Shape::Struct(&$crate::wire::Struct {
                name: stringify!($name),
                size: size_of::<$name>(),
                members: &[$($crate::wire::Member {
                    name: stringify!($member),
                    offset: core::mem::offset_of!($name, $member),
                    shape: &<$type as $crate::wire::Described>::SHAPE,
                    meaning: concat!($($doc),*),
                },)*],
            });
        }

        $(impl $crate::wire::Record for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$kind;
        })?

        // No padding: the kernel refuses to copy out bytes that nobody wrote,
        // and a reader must not mistake them for data.
        const _: () = assert!(size_of::<$name>() == 0 $(+ size_of::<$type>())*);
        const _: () = assert!(align_of::<$name>() <= 8);
    };
}
pub(crate) use record;

/// Declares the kinds of records: the enum and, for each, the struct and its name.
macro_rules! kinds {
    ($($kind:ident = $number:literal, $record:ident, $name:literal;)*) => {
        /// What happened. Numbered by hand, never reused: recordings hold the
        /// numbers, and they are the index of the loss counters too.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($kind = $number,)* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// Returns the kind with that number, if there is one.
            pub fn from_number(number: u32) -> Option<Kind> {
                match number { $($number => Some(Kind::$kind),)* _ => None }
            }

            /// The name in recordings.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// The layout of the record's fixed part.
            pub fn layout(self) -> &'static Struct {
                match self {
                    $(Kind::$kind => match const { &<$record as Described>::SHAPE } {
                        Shape::Struct(layout) => layout,
                        _ => unreachable!(),
                    },)*
                }
            }
        }

        // The struct says the same kind.
        $(const _: () = assert!(<$record as Record>::KIND as u32 == $number);)*
    };
}

kinds! {
    Fork = 1, Fork, "fork";
    WakeupNew = 2, WakeupNew, "wakeup_new";
    FirstRun = 3, FirstRun, "first_run";
    Exec = 4, Exec, "exec";
    Comm = 5, CommChange, "comm";
    Signal = 6, Signal, "signal";
    OomVictim = 7, OomVictim, "oom_victim";
    Exit = 8, Exit, "exit";
    Notify = 9, Notify, "notify";
    LastSwitch = 10, LastSwitch, "last_switch";
    Wait = 11, Wait, "wait";
    Free = 12, Free, "free";
    Task = 13, Task, "task";
    ExitStart = 14, ExitStart, "exit_start";
    Reap = 15, Reap, "reap";
    Fault = 16, Fault, "fault";
    ForkFailed = 20, ForkFailed, "fork_failed";
    Cgroup = 21, Cgroup, "cgroup";
    Moved = 22, Moved, "moved";
    States = 23, States, "states";
    StateChange = 24, StateChange, "state_change";
    ExitCounted = 25, ExitCounted, "exit_counted";
}

/// A record that the kernel side sends.
pub trait Record: Copy {
    const KIND: Kind;
}

record! {
    /// Who a record is about. PIDs are those of the initial pid namespace.
    Who {
        pid: u32,
        tgid: u32,
        /// `start_boottime` of the task, ns.
        start: u64,
        /// `start_boottime` of its group leader, ns.
        leader_start: u64,
    }
}

record! {
    /// A thread group: its number and when its leader started.
    Group {
        tgid: u32,
        zero: u32,
        start: u64,
    }
}

record! {
    /// What a process belongs to besides its parent.
    Ties {
        pgid: u32,
        sid: u32,
        /// Who traces the task (ptrace(2)); tgid 0: nobody.
        tracer: Group,
    }
}

/// How a process treats the deaths of its children, a bit each: SIGCHLD is
/// ignored; SA_NOCLDWAIT is set; there is a handler; the leader has it blocked.
pub const CARE_IGNORED: u32 = 1 << 0;
pub const CARE_NOCLDWAIT: u32 = 1 << 1;
pub const CARE_CAUGHT: u32 = 1 << 2;
pub const CARE_BLOCKED: u32 = 1 << 3;
/// The whole process is stopped.
pub const CARE_STOPPED: u32 = 1 << 4;

record! {
    /// Begins every record.
    Header {
        kind: u32,
        cpu: u32,
        /// CLOCK_BOOTTIME, ns.
        at: u64,
        who: Who,
    }
}

/// TASK_COMM_LEN (include/linux/sched.h).
pub const COMM_LEN: usize = 16;

/// A command name as the kernel keeps it: NUL-terminated, any bytes.
pub type Comm = [u8; COMM_LEN];

const _: () = assert!(size_of::<Header>() == 40);
const _: () = assert!(Kind::ALL.len() < crate::maps::LOST_STATES);
