//! A search in progress: continued piece by piece, and described for the user. Must
//! not know the player.

use std::{
    fs::File,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    event::Event,
    playback::{Direction, Playback, Search, SearchStep},
    tui::{Phrase, Tone},
};

/// Events played or searched between two looks at the clock: about ten
/// milliseconds.
pub const BATCH: usize = 20_000;

/// Search for an event.
pub struct ActiveSearch {
    /// Name of what is searched for, as shown to the user.
    target: String,
    matches: Box<dyn Fn(&Event) -> bool>,
    search: Search,
}

impl ActiveSearch {
    /// Returns a search that has just begun. `target` names the event for the user.
    pub fn new(target: &str, matches: Box<dyn Fn(&Event) -> bool>, search: Search) -> Self {
        ActiveSearch {
            target: target.to_owned(),
            matches,
            search,
        }
    }

    /// Continues the search for about this long.
    pub fn advance(
        &mut self,
        playback: &mut Playback<File>,
        budget: Duration,
    ) -> Result<SearchStep> {
        let began = Instant::now();
        let mut found = SearchStep::Pending;
        while found == SearchStep::Pending && began.elapsed() < budget {
            let matches = &mut |event: &Event| (self.matches)(event);
            found = playback.continue_search(&mut self.search, matches, BATCH as u64)?;
        }
        Ok(found)
    }

    /// Returns the message while the search is not finished.
    pub fn progress(&self) -> Phrase {
        let percent = self.search.share() * 100.0;
        Phrase::plain(format!("searching for {}: {percent:.0}%", self.place()))
    }

    /// Returns the message for a search without a match.
    pub fn exhausted(&self) -> Phrase {
        Phrase::of(Tone::Warn, format!("no {}", self.place()))
    }

    fn place(&self) -> String {
        let relation = match self.search.direction() {
            Direction::Forward => "after",
            Direction::Back => "before",
        };
        format!("{} {relation} this", self.target)
    }
}
