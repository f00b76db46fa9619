//! How things look: tones, glyphs and themes. Knows nothing of processes' stories, views or keys.

pub mod glyphs;
pub mod look;
pub mod phrase;
pub mod theme;
