//! Input: actions and their keys, requests to the player, the prompt, and the terminal's answer
//! about its background. Must not know the model or views.

pub mod action;
pub mod background;
pub mod control;
pub mod prompt;
