//! Moving about in a recording: to a time, to an event, to the next exit; and
//! playing it at some pace. Nothing of it is kept but where one is: the events
//! go to a [`Stage`], which makes of them what it likes.
//!
//! A jump begins at a checkpoint that lies a while before the place, so that
//! the stage sees the recent past too, and costs the same however long the
//! recording is. What lies ahead and near is simply played.

mod contents;
mod density;
mod landmark;
mod pace;
mod search;
mod survey;

use std::io::{Read, Seek};

pub use landmark::Landmark;
pub use pace::Pace;
pub use search::{Found, Search, Way};
pub use survey::{Part as SurveyPart, Survey};

use crate::{
    event::{Event, What},
    recording::{Chain, Checkpoint, Error, Growing, Index, Part, RollCall, Span},
};
use contents::Contents;

/// So many events before the place a jump begins, and more by what lies between
/// two checkpoints.
const LOOK_BACK: u64 = 50_000;

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
    chain: Chain<R>,
    contents: Contents,
    /// The last part, where it is still being written.
    tail: Option<Tail<R>>,
    /// The next event, when it has been looked at.
    next: Option<Event>,
    /// How many events the stage has been told, and the latest time of those.
    position: u64,
    now: u64,
    /// The reader is where the stage is.
    in_step: bool,
}

/// How far the index of a growing recording has been read.
struct Tail<R> {
    growing: Growing<R>,
    /// Its own index, and how much of that is in the contents.
    index: Index,
    entries: usize,
    checkpoints: usize,
}

impl<R: Read + Seek> Playback<R> {
    /// Opens a recording at its beginning; reads its index, or makes one.
    pub fn open(mut from: R) -> Result<Playback<R>, Error> {
        let index = Index::load(&mut from)?;
        from.rewind()?;
        let chain = Chain::of(from)?;
        let mut contents = Contents::default();
        contents.add(0, 0, 0, &index.entries, &index.checkpoints);
        Ok(Playback::at_beginning(chain, contents, None))
    }

    /// Opens recordings that follow one another; the last of them may still be
    /// written, if it is to be [followed](Self::grow).
    pub fn open_parts(mut parts: Vec<Part<R>>, follow: bool) -> Result<Playback<R>, Error> {
        let mut indexes = Vec::new();
        let mut tail = None;
        let last = parts.len().saturating_sub(1);
        for (number, part) in parts.iter_mut().enumerate() {
            if follow && number == last {
                tail = Some(Tail::open(part.open()?)?);
                continue;
            }
            match part.open().map_err(Error::from).and_then(Index::load) {
                Ok(index) => indexes.push(index),
                // A recorder may remove the oldest at any time.
                Err(_) if number < last => indexes.push(Index::default()),
                Err(why) => return Err(why),
            }
        }
        let chain = Chain::open(parts)?;
        let mut contents = Contents::default();
        for (part, index) in indexes.iter().enumerate() {
            let (before, again) = (chain.before(part), chain.again(part));
            contents.add(part, before, again, &index.entries, &index.checkpoints);
        }
        let mut playback = Playback::at_beginning(chain, contents, tail);
        playback.grow()?;
        playback.now = playback.span().map_or(0, |span| span.earliest);
        Ok(playback)
    }

    fn at_beginning(chain: Chain<R>, contents: Contents, tail: Option<Tail<R>>) -> Playback<R> {
        Playback {
            now: contents.span().map_or(0, |span| span.earliest),
            chain,
            contents,
            tail,
            next: None,
            position: 0,
            in_step: true,
        }
    }

    /// Takes in what has been written since. Costs as much as that is.
    pub fn grow(&mut self) -> Result<(), Error> {
        let Some(tail) = &mut self.tail else {
            return Ok(());
        };
        tail.growing.grow(&mut tail.index)?;
        let part = self.chain.parts() - 1;
        let (before, again) = (self.chain.before(part), self.chain.again(part));
        // A checkpoint's last block may yet come: it is complete when something
        // else stands behind it.
        let entries = &tail.index.entries;
        let behind = entries.last().map_or(0, |entry| entry.offset);
        let checkpoints = &tail.index.checkpoints;
        let complete = checkpoints.partition_point(|checkpoint| checkpoint.offset < behind);
        self.contents.add(
            part,
            before,
            again,
            &entries[tail.entries..],
            &checkpoints[tail.checkpoints..complete],
        );
        (tail.entries, tail.checkpoints) = (entries.len(), complete);
        Ok(())
    }

    /// The last part has its end mark, or nobody waits for it.
    pub fn has_ended(&self) -> bool {
        let tail = self.tail.as_ref();
        tail.is_none_or(|tail| tail.growing.has_ended())
    }

    /// The trace has gone on in another recording, which may still be written.
    pub fn push(&mut self, mut part: Part<R>) -> Result<(), Error> {
        self.grow()?;
        self.tail = Some(Tail::open(part.open()?)?);
        self.chain.push(part);
        self.grow()
    }

