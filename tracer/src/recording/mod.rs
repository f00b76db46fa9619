//! Recordings: a compact file format for events that survives truncation and damage and stays
//! readable by later versions. docs/recording-format.md specifies it.
//!
//! A [`Writer`] turns events and records into blocks, a [`Reader`] turns one recording back
//! into events, a [`Chain`] reads the segments of one trace as a single stream, and an
//! [`Index`] maps times to blocks. This module must not know where events come from or how
//! they are used.
//!
//! The files, from the outside in:
//!
//! | files | contents |
//! |---|---|
//! | `chain`, `chain_part` | several recordings read as one stream |
//! | `reader`, `gap_repair`, `position` | one recording read as a stream |
//! | `writer` | events and records written as blocks |
//! | `index`, `checkpoint`, `survey`, `size_tally`, `damage` | what a recording contains |
//! | `lock`, `segments` | recordings and segments as files |
//! | `file_header`, `version`, `upgrade` | the front of a file, and older versions |
//! | `block_header`, `block_scanner`, `payload`, `lookahead` | framing, checksums, compression |
//! | `block_decoder` | events of any block |
//! | `record_block`, `record_block_decoder`, `record_layouts`, `planes` | blocks of records |
//! | `event_block`, `event_fields`, `enum_values`, `codec`, `tables`, `columns` | blocks of events |
//! | `varint`, `span`, `limits`, `memory_limit`, `malformed` | shared basics |

mod block_decoder;
mod block_header;
mod block_scanner;
mod chain;
mod chain_part;
mod checkpoint;
mod codec;
mod columns;
mod damage;
mod enum_values;
mod error;
mod event_block;
mod event_fields;
mod file_header;
mod gap_repair;
mod index;
mod limits;
mod lock;
mod lookahead;
mod malformed;
mod memory_limit;
mod payload;
mod planes;
mod position;
mod reader;
mod record_block;
mod record_block_decoder;
mod record_layouts;
pub mod segments;
mod size_tally;
mod span;
mod survey;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod upgrade;
mod varint;
mod version;
mod writer;

pub use chain::Chain;
pub use chain_part::{ChainPart, PartReport, PartSource};
pub use checkpoint::Checkpoint;
pub use damage::{Damage, Ending, Trailing, Unknown};
pub use error::Error;
pub use gap_repair::SnapshotFn;
pub use index::{GrowingIndex, Index, IndexEntry};
pub use lock::{is_being_written, is_locked, lock, open_regular};
pub use memory_limit::MemoryLimit;
pub use payload::Effort;
pub use position::ChainPosition;
pub use reader::Reader;
pub use record_block::{MAX_GROUP, RecordBlock};
pub use size_tally::{BlockVolume, SizeTally, block_name};
pub use span::Span;
pub use survey::Survey;
pub use version::VERSION;
pub use writer::{Writer, Written};
