//! Moving about in a recording: to a time, to an event, to the next exit; and
//! playing it at some pace. Nothing of it is kept but where one is: the events
//! go to a [`Stage`], which makes of them what it likes.
//!
//! A jump begins at a checkpoint that lies a while before the place, so that
//! the stage sees the recent past too, and costs the same however long the
//! recording is. What lies ahead and near is simply played.

mod density;
mod landmark;
mod pace;

use std::io::{Read, Seek};

pub use landmark::Landmark;
pub use pace::Pace;

use crate::{
    event::{Event, What},
    recording::{Checkpoint, Error, Index, Reader, Span},
};

/// So many events before the place a jump begins, and more by what lies between
/// two checkpoints.
const LOOK_BACK: u64 = 100_000;

/// What lies no further ahead is played.
const NEAR: u64 = 200_000;

/// Whoever is told the events.
pub trait Stage {
    /// Forget everything: the stream begins anew.
    fn clear(&mut self);
    fn take(&mut self, event: &Event);
}

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Beginning,
    /// So many events have happened.
    Event(u64),
    /// Everything up to this time has happened, ns since boot.
    Time(u64),
    End,
}

pub struct Playback<R> {
    reader: Reader<R>,
    index: Index,
    /// Events before each block of the index.
    before: Vec<u64>,
    total: u64,
    span: Option<Span>,
    /// The next event, when it has been looked at.
    next: Option<Event>,
    /// How many events the stage has been told, and the latest time of those.
    position: u64,
    now: u64,
    /// The reader is where the stage is.
    in_step: bool,
}

impl<R: Read + Seek> Playback<R> {
    /// Opens a recording at its beginning; reads its index, or makes one.
    pub fn open(mut from: R) -> Result<Playback<R>, Error> {
        let index = Index::load(&mut from)?;
        from.rewind()?;
        let mut total = 0;
        let mut before = Vec::with_capacity(index.entries.len());
        for entry in &index.entries {
            before.push(total);
            total += u64::from(entry.events);
        }
        let spans = index.entries.iter().map(|entry| entry.span);
        let span = spans.reduce(|all, span| Span {
            earliest: all.earliest.min(span.earliest),
            latest: all.latest.max(span.latest),
        });
        Ok(Playback {
            reader: Reader::new(from)?,
            index,
            before,
            total,
            span,
            next: None,
            position: 0,
            now: span.map_or(0, |span| span.earliest),
            in_step: true,
        })
    }

