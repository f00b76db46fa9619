//! Records of the kernel side as user space handles them: their layout as a recording stores
//! it, and the events that they become. Pure.
//!
//! A trace is a sequence of *groups*: records that came out of the ring buffer together, and
//! the events that user space adds to them. An [`Assembler`] turns groups into events, live and
//! in replay with the same code. This module must not know where records come from or how they
//! are stored.

mod assemble;
mod convert;
mod decode;
mod fault_classes;
mod layout;

pub use assemble::{Assembler, EventSink, Sink};
pub use convert::RecordConverter;
pub use decode::{BadRecord, ProcessEnd, RecordDecoder, event_kind, peek, read, task_states, who};
pub use fault_classes::FaultClassifier;
pub use layout::{Layout, LayoutField, RECORD_HEADER, RecordLayout, own_text};
