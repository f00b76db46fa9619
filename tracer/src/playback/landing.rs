//! How a place is come to: by playing on from where one is, or from the beginning,
//! or from a saved state before it, whichever costs least. Wherever one comes
//! from, the stage is as if all had been played from the beginning.

use std::io::{Read, Seek};

use super::{Place, Playback, Stage, StatePlace};
use crate::{
    event::Event,
    recording::{Error, Position},
};

/// So many events before a place a landing begins, so that the stage sees the
/// recent past too.
pub const LOOK_BACK: u64 = 10_000;

/// A state may speak of so many processes, and of one more for each byte of the
/// recording.
const FEW: usize = 1 << 20;

/// To restore so many bytes of a state takes as long as to play an event.
const BYTES_PER_EVENT: u64 = 40;

/// Where the reader was when it was sent to look for something.
#[derive(Debug)]
pub(super) struct Left {
    position: Position,
    /// What it had read beyond the stage.
    next: Option<Event>,
}

impl<R: Read + Seek> Playback<R> {
    /// Goes to a place: afterwards the stage is as if all events up to there
    /// had been played.
    pub fn go_to(&mut self, place: Place, stage: &mut dyn Stage) -> Result<(), Error> {
        self.set_out(place, stage)?;
        self.go_on(place, stage, u64::MAX)?;
        Ok(())
    }

    /// Begins to go to a place; [`go_on`](Self::go_on) does the rest, piece by
    /// piece. The stage is at some place before it meanwhile.
    pub fn set_out(&mut self, place: Place, stage: &mut dyn Stage) -> Result<(), Error> {
        let about = self.event_near(place);
        let behind = match place {
            Place::Time(at) => at < self.now,
            Place::Beginning | Place::Event(_) => about < self.position,
            Place::End => false,
        };
        let ahead = about.saturating_sub(self.position);
        let mut to_play = match behind || !self.come_back()? {
            true => None,
            false => Some(ahead),
        };
        while let Some((state, cost)) = self.state_for(place, about) {
            if to_play.is_some_and(|events| events <= cost) {
                return Ok(());
            }
            if self.land(&state, stage)? {
                return Ok(());
            }
            self.states.remove(&state);
            to_play = to_play.filter(|_| self.in_step);
        }
        match to_play {
            Some(_) => Ok(()),
            None => self.begin_anew(stage),
        }
    }

    /// The stage shows the end already.
    pub fn is_shown_at_end(&mut self) {
        self.leave();
        self.left = None;
        self.position = self.events();
        self.now = self.span().map_or(0, |span| span.latest);
    }

    /// Plays so many events of the way, at most; true when it has arrived.
    pub fn go_on(
        &mut self,
        place: Place,
        stage: &mut dyn Stage,
        events: u64,
    ) -> Result<bool, Error> {
        for _ in 0..events {
            if self.is_at(place) || !self.advance(stage)? {
                if let Place::Time(at) = place {
                    let latest = self.span().map_or(at, |span| span.latest);
                    self.now = self.now.max(at.min(latest));
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The state to land on, and how many events playing it comes to.
    fn state_for(&self, place: Place, about: u64) -> Option<(StatePlace, u64)> {
        let latest = match place {
            Place::Time(at) => at,
            Place::Beginning | Place::Event(_) | Place::End => u64::MAX,
        };
        let state = self.states.before(about.checked_sub(LOOK_BACK)?, latest)?;
        let restoring = state.length() as u64 / BYTES_PER_EVENT;
        Some((state.place, about - state.place.events() + restoring))
    }

    /// Hands the stage a state and goes on from there; false if it is damaged, or
    /// what it was made of is gone.
    fn land(&mut self, place: &StatePlace, stage: &mut dyn Stage) -> Result<bool, Error> {
        let made = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let made = made.saturating_add(FEW);
        let state = self.states.iter().find(|state| state.place == *place);
        let Some(model) = state.and_then(|state| state.restore(made)) else {
            return Ok(false);
        };
        self.leave();
        let stands = match place {
            StatePlace::Read(position) => self.chain.resume(position),
            StatePlace::Made { events, latest } => self.stand_behind(*events, *latest),
        };
        // A recorder may have removed it.
        if !stands.unwrap_or(false) {
            self.come_back()?;
            return Ok(false);
        }
        self.left = None;
        stage.restore(model);
        self.position = place.events();
        let earliest = self.span().map_or(0, |span| span.earliest);
        self.now = place.latest().max(earliest);
        self.in_step = true;
        Ok(true)
    }

    /// Puts the reader behind so many events of a recording that misses nothing.
    fn stand_behind(&mut self, events: u64, latest: u64) -> Result<bool, Error> {
        let (part, offset) = self.contents.block_of(events.saturating_sub(1));
        self.chain.resume_at(part, offset)?;
        while self.chain.number() < events {
            if self.chain.next_event()?.is_none() {
                return Ok(false);
            }
        }
        self.chain.has_told(latest);
        Ok(self.chain.number() == events)
    }

    fn begin_anew(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        stage.clear();
        (self.next, self.left) = (None, None);
        self.chain.rewind()?;
        (self.position, self.now, self.in_step) = (0, 0, true);
        Ok(())
    }

    /// Lets the reader go elsewhere, while the stage stays where it is. Gives the
    /// event that had been read beyond the stage.
    pub(super) fn leave(&mut self) -> Option<Event> {
        let next = self.next.take();
        if self.in_step {
            let next = next.clone();
            self.left = self
                .chain
                .position()
                .map(|position| Left { position, next });
        }
        self.in_step = false;
        next
    }

    /// Brings the reader back to where the stage is, if that can be done.
    pub(super) fn come_back(&mut self) -> Result<bool, Error> {
        if !self.in_step
            && let Some(Left { position, next }) = self.left.take()
            // A recorder may have removed it.
            && self.chain.resume(&position).unwrap_or(false)
        {
            self.next = next;
            self.in_step = true;
        }
        Ok(self.in_step)
    }
}
