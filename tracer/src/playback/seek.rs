//! Seeking: plays on from the playhead, from the beginning or from a saved state, whichever
//! costs least. In every case the stage ends up as if the recording had been played from its
//! beginning.

use std::io::{Read, Seek};

use super::{
    playhead::Playback,
    stage::{Place, Stage},
    states::{SavedState, StatePlace},
};
use crate::recording::Error;

/// Events before the target at which a seek starts at the latest, so that the stage also sees
/// the recent past.
pub const LOOK_BACK: u64 = 10_000;

/// Processes that a state may contain, besides one for each byte of the recording.
const MIN_PROCESSES: usize = 1 << 20;

/// Maximum memory of a restored model for each byte of its state.
const RESTORED: u64 = 32;

/// Bytes of a state that can be restored in the time that it takes to play one event.
const BYTES_PER_EVENT: u64 = 40;

impl<R: Read + Seek> Playback<R> {
    /// Moves the playhead to a place. Afterwards the stage is as if all events up to there had
    /// been played.
    pub fn seek(&mut self, place: Place, stage: &mut dyn Stage) -> Result<(), Error> {
        self.begin_seek(place, stage)?;
        self.continue_seek(place, stage, u64::MAX)?;
        Ok(())
    }

    /// Begins a seek; [`continue_seek`](Self::continue_seek) completes it piece by piece.
    /// Until then the stage shows some earlier place.
    pub fn begin_seek(&mut self, place: Place, stage: &mut dyn Stage) -> Result<(), Error> {
        let about = self.events_before(place);
        let behind = match place {
            Place::Time(at) => at < self.now,
            Place::Beginning | Place::Event(_) => about < self.position,
            Place::End => false,
        };
        let ahead = about.saturating_sub(self.position);
        let mut to_play = match behind || !self.unpark_reader()? {
            true => None,
            false => Some(ahead),
        };
        while let Some((state, cost)) = self.state_for(place, about) {
            if to_play.is_some_and(|events| events <= cost) {
                return Ok(());
            }
            if self.restore_state(&state, stage)? {
                return Ok(());
            }
            self.states.remove(&state);
            to_play = to_play.filter(|_| self.reader_at_playhead);
        }
        match to_play {
            Some(_) => Ok(()),
            None => self.restart(stage),
        }
    }

    /// Plays at most `events` events towards the place. Returns true once it is reached.
    pub fn continue_seek(
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

    /// Moves the playhead over one event. Returns false at the end.
    pub fn step(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        if !self.unpark_reader()? {
            self.seek(Place::Event(self.position), stage)?;
        }
        self.advance(stage)
    }

    /// Returns the best state to start from, and the cost of that in played events.
    fn state_for(&self, place: Place, about: u64) -> Option<(StatePlace, u64)> {
        let latest = match place {
            Place::Time(at) => at,
            Place::Beginning | Place::Event(_) | Place::End => u64::MAX,
        };
        let state = self.states.before(about.checked_sub(LOOK_BACK)?, latest)?;
        let restoring = state.unpacked_size() as u64 / BYTES_PER_EVENT;
        Some((state.place, about - state.place.events() + restoring))
    }

    /// Restores a state and moves the chain behind it. Returns false if the state is damaged
    /// or its part of the recording has been removed.
    fn restore_state(&mut self, place: &StatePlace, stage: &mut dyn Stage) -> Result<bool, Error> {
        let processes = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let processes = processes.saturating_add(MIN_PROCESSES);
        let state = self.states.iter().find(|state| state.place == *place);
        let state = state.filter(|state| self.has_room_for(state));
        let Some(model) = state.and_then(|state| state.restore(processes)) else {
            return Ok(false);
        };
        self.park_reader();
        let moved = match place {
            StatePlace::Chain(position) => self.chain.resume(position),
            StatePlace::Live { events, latest } => self.skip_events(*events, *latest),
        };
        // A recorder may have removed that part.
        if !moved.unwrap_or(false) {
            self.unpark_reader()?;
            return Ok(false);
        }
        self.parked = None;
        stage.restore(model);
        self.position = place.events();
        let earliest = self.span().map_or(0, |span| span.earliest);
        self.now = place.latest().max(earliest);
        self.reader_at_playhead = true;
        Ok(true)
    }

    /// Returns true if a restored state cannot take more memory than reading the recording may.
    fn has_room_for(&self, state: &SavedState) -> bool {
        let most = self.memory.map_or(u64::MAX, |limit| limit.bytes);
        (state.unpacked_size() as u64).saturating_mul(RESTORED) <= most
    }

    /// Moves the chain behind `events` events of a recording in which nothing is missing.
    fn skip_events(&mut self, events: u64, latest: u64) -> Result<bool, Error> {
        let (part, offset) = self.index.block_of(events.saturating_sub(1));
        self.chain.resume_at(part, offset)?;
        while self.chain.number() < events {
            if self.chain.next_event()?.is_none() {
                return Ok(false);
            }
        }
        self.chain.set_latest(latest);
        Ok(self.chain.number() == events)
    }

    fn restart(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        stage.clear();
        (self.next, self.parked) = (None, None);
        self.chain.rewind()?;
        // Playing on from time 0 would first pass all the time since boot.
        self.now = self.span().map_or(0, |span| span.earliest);
        (self.position, self.reader_at_playhead) = (0, true);
        Ok(())
    }
}
