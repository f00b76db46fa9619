//! Process state, derived from events alone.
//!
//! [`Model::apply`] is the only way in. The model is deterministic and has no clock
//! and no I/O: time comes from events, so replaying a recording gives exactly the
//! model that live tracing had. It must not know where events come from or how they
//! are shown.

mod apply;
mod archive;
mod birth;
mod cgroup_paths;
mod cgroups;
mod change;
mod copies;
mod counts;
mod death;
mod delta;
mod evict;
mod exiting;
mod failures;
mod family;
mod finality;
mod findings;
mod fork_cost;
mod former_owner;
mod gap_span;
mod history;
mod implied;
mod index;
mod left;
mod lineage;
mod listing;
mod lost_parent;
mod naming;
mod owned;
mod owner;
mod packed;
mod pinned;
mod preference;
mod presence;
mod process;
mod process_ref;
mod program_budget;
mod reap;
mod reapers;
mod reaping;
mod recent;
mod recovery;
mod retention;
mod saved;
mod scheduling;
mod small_list;
mod states;
mod status;
mod summary;
mod table;
mod tally;
mod tallying;
mod terms;
#[cfg(test)]
mod tests;
mod texts;
mod threads;
mod traced_command;
mod unmatched;
mod unpacked;
mod worth;
mod zombie_findings;
mod zombie_time;

pub use apply::{Archive, Model, Preference, StreamEnd, Totals};
pub use cgroup_paths::Container;
pub use counts::{Latencies, Occurrences};
pub use failures::ForkFailures;
pub use finality::{FinalPass, FirstPass, OwnerNames};
pub use findings::{Evidence, Finding, FindingKind};
pub use fork_cost::{Copies, ForkCost, SharingEnd};
pub use former_owner::FormerOwner;
pub use gap_span::GapSpan;
pub use history::{History, Second};
pub use left::{LeftZombies, OwnerTally, Successor};
pub use lost_parent::LostParent;
pub use naming::Series;
pub use owned::OwnedZombies;
pub use owner::{Tenure, TenureEnd};
pub use presence::presence_snapshot;
pub use process::{Execution, Process, Thread};
pub use process_ref::ProcessRef;
pub use reapers::LastWait;
pub use reaping::Reaping;
pub use recent::Recent;
pub use retention::Retention;
pub use saved::Unrestorable;
pub use scheduling::{MissingStates, Scheduling, StateChange};
pub use status::{Known, Moment, UnknownReason};
pub use tally::{Killed, ParentCounts, Reapers, Sender, Started, Tally};
pub use terms::{Creation, Key, Outcome, ReapKind, State, WaitStatus};
pub use traced_command::{NoCommand, TracedCommand};
pub use zombie_time::ZombieTime;
