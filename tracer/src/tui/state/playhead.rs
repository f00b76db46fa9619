//! Moving about in a recording: what the dashboard asks for, and what it is
//! told of where it is. Who moves it is not known here.

use crate::{
    event::units,
    tui::style::phrase::{Phrase, Tone},
};

/// What happened in a part of a recording's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Anything at all.
    pub events: bool,
    /// A process was ended by a signal.
    pub killed: bool,
    /// A zombie began to wait for long.
    pub zombie: bool,
    /// Something is missing.
    pub gap: bool,
}

/// Where in a recording the picture is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playhead {
    pub playing: bool,
    /// It is on its way to another place.
    pub seeking: bool,
    /// How much of the recording has been indexed, in percent; none when nobody
    /// does that (any more).
    pub indexed: Option<u64>,
    /// More is being written.
    pub growing: bool,
    /// 1.0 is real time.
    pub speed: f64,
    /// The time of the picture, and of the recording's first and last event, ns
    /// since boot.
    pub now: u64,
    pub began: u64,
    pub ended: u64,
    /// Events up to here, and in all.
    pub position: u64,
    pub events: u64,
}

impl Playhead {
    pub fn is_at_end(&self) -> bool {
        self.position >= self.events
    }

    /// In a few words. In the past of a living trace there are other words than in
    /// a recording.
    pub fn phrase(&self, live: bool) -> Phrase {
        let since = |at: u64| units::duration(at.saturating_sub(self.began));
        let tone = if self.playing {
            Tone::Live
        } else {
            Tone::Paused
        };
        let word = match (self.playing, self.is_at_end()) {
            _ if self.seeking => " SEEKS ",
            (true, true) if self.growing => " FOLLOWS ",
            (true, _) => " PLAYS ",
            (false, true) if !self.growing => " END ",
            (false, _) if live => " PAST ",
            (false, _) => " PAUSED ",
        };
        let indexed = self.indexed;
        let indexed = indexed.map_or(String::new(), |share| format!("indexing {share} %  "));
        Phrase::of(tone, word)
            .and(Tone::Strong, format!(" {}", since(self.now)))
            .and(Tone::Dim, format!(" of {}", since(self.ended)))
            .and(
                Tone::Dim,
                format!(", event {} of {}", self.position, self.events),
            )
            .and(Tone::Dim, format!(", {}x  ", self.speed))
            .and(Tone::Dim, indexed)
            .and(Tone::Key, if live { "Esc" } else { "" })
            .and(Tone::Dim, if live { " Present  " } else { "" })
    }
}
