//! The header of all records, and the identity of tasks.

use super::record;

record! {
    /// A task and its process. PIDs are those of the initial pid namespace.
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
    /// A thread group: its tgid and the `start_boottime` of its leader, ns.
    Group {
        tgid: u32,
        zero: u32,
        start: u64,
    }
}

record! {
    /// The process group, session, tracer and user of a process.
    Ties {
        pgid: u32,
        sid: u32,
        /// Process that traces the task (ptrace(2)); tgid 0: none.
        tracer: Group = "Who traces the task (ptrace(2)); tgid 0: nobody.",
        /// Real user ID in the initial user namespace, plus 1; 0: not read.
        uid_plus_1: u32,
        /// Effective user ID, likewise.
        euid_plus_1: u32,
    }
}

/// SIGCHLD is ignored. The `care` of a record is a set of these bits: how a process
/// treats the deaths of its children.
pub const CARE_IGNORED: u32 = 1 << 0;
/// SA_NOCLDWAIT is set.
pub const CARE_NOCLDWAIT: u32 = 1 << 1;
/// SIGCHLD has a handler.
pub const CARE_CAUGHT: u32 = 1 << 2;
/// The group leader blocks SIGCHLD.
pub const CARE_BLOCKED: u32 = 1 << 3;
/// The whole process is stopped.
pub const CARE_STOPPED: u32 = 1 << 4;

record! {
    /// The first member of every record.
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

/// A command name as the kernel keeps it: any bytes, NUL-terminated.
pub type Comm = [u8; COMM_LEN];

const _: () = assert!(size_of::<Header>() == 40);
