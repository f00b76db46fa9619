//! tracer as a library: the rooms of the house, in import order. See
//! docs/architecture.md.

pub mod event;
pub mod export;
pub mod filter;
pub mod model;
pub mod playback;
pub mod recording;
pub mod report;
pub mod session;
pub mod source;
pub mod tui;
