//! The records of the ring buffer, byte for byte: one file per lifecycle moment,
//! named like its probe and its event.
//!
//! Every record is a `repr(C)` struct that begins with a [`Header`]. The ring
//! buffer needs no version: both sides are built from the same commit and loaded
//! together. Recordings store the records with a description of their layout
//! (docs/recording-format.md): members may change, the number of a kind may not.
//! docs/performance/records.md lists the cost of each record and the fact that
//! needs it.

mod catalog;
mod cgroup;
mod exec;
mod exit;
mod fault;
mod fork;
mod fork_failed;
mod free;
mod header;
mod kind;
mod layout;
mod notify;
mod reap;
mod record;
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
pub use header::*;
pub use kind::*;
pub use layout::*;
pub use notify::*;
pub use reap::*;
pub(crate) use record::{meaning, record};
pub use signal::*;
pub use states::*;
pub use switch::*;
pub use task::*;
pub use wait::*;
