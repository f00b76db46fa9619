//! The state that views and bars read: the stream, the active filter, the search, and caches of
//! figures. Must not know cells of the screen or views.

pub mod active_filter;
pub mod column_cache;
pub mod data;
pub mod effect;
pub mod log;
pub mod messages;
pub mod playhead;
pub mod ranking;
pub mod search;
pub mod stream;