    /// Nothing more will be written.
    pub fn stop_growing(&mut self) {
        self.tail = None;
    }

    /// See [`crate::recording::Reader::healed_by`].
    pub fn healed_by(mut self, roll_call: RollCall) -> Playback<R> {
        self.chain = self.chain.healed_by(roll_call);
        self
    }

    /// The event last told is not of the stream: it says who is still there.
    pub fn is_recalling(&self) -> bool {
        self.next.is_none() && self.chain.is_recalling()
    }

    /// From the first event's time to the last's; none without events.
    pub fn span(&self) -> Option<Span> {
        self.contents.span()
    }

    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.contents.events()
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
        self.position >= self.events()
    }

    /// Where the blocks are, and the checkpoints.
    pub fn index(&self) -> &Index {
        self.contents.index()
    }

    /// Events in each of so many equal parts of the span, from the index alone.
    pub fn density(&self, parts: usize) -> Vec<u64> {
        density::density(&self.contents.index().entries, self.span(), parts)
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
        if behind || !self.in_step || about > self.position.saturating_add(NEAR) {
            self.jump(about, stage)?;
        }
        while !self.is_at(place) {
            if !self.advance(stage)? {
                break;
            }
        }
        if let Place::Time(at) = place {
            let latest = self.span().map_or(at, |span| span.latest);
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

    /// One event back, of those that are there.
    pub fn step_back(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        match self.previous_where(|_| true, stage)? {
            true => Ok(()),
            false => self.go_to(Place::Beginning, stage),
        }
    }

    /// Goes behind the next event of which `wanted` is true; stays where it is
    /// when there is none, and says so.
    pub fn next_where(
        &mut self,
        wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        self.go_where(Way::Forward, wanted, stage)
    }

    /// Goes behind the last event before this place of which `wanted` is true;
    /// stays when there is none, and says so. Reads block by block backwards.
    pub fn previous_where(
        &mut self,
        wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        self.go_where(Way::Back, wanted, stage)
    }

    /// Looks through all that lies there: [`search`](Self::search) does it piece
    /// by piece.
    fn go_where(
        &mut self,
        way: Way,
        mut wanted: impl FnMut(&Event) -> bool,
        stage: &mut dyn Stage,
    ) -> Result<bool, Error> {
        let mut search = self.search(way)?;
        match self.look_on(&mut search, &mut wanted, u64::MAX)? {
            Found::Place(place) => self.go_to(Place::Event(place), stage).map(|()| true),
            Found::Nothing | Found::NotYet => Ok(false),
        }
    }

    /// Puts the reader, not the stage, to the block in which that event is.
    fn seek_block(&mut self, event: u64) -> Result<(), Error> {
        self.in_step = false;
        self.next = None;
        let (part, offset) = self.contents.block_of(event);
        self.chain.resume_at(part, offset)
    }

    /// About how many events lie before a place; never more.
    fn event_near(&self, place: Place) -> u64 {
        match place {
            Place::Beginning => 0,
            Place::Event(number) => number.min(self.events()),
            Place::End => self.events(),
            Place::Time(at) => self.contents.events_until(at),
        }
    }

    /// Clears the stage and tells it where to begin, before that event.
    fn jump(&mut self, event: u64, stage: &mut dyn Stage) -> Result<(), Error> {
        let early = event.checked_sub(LOOK_BACK);
        let enough = |it: &Checkpoint| early.is_some_and(|early| it.events_before <= early);
        let good = self.index().checkpoints.partition_point(enough);
        for good in (0..good).rev() {
            if self.recall(good, stage)? {
                return Ok(());
            }
        }
        stage.clear();
        self.next = None;
        self.chain.rewind()?;
        (self.position, self.now, self.in_step) = (0, 0, true);
        Ok(())
    }

    /// Tells the stage what a checkpoint holds; false if that is damaged.
    fn recall(&mut self, number: usize, stage: &mut dyn Stage) -> Result<bool, Error> {
        let (part, checkpoint) = self.contents.checkpoint(number);
        // A recorder may have removed it.
        if self.chain.resume_at(part, checkpoint.offset).is_err() {
            return Ok(false);
        }
        stage.clear();
        self.next = None;
        loop {
            let event = self.chain.next_event()?;
            let Some(event) = event.filter(|_| self.chain.is_recalling()) else {
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
            self.next = self.chain.next_event().ok().flatten();
        }
        self.next.as_ref()
    }

    fn advance(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        let next = match self.next.take() {
            Some(next) => Some(next),
            None => self.chain.next_event()?,
        };
        let Some(event) = next else {
            return Ok(false);
        };
        self.position = self.chain.number();
        self.now = self.now.max(event.at);
        stage.take(&event);
        Ok(true)
    }
}

impl<R: Read> Tail<R> {
    fn open(from: R) -> Result<Tail<R>, Error> {
        Ok(Tail {
            growing: Growing::open(from)?,
            index: Index::default(),
            entries: 0,
            checkpoints: 0,
        })
    }
}
