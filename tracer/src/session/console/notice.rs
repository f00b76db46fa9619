//! Notices: messages beside a command's output, such as a damaged
//! block or the size of a finished recording, or the error that ended it.
//!
//! The library never prints them. A program installs a handler and decides.

use std::{fmt::Display, sync::OnceLock};

use crate::event::escaped_lines;

static HANDLER: OnceLock<fn(&str)> = OnceLock::new();

/// Installs the function that receives every notice, without a line end.
///
/// Until one is installed, notices are dropped. Only the first call has an effect.
pub fn on_notice(handler: fn(&str)) {
    // Fails only on a second call, which is documented to do nothing.
    let _ = HANDLER.set(handler);
}

/// Passes a notice to the installed handler, with the control characters of the paths
/// in it escaped.
pub fn notify(text: impl Display) {
    if let Some(handler) = HANDLER.get() {
        handler(&escaped_lines(&text.to_string()));
    }
}
