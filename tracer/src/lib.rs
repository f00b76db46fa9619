//! tracer as a library: the rooms of the house, in import order. See
//! docs/architecture.md; docs/reading-recordings.md shows how recordings are read.

pub mod event;
pub mod export;
pub mod filter;
pub mod model;
pub mod playback;
pub mod recording;
pub mod records;
pub mod report;
#[cfg(feature = "cli")]
pub mod session;
pub mod source;
#[cfg(feature = "tui")]
pub mod tui;

/// The examples of that page are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/reading-recordings.md")]
struct ReadingRecordings;
