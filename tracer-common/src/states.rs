//! The scheduler states of a task and the time spent in each, as the kernel side
//! keeps them per task and user space reads them. The map and the record hold the
//! same bytes.

use crate::wire::{Who, record};

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: u32 = $number;)*
    };
}

states! {
    /// On a CPU.
    RUNNING = 0;
    /// On a run queue, waiting for a CPU.
    RUNNABLE = 1;
    /// Sleep that a signal interrupts (TASK_INTERRUPTIBLE).
    INTERRUPTIBLE = 2;
    /// Sleep that no signal interrupts, except perhaps a fatal one
    /// (TASK_UNINTERRUPTIBLE, TASK_KILLABLE); also a frozen task.
    UNINTERRUPTIBLE = 3;
    /// Stopped by a signal (__TASK_STOPPED).
    STOPPED = 4;
    /// Held by its tracer (__TASK_TRACED).
    TRACED = 5;
    /// Kernel thread without work (TASK_IDLE, TASK_PARKED).
    IDLE = 6;
    /// Switched out for the last time (TASK_DEAD).
    DEAD = 7;
}

/// Time in each state, ns, indexed by the state's number. No time is ever counted
/// as [`DEAD`], but a power of two needs no bounds check.
pub type StateTimes = [u64; 8];

record! {
    /// A task's time in each state. The sum of `times` is `since - began`.
    TaskStates {
        who: Who,
        /// First time the task was seen, ns since boot.
        began: u64 = "When it was first seen, ns since boot, as all moments.",
        /// Start of the open interval, which `times` does not include yet, ns
        /// since boot.
        since: u64 = "When the interval began that is not in `times` yet.",
        /// State since then. In the map a task that has been given a CPU
        /// meanwhile is still [`RUNNABLE`]: see [`OnCpu`].
        state: u32 = "Its state since then. The map says [`RUNNABLE`] also of one that was given a CPU meanwhile: see [`OnCpu`].",
        /// 1 if the task is runnable because of a wake-up.
        woken: u32 = "It is runnable because it was woken.",
        /// 1 if its state changes are sent.
        streamed: u32 = "Its transitions are sent.",
        /// Turns on a CPU whose start was not seen. Their time is counted in the
        /// state before.
        missed: u32 = "Turns on a CPU whose beginning was not seen: they are in the time of the state before.",
        times: StateTimes,
        /// Wake-ups that led to a turn on a CPU. `latency` is the total time from
        /// wake-up to turn, `latency_max` the longest, both in ns.
        wakeups: u64 = "Wake-ups that were followed by a turn on a CPU, the time from one to the other in all, and the longest.",
        latency: u64,
        latency_max: u64,
    }
}

record! {
    /// The task on a CPU: the address of its `task_struct`, and the start of its
    /// turn, ns since boot.
    OnCpu {
        task: u64,
        since: u64,
    }
}

/// Value in the map of streamed processes: only the children's state changes are sent.
pub const STREAM_CHILDREN: u32 = 0;
/// Value in the map of streamed processes: its own state changes are sent too.
pub const STREAM_TREE: u32 = 1;

/// Maximum number of streamed processes.
pub const STREAM_ROOTS: u32 = 64;

#[cfg(feature = "aya")]
// SAFETY: `repr(C)`, integers only, no padding (asserted by `record`).
unsafe impl aya::Pod for TaskStates {}

#[cfg(feature = "aya")]
// SAFETY: as above.
unsafe impl aya::Pod for OnCpu {}
