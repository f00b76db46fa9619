//! The terminal dashboard. It shows a live stream and a recording in the same way.
//!
//! [`App`] holds all state and takes events and input; [`Screen`] is the real terminal. State is
//! expressed in [`Phrase`]s and actions; colours and cells are known to `style` and `widget` only.
//! The submodules import in one direction: `style`, `text`, `input`, `state`, `widget`, `view`,
//! `chrome`, `app`, `screen`.
//!
//! The dashboard has no clock and does no I/O except on the screen: time comes from events or from
//! [`App::set_now`], and everything else it needs from outside is an [`Effect`].

mod app;
mod chrome;
mod input;
mod screen;
mod state;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod widget;

pub use app::{App, Flow};
pub use input::control::Control;
pub use screen::{Screen, terminal_width};
pub use state::{
    data::{Mode, OwnCost},
    effect::Effect,
    log::CAPACITY as LOG_CAPACITY,
    playhead::{Mark, Playhead},
};
pub use style::{
    glyphs::{ASCII, Glyphs, UNICODE},
    look::{Look, PLAIN, Palette},
    phrase::{Phrase, Tone},
    theme::{Depth, THEMES, UnknownTheme},
};
pub use view::registry::names as views;
