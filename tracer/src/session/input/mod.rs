//! The inputs of commands: a recording, standard input, or the segments of a flight
//! recorder, and the part of it that the command line selects.
//!
//! Imports `console`. Knows nothing of the dashboard or of live traces.

pub mod completeness;
pub mod directory;
pub mod follow_timer;
pub mod growth;
pub mod match_buffer;
pub mod memory;
pub mod range;
pub mod read;
pub mod recording;
pub mod segment;
pub mod side_file;
pub mod spool;
pub mod subtree;
pub mod when;
pub mod window;
