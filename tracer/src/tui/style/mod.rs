//! Appearance: tones, glyphs and themes. Must not know views, keys or process data.

pub mod glyphs;
pub mod look;
pub mod phrase;
pub mod theme;
