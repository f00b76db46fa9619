//! The records of the ring buffer, byte for byte: one file per lifecycle
//! moment, named as its probe and its event are.
//!
//! What each costs, and which fact needs it: docs/performance/records.md.
//!
//! A record is a `repr(C)` struct that begins with a [`Header`]. Both sides are
//! built from the same commit and loaded together, so there is no version
//! here; what is kept on disk is another format (docs/recording-format.md).

mod cgroup;
mod exec;
mod exit;
mod fault;
mod fork;
mod fork_failed;
mod free;
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
pub use notify::*;
pub use reap::*;
pub use signal::*;
pub use states::*;
pub use switch::*;
pub use task::*;
pub use wait::*;

/// Declares a record: `repr(C)`, plain bytes on both sides, its kind beside it.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident $(: $kind:ident)? { $($(#[$field:meta])* $member:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        #[cfg_attr(
            feature = "user",
            derive(zerocopy::FromBytes, zerocopy::KnownLayout, zerocopy::Immutable)
        )]
        pub struct $name { $($(#[$field])* pub $member: $type,)* }

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

/// What happened. Numbered by hand, never reused: the number is the index of
/// the loss counters too.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Fork = 1,
    WakeupNew = 2,
    FirstRun = 3,
    Exec = 4,
    Comm = 5,
    Signal = 6,
    OomVictim = 7,
    Exit = 8,
    Notify = 9,
    LastSwitch = 10,
    Wait = 11,
    Free = 12,
    Task = 13,
    ExitStart = 14,
    Reap = 15,
    Fault = 16,
    ForkFailed = 20,
    Cgroup = 21,
    Moved = 22,
    States = 23,
    StateChange = 24,
    ExitCounted = 25,
}

impl Kind {
    pub const ALL: [Kind; 22] = [
        Kind::Fork,
        Kind::WakeupNew,
        Kind::FirstRun,
        Kind::Exec,
        Kind::Comm,
        Kind::Signal,
        Kind::OomVictim,
        Kind::Exit,
        Kind::Notify,
        Kind::LastSwitch,
        Kind::Wait,
        Kind::Free,
        Kind::Task,
        Kind::ExitStart,
        Kind::Reap,
        Kind::Fault,
        Kind::ForkFailed,
        Kind::Cgroup,
        Kind::Moved,
        Kind::States,
        Kind::StateChange,
        Kind::ExitCounted,
    ];

    /// The kind with that number, if there is one.
    pub fn from_number(number: u32) -> Option<Kind> {
        Self::ALL.into_iter().find(|&kind| kind as u32 == number)
    }
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