    /// From the first event's time to the last's; none without events.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.total
    }

    /// How many of them the stage has been told.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The time at that place, ns since boot.
    pub fn now(&self) -> u64 {
        self.now
    }

    pub fn is_at_end(&self) -> bool {
        self.position >= self.total
    }

    /// Where the blocks are, and the checkpoints.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Events in each of so many equal parts of the span, from the index alone.
    pub fn density(&self, parts: usize) -> Vec<u64> {
        density::density(&self.index.entries, self.span, parts)
    }

    /// Goes to a place: afterwards the stage is as if all events up to there
    /// had been played, but for those who have long been gone.
    pub fn go_to(&mut self, place: Place, stage: &mut dyn Stage) -> Result<(), Error> {
        let about = self.event_near(place);
        let behind = match place {
            Place::Time(at) => at < self.now,
            Place::Beginning | Place::Event(_) => about < self.position,
            Place::End => false,
        };
        if behind || !self.in_step || about > self.position + NEAR {
            self.jump(about, stage)?;
        }
        while !self.is_at(place) {
            if !self.advance(stage)? {
                break;
            }
        }
        if let Place::Time(at) = place {
            let latest = self.span.map_or(at, |span| span.latest);
            self.now = self.now.max(at.min(latest));
        }
        Ok(())
    }

    /// One event on; false at the end.
    pub fn step(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        if !self.in_step {
            self.go_to(Place::Event(self.position), stage)?;
        }
        self.advance(stage)
    }

    /// One event back.
    pub fn step_back(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        self.go_to(Place::Event(self.position.saturating_sub(1)), stage)
    }

    /// Goes behind the next event of which `wanted` is true; stays where it is
    /// when there is none, and says so.
    pub fn next_where(
        &mut self,
        mut wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        if !self.in_step {
            self.seek_block(self.position)?;
        }
        self.in_step = false;
        loop {
            let next = match self.next.take() {
                Some(next) => Some(next),
                None => self.reader.next_event()?,
            };
            let Some(event) = next else {
                return Ok(false);
            };
            let number = self.reader.number();
            if !self.reader.is_recalling() && number > self.position && wanted(&event) {
                self.go_to(Place::Event(number), stage)?;
                return Ok(true);
            }
        }
    }

    /// Goes behind the last event before this place of which `wanted` is true;
    /// stays when there is none, and says so. Reads block by block backwards.
    pub fn previous_where(
        &mut self,
        mut wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        // The event that one stands behind is not meant.
        let limit = self.position.saturating_sub(1);
        let blocks = self.before.partition_point(|&before| before < limit);
        for block in (0..blocks).rev() {
            self.seek_block(self.before[block])?;
            let end = self.before[block] + u64::from(self.index.entries[block].events);
            let end = end.min(limit);
            let mut found = None;
            while let Some(event) = self.reader.next_event()? {
                let number = self.reader.number();
                if number <= end && !self.reader.is_recalling() && wanted(&event) {
                    found = Some(number);
                }
                if number >= end {
                    break;
                }
            }
            if let Some(number) = found {
                self.go_to(Place::Event(number), stage)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the reader, not the stage, to the block in which that event is.
    fn seek_block(&mut self, event: u64) -> Result<(), Error> {
        self.in_step = false;
        self.next = None;
        let block = self.before.partition_point(|&before| before <= event);
        let entry = self.index.entries.get(block.saturating_sub(1));
        self.reader.resume_at(entry.map_or(0, |entry| entry.offset))
    }

    /// About how many events lie before a place; never more.
    fn event_near(&self, place: Place) -> u64 {
        match place {
            Place::Beginning => 0,
            Place::Event(number) => number.min(self.total),
            Place::End => self.total,
            Place::Time(at) => {
                let entries = &self.index.entries;
                let block = entries.partition_point(|entry| entry.span.latest <= at);
                self.before.get(block).copied().unwrap_or(self.total)
            }
        }
    }

    /// Clears the stage and tells it where to begin, before that event.
    fn jump(&mut self, event: u64, stage: &mut dyn Stage) -> Result<(), Error> {
        let enough = |checkpoint: &Checkpoint| checkpoint.events_before + LOOK_BACK <= event;
        let good = self.index.checkpoints.partition_point(enough);
        for good in (0..good).rev() {
            let checkpoint = self.index.checkpoints[good];
            if self.recall(checkpoint, stage)? {
                return Ok(());
            }
        }
        stage.clear();
        self.next = None;
        self.reader.rewind()?;
        (self.position, self.now, self.in_step) = (0, 0, true);
        Ok(())
    }

    /// Tells the stage what a checkpoint holds; false if that is damaged.
    fn recall(&mut self, checkpoint: Checkpoint, stage: &mut dyn Stage) -> Result<bool, Error> {
        self.reader.resume_at(checkpoint.offset)?;
        stage.clear();
        self.next = None;
        loop {
            let event = self.reader.next_event()?;
            let Some(event) = event.filter(|_| self.reader.is_recalling()) else {
                return Ok(false);
            };
            stage.take(&event);
            if let What::Summary(_) = event.what {
                self.position = checkpoint.events_before;
                self.now = checkpoint.at;
                self.in_step = true;
                return Ok(true);
            }
        }
    }

    fn is_at(&mut self, place: Place) -> bool {
        match place {
            Place::Beginning => true,
            Place::Event(number) => self.position >= number,
            Place::End => false,
            Place::Time(at) => {
                let next = self.look_ahead();
                next.is_none_or(|event| event.at > at)
            }
        }
    }

    /// The next event, which the stage has not been told.
    fn look_ahead(&mut self) -> Option<&Event> {
        if self.next.is_none() {
            // An error comes again when the event is taken.
            self.next = self.reader.next_event().ok().flatten();
        }
        self.next.as_ref()
    }

    fn advance(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        let next = match self.next.take() {
            Some(next) => Some(next),
            None => self.reader.next_event()?,
        };
        let Some(event) = next else {
            return Ok(false);
        };
        self.position = self.reader.number();
        self.now = self.now.max(event.at);
        stage.take(&event);
        Ok(true)
    }
}
