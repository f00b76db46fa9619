//! Text for processes and events, the same in every view. Must not know keys or views.

pub mod describe;
pub mod words;
