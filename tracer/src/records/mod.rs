//! The kernel side's records as user space handles them: their layout as a
//! recording keeps it, and the events that they stand for. Pure.
//!
//! A trace is a sequence of *groups*: records as they came out of the ring
//! buffer together, and what user space adds to them as events. [`Assembler`]
//! turns a group into events, the same way live and in replay. Where records
//! come from and how they are stored this module must not know.

mod assemble;
mod decode;
mod fault_classes;
mod layout;
mod transcribe;

pub use assemble::{Assembler, Events, Sink};
pub use decode::{BadRecord, Decoder, Ending, event_kind, peek, read, task_states, who};
pub use fault_classes::Conclude;
pub use layout::{HEAD, Layout, Leaf, RecordLayout, own_text};
pub use transcribe::Transcriber;
