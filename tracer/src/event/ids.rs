//! Identity of tasks and processes. PIDs are reused, so an identity is the PID
//! together with the start time.

use serde::{Deserialize, Serialize};

/// Identity of a task, the kernel's word for a thread.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct TaskId {
    /// PID (thread ID) in the initial namespace.
    pub pid: u32,
    /// `task_struct.start_boottime`, ns since boot.
    pub start: u64,
}

/// Identity of a process, which is a thread group.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct ProcessId {
    /// PID of the group leader in the initial namespace.
    pub tgid: u32,
    /// `start_boottime` of the group leader, ns since boot.
    pub start: u64,
}

/// A task and the process it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Who {
    /// The task.
    pub task: TaskId,
    /// The process of the task.
    pub process: ProcessId,
}

impl Who {
    /// The host itself: the subject of events that concern no task.
    pub const HOST: Who = Who {
        task: TaskId { pid: 0, start: 0 },
        process: ProcessId { tgid: 0, start: 0 },
    };

    /// Returns true if the task leads its thread group.
    pub fn is_leader(&self) -> bool {
        self.task.pid == self.process.tgid
    }
}

impl ProcessId {
    /// Returns the process as its leader task.
    pub fn leader(self) -> Who {
        Who {
            task: TaskId {
                pid: self.tgid,
                start: self.start,
            },
            process: self,
        }
    }
}
