//! Who an event is about. PIDs are reused, so identity is the PID together
//! with the start time.

use serde::{Deserialize, Serialize};

/// A task: a thread, in the kernel's word.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct TaskId {
    pub pid: u32,
    /// `task_struct.start_boottime`, ns since boot.
    pub start: u64,
}

/// A process: a thread group.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct ProcessId {
    pub tgid: u32,
    /// `start_boottime` of the group leader, ns since boot.
    pub start: u64,
}

/// The task an event is about, and the process it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Who {
    pub task: TaskId,
    pub process: ProcessId,
}

impl Who {
    /// The machine itself: the subject of events that no task is.
    pub const HOST: Who = Who {
        task: TaskId { pid: 0, start: 0 },
        process: ProcessId { tgid: 0, start: 0 },
    };

    /// The leader of its thread group.
    pub fn is_leader(&self) -> bool {
        self.task.pid == self.process.tgid
    }
}

impl ProcessId {
    /// The process as its leader.
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
