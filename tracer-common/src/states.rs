//! In which state a task is and was for how long, as the kernel side keeps it
//! for each task and user space reads it: the same bytes in the map and in the
//! record.

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
    /// Asleep until something happens or a signal comes (TASK_INTERRUPTIBLE).
    INTERRUPTIBLE = 2;
    /// Asleep, and no signal is taken before it wakes, a deadly one perhaps
    /// (TASK_UNINTERRUPTIBLE, TASK_KILLABLE); frozen.
    UNINTERRUPTIBLE = 3;
    /// By a signal (__TASK_STOPPED).
    STOPPED = 4;
    /// Held by its tracer (__TASK_TRACED).
    TRACED = 5;
    /// A kernel thread without work (TASK_IDLE, TASK_PARKED).
    IDLE = 6;
    /// It will not run again (TASK_DEAD).
    DEAD = 7;
}

/// ns in each state, by its number. Nothing is ever counted as dead, but a
/// power of two needs no look at the index.
pub type StateTimes = [u64; 8];

record! {
    /// A task's times in each state. All of `times` add up to `since - began`.
    TaskStates {
        who: Who,
        /// When it was first seen, ns since boot, as all moments.
        began: u64,
        /// When the interval began that is not in `times` yet.
        since: u64,
        /// Its state since then. The map says [`RUNNABLE`] also of one that was
        /// given a CPU meanwhile: see [`OnCpu`].
        state: u32,
        /// It is runnable because it was woken.
        woken: u32,
        /// Its transitions are sent.
        streamed: u32,
        /// Turns on a CPU whose beginning was not seen: they are in the time of
        /// the state before.
        missed: u32,
        times: StateTimes,
        /// Wake-ups that were followed by a turn on a CPU, the time from one to
        /// the other in all, and the longest.
        wakeups: u64,
        latency: u64,
        latency_max: u64,
    }
}

record! {
    /// Who is on a CPU: the address of its `task_struct`, and since when.
    OnCpu {
        task: u64,
        since: u64,
    }
}

/// Whose transitions are sent, by tgid: what the process makes,
pub const STREAM_CHILDREN: u32 = 0;
/// or itself too.
pub const STREAM_TREE: u32 = 1;

/// So many processes can be chosen.
pub const STREAM_ROOTS: u32 = 64;

#[cfg(feature = "aya")]
// SAFETY: `repr(C)`, integers only, no padding (asserted by `record`).
unsafe impl aya::Pod for TaskStates {}

#[cfg(feature = "aya")]
// SAFETY: as above.
unsafe impl aya::Pod for OnCpu {}
