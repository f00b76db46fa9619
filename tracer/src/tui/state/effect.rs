//! Effects: requests of the dashboard to the session, which performs them. The dashboard itself has
//! no files and no process.

use crate::{model::Key, tui::input::control::Control};

/// A request to the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Request the terminal's background colour.
    AskBackground,
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    /// Copy everything known of a process to the clipboard, as JSON.
    CopyJson(Key),
    /// Write the processes that are shown to a file, as JSON.
    Export,
    /// Stop tracer until the shell continues it.
    Suspend,
    /// Save a filter under a name.
    SaveFilter {
        /// The name, without `@`.
        name: String,
        /// The text of the filter.
        filter: String,
    },
    /// Move in the recording.
    Play(Control),
    /// Seek a time, as the reader typed it.
    GoTo(String),
}
