//! [`Event`] and [`What`]: an event and its content.

use super::{
    Cgroup, Comm, Exec, Exit, Fault, FaultTally, FirstRun, Fork, ForkFailed, Gap, Implied, Kind,
    LastSwitch, Moved, Notify, OomVictim, Reap, Session, Signal, Snapshot, States, Summary,
    TaskState, Usage, Wait, Waits, Who, kind::events,
};

/// A fact about a task or the host, with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Time of the event, CLOCK_BOOTTIME in ns.
    pub at: u64,
    /// CPU that emitted the record.
    pub cpu: u32,
    /// Task the event is about; [`Who::HOST`] if it concerns no task.
    pub who: Who,
    /// The kind of event and its content.
    pub what: What,
}

macro_rules! whats {
    ($($number:literal $kind:ident $(($body:ty))? = $name:literal, $doc:literal;)*) => {
        /// The kind of an event and its content.
        #[derive(Clone, Debug, PartialEq)]
        pub enum What { $(#[doc = $doc] $kind $(($body))?,)* }

        impl What {
            /// Returns the kind of this event.
            pub fn kind(&self) -> Kind {
                match self { $(What::$kind { .. } => Kind::$kind,)* }
            }
        }
    };
}

events!(whats);
