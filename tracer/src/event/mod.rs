//! The one stream of events, whoever made it: the live kernel, a recording or
//! a test.
//!
//! An event is a fact with a time. This module must not know where events come
//! from, how they are stored or what is made of them.

mod diagnosis;
mod faults;
mod identities;
mod ids;
mod limit;
mod moment;
mod names;
mod oom;
mod relations;
#[cfg(test)]
pub mod script;
mod session;
mod states;
mod summary;
mod text;
pub mod units;
mod utc;

use serde::{Deserialize, Serialize};

pub use diagnosis::{Diagnosis, DoctorCheck};
pub use faults::{Fault, FaultClass, FaultPlaces, FaultTally, Faults, Region, RegionFaults};
pub use ids::{ProcessId, TaskId, Who};
pub use limit::Limit;
pub use moment::{
    AddressSpace, Exec, Exit, ExitedProcess, FirstRun, Fork, ForkFailed, Gap, GapCause, LastSwitch,
    Lost, Notify, Reap, Sigchld, Signal, Snapshot, Usage, Wait,
};
pub use names::{clone_flag_names, errno_name, signal_name};
pub use oom::{Constraint, OomCause, OomVictim};
pub use relations::{Cgroup, ChildUsage, Disposition, Moved, Relations, SigchldPolicy, Waits};
pub use session::{Hook, Purpose, Segment, Session};
pub use states::{StateTimes, States, TaskState, Wakeups};
pub use summary::{Reaper, SecondCounts, Summary};
pub use text::{Comm, Text, arguments, command_line, escaped};
pub use utc::Utc;

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// CLOCK_BOOTTIME, ns.
    pub at: u64,
    pub cpu: u32,
    /// The task it happened to; [`Who::HOST`] where it is none.
    pub who: Who,
    pub what: What,
}

/// Declares the events: the enum, the numbers by which recordings know them
/// and their names, so that none can be forgotten.
macro_rules! events {
    ($($number:literal $kind:ident $(($body:ty))? = $name:literal, $doc:literal;)*) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq)]
        pub enum What { $(#[doc = $doc] $kind $(($body))?,)* }

        /// [`What`] without its content. Numbered by hand, never reused: the
        /// number is in recordings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = $doc] $kind = $number,)* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            pub fn from_number(number: u8) -> Option<Kind> {
                match number { $($number => Some(Kind::$kind),)* _ => None }
            }

            /// Kept in a table of the kernel's, and read from there.
            pub fn is_count(self) -> bool {
                matches!(self, Kind::Faults | Kind::States)
            }

            /// The name in logs, reports and JSON.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }

        impl What {
            pub fn kind(&self) -> Kind {
                match self { $(What::$kind { .. } => Kind::$kind,)* }
            }
        }
    };
}

events! {
    1 Session(Box<Session>) = "session", "The stream begins.";
    2 Snapshot(Box<Snapshot>) = "snapshot", "A task that already exists.";
    3 SnapshotEnd(u64) = "snapshot_end", "Every task alive at that time (ns since boot) has been told.";
    4 Fork(Box<Fork>) = "fork", "`copy_process` has made the subject.";
    5 WakeupNew = "wakeup_new", "`wake_up_new_task` has made the subject runnable.";
    6 FirstRun(FirstRun) = "first_run", "The subject runs for the first time.";
    7 Exec(Box<Exec>) = "exec", "The subject has become another program.";
    8 Comm(Comm) = "comm", "The subject has changed its name.";
    9 Signal(Box<Signal>) = "signal", "A deadly signal was sent to the subject.";
    10 OomVictim(Box<OomVictim>) = "oom_victim", "The OOM killer chose the subject.";
    11 Exit(Box<Exit>) = "exit", "The subject has entered `do_exit`.";
    12 Notify(Notify) = "notify", "`do_notify_parent`: a dead process is a zombie, or handed on.";
    13 LastSwitch(LastSwitch) = "last_switch", "The dead subject was switched out for good.";
    14 Wait(Wait) = "wait", "A wait system call gave the subject a child.";
    15 Free(Option<Box<Usage>>) = "free", "`delayed_put_task_struct`; a leader's says what its whole group used.";
    16 Faults(Box<FaultTally>) = "faults", "User page faults of the subject since tracing began.";
    17 Gap(Box<Gap>) = "gap", "Records were lost.";
    18 End = "end", "Tracing stopped in good order.";
    19 ExitStart = "exit_start", "The subject has called `do_exit`; its exit follows.";
    20 Reap(Reap) = "reap", "`release_task` has taken the dead subject out of the process table.";
    21 Fault(Box<Fault>) = "fault", "A single page fault of the subject's.";
    25 Waits(Waits) = "waits", "Wait system calls of the subject since tracing began.";
    26 ForkFailed(Box<ForkFailed>) = "fork_failed", "The subject asked for a new task and got none.";
    27 Cgroup(Box<Cgroup>) = "cgroup", "A cgroup exists.";
    28 Moved(Moved) = "moved", "The subject's process has gone to another cgroup.";
    39 States(Box<States>) = "states", "How long the subject was in each state.";
    40 State(TaskState) = "state", "The subject is in another state from now on.";
    37 Summary(Box<Summary>) = "summary", "What the events before it add up to: the end of a checkpoint.";
}
