//! Text for processes and events, the same in every view. Knows nothing of keys and views.

pub mod describe;
pub mod words;
