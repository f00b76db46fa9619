//! Messages for the bottom line.

use crate::tui::style::phrase::Phrase;

/// The messages that the bottom line shows in place of the keys.
#[derive(Debug, Default)]
pub struct Messages {
    /// Shown until the next key.
    pub notice: Option<Phrase>,
    /// Shown until it is replaced.
    pub alarm: Option<String>,
    /// True if the last search found nothing.
    pub not_found: bool,
}
