//! The event stream: one vocabulary for the live kernel, recordings and tests.
//!
//! An event is a fact with a time. The model derives process state from events; the
//! sources produce them and recordings store them. This module must not know any of
//! these.

mod diagnosis;
mod faults;
mod identities;
mod ids;
mod implied;
mod kind;
mod limit;
mod moment;
mod named;
mod names;
mod oom;
mod plain;
mod relations;
#[cfg(test)]
pub mod script;
mod session;
mod states;
mod summary;
mod text;
pub mod units;
mod wall_time;
mod what;

pub use diagnosis::{Diagnosis, DoctorCheck};
pub use faults::{Fault, FaultClass, FaultPlaces, FaultTally, Faults, Region, RegionFaults};
pub use ids::{ProcessId, TaskId, Who};
pub use implied::Implied;
pub use kind::Kind;
pub use limit::Limit;
pub use moment::{
    AddressSpace, Exec, Exit, ExitedProcess, FirstRun, Fork, ForkFailed, Gap, GapCause, LastSwitch,
    Lost, Notify, Reap, Sigchld, Signal, Snapshot, Usage, Wait,
};
pub use named::{Name, Named};
pub use names::{clone_flag_names, errno_name, signal_name};
pub use oom::{Constraint, OomCause, OomVictim};
pub(crate) use plain::is_plain;
pub use relations::{Cgroup, ChildUsage, Disposition, Moved, Relations, SigchldPolicy, Uid, Waits};
pub use session::{Hook, Purpose, Segment, Session, User};
pub use states::{StateTimes, States, TaskState, Wakeups};
pub use summary::{CopyCount, DatedPolicy, ForkCopies, OpenForks, Reaper, SecondCounts, Summary};
pub use text::{
    Comm, Label, Text, arguments, byte_character, bytes_of, command_line, escaped, escaped_lines,
    file_name, unicode,
};
pub use wall_time::{Utc, WallTime, Zone};
pub use what::{Event, What};
