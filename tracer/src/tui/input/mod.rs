//! Input: actions and their keys, the prompt, and the terminal's answer about its background.
//! Knows nothing of the model or of views.

pub mod action;
pub mod background;
pub mod control;
pub mod prompt;
