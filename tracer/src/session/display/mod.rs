//! The frontends of a running command: the dashboard, a status line, or a report at
//! the end; the event loop that drives them; and the player behind a dashboard that
//! shows a recording.
//!
//! Imports `console`, `input` and `recorder`. Knows nothing of the kernel source.

pub mod appearance;
mod closed_terminal;
pub mod dashboard;
mod dashboard_state;
mod effects;
pub mod event_loop;
pub mod frontend;
pub mod history;
mod indexing;
pub mod player;
mod status_line;
mod wake;
