//! The terminal dashboard, the same for a living stream and for a recording.
//!
//! [`App`] holds all state and is fed events and keys; [`Screen`] is the real
//! terminal. Between them lies one rule: state speaks in [`phrase`]s and
//! actions; paint is known to [`theme`], [`canvas`] and [`layout`] alone. There is no clock here
//! and no I/O but the screen's: time comes from events or from
//! [`App::set_now`].

mod action;
mod app;
mod background;
mod bar;
mod canvas;
mod chooser;
mod columns;
mod cursor;
mod effect;
mod filtering;
mod footer;
mod gathered;
mod gauge;
mod glyphs;
mod header;
mod help;
mod keepsake;
mod keys;
mod layout;
mod list;
mod log;
mod needle;
mod order;
mod palette;
mod phrase;
mod playing;
mod prompt;
mod ranking;
mod screen;
mod sieve;
mod table;
mod tabs;
mod telling;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod words;

pub use self::log::CAPACITY as LOG_CAPACITY;
pub use app::{App, Flow, Mode, OwnCost};
pub use effect::Effect;
pub use glyphs::{ASCII, Glyphs, UNICODE};
pub use palette::{Depth, THEMES};
pub use phrase::{Phrase, Tone};
pub use playing::{Control, Mark, Playhead};
pub use screen::Screen;
pub use theme::{Look, PLAIN, Palette};
pub use view::names as views;
