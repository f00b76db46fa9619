//! Recordings: events as a file that is small, survives being cut or damaged,
//! and can be read for ever. docs/recording-format.md specifies it.
//!
//! A [`Writer`] turns events into blocks, a [`Reader`] turns them back and an
//! [`Index`] says where which time is. Where events come from and what is made
//! of them this module must not know.
//!
//! From the outside in: `version` (the front of a file), `upgrade` (older ones), `block` and `blocks`
//! (frames, checksums, damage), `payload` (compression), `events` (one block's
//! events), `columns` (how they lie), `tables` (what they share), `bodies` (what
//! each kind says), `codec` and `values` (single fields), `varint` (numbers).

mod block;
mod blocks;
mod bodies;
mod body;
mod chain;
mod checkpoint;
mod codec;
mod columns;
mod create;
mod damage;
mod error;
mod events;
mod healing;
mod index;
mod input;
mod layouts;
mod lock;
mod part;
mod payload;
mod planes;
mod reader;
mod record_block;
pub mod ring;
mod survey;
mod tables;
mod tally;
#[cfg(test)]
pub(crate) mod tests;
mod unpacker;
mod upgrade;
mod values;
mod varint;
mod version;
mod writer;

pub use chain::{Chain, Position};
pub use checkpoint::Checkpoint;
pub use create::create;
pub use damage::{Damage, Ending, Unknown};
pub use error::Error;
pub use events::Span;
pub use healing::RollCall;
pub use index::{Entry, Growing, Index};
pub use lock::is_taken as is_being_written;
pub use part::{Account, Open, Part};
pub use payload::Effort;
pub use reader::Reader;
pub use record_block::{MAX_GROUP, RecordBlock};
pub use survey::Survey;
pub use tally::{Tally, Volume, block_name};
pub use version::VERSION;
pub use writer::{Writer, Written};

/// No payload is longer, stored or decompressed: what a reader may have to
/// make room for at once.
const MAX_PAYLOAD: usize = 2 << 20;

/// Longer texts are cut when they are written, so that a block of events that
/// was nearly full still has room for one more event.
const MAX_TEXT: usize = 256 << 10;
