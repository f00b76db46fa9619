//! The current playback position, as the player reports it. Must not know the player.

use crate::{
    event::units,
    tui::style::phrase::{Phrase, Tone},
};

/// Kinds of events in one part of a recording's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// True if anything happened.
    pub events: bool,
    /// True if a signal killed a process.
    pub killed: bool,
    /// True if a process became a zombie and waited long for its reap.
    pub zombie: bool,
    /// True if events are missing.
    pub gap: bool,
}

/// The place of playback in a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playhead {
    /// True while playing, false while paused.
    pub playing: bool,
    /// True while a seek is in progress.
    pub seeking: bool,
    /// Share of the recording that has been indexed, in percent; `None` when indexing is finished
    /// or not done.
    pub indexed: Option<u64>,
    /// True if the recording is still being written.
    pub growing: bool,
    /// The speed; 1.0 is real time.
    pub speed: f64,
    /// The time of the picture, ns since boot.
    pub now: u64,
    /// The time of the first event, ns since boot.
    pub began: u64,
    /// The time of the last event, ns since boot.
    pub ended: u64,
    /// The number of events up to here.
    pub position: u64,
    /// The number of events in the recording.
    pub events: u64,
}

impl Playhead {
    /// Returns true if all events have been played.
    pub fn is_at_end(&self) -> bool {
        self.position >= self.events
    }

    /// Returns the place in a few words. `live` selects the words for the past of a live trace.
    pub fn phrase(&self, live: bool) -> Phrase {
        let since = |at: u64| units::duration(at.saturating_sub(self.began));
        let tone = if self.playing {
            Tone::Live
        } else {
            Tone::Paused
        };
        let word = match (self.playing, self.is_at_end()) {
            _ if self.seeking => " SEEKING ",
            (true, true) if self.growing => " FOLLOWING ",
            (true, _) => " PLAYING ",
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
