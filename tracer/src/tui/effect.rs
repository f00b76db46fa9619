//! What the dashboard wants done that it cannot do itself: it has no files and
//! no process. Whoever runs it does it and says how it went.

use super::playing::Control;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Keep a filter under a name.
    SaveFilter { name: String, filter: String },
    /// Move about in the recording.
    Play(Control),
}
