//! What the dashboard wants done that it cannot do itself: it has no files and
//! no process. Whoever runs it does it and says how it went.

use crate::{model::Key, tui::input::control::Control};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the terminal for its background; see [`super::background`].
    AskBackground,
    /// To the terminal's clipboard.
    Copy(String),
    /// What is known of a process, as JSON, to the clipboard.
    CopyJson(Key),
    /// The processes that are shown, to a file.
    Export,
    /// Stop until the shell lets us go on.
    Suspend,
    /// Keep a filter under a name.
    SaveFilter { name: String, filter: String },
    /// Move about in the recording.
    Play(Control),
    /// Go to a time, as people say it.
    GoTo(String),
}
