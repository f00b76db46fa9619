//! Reasons for which a frontend wakes the event loop.

use crate::tui::Flow;

/// Reason for which a frontend wakes the event loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The user has typed, and the loop goes on or ends.
    Input(Flow),
    /// The timer has fired.
    Tick,
}
