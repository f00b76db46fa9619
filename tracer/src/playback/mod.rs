//! Moving about in a recording: to a time, to an event, to the next exit; and
//! playing it at some pace. Nothing of it is kept but where one is: the events
//! go to a [`Stage`], which makes of them what it likes.
//!
//! A jump begins at a saved [state](States) of the model that lies a while before
//! the place, so that the stage sees the recent past too, and costs the same
//! however long the recording is. A [`Pass`] makes the states; without them all is
//! played from the beginning.

mod contents;
mod density;
mod landing;
mod landmark;
mod pace;
mod pass;
mod search;
mod side;
mod states;
mod survey;

use std::io::{Read, Seek, SeekFrom};

pub use landing::LOOK_BACK;
pub use landmark::Landmark;
pub use pace::Pace;
pub use pass::{Pass, Spacing};
pub use search::{Found, Search, Way};
pub use side::{Fingerprint, Side};
pub use states::{BUDGET, SavedState, StatePlace, States};
pub use survey::Part as SurveyPart;

use crate::{
    event::Event,
    model::{Model, Retention},
    recording::{Chain, Entry, Error, Growing, Index, Part, RollCall, Span},
};
use contents::Contents;

/// Receives the events.
pub trait Stage {
    /// Forgets everything: the stream begins anew.
    fn clear(&mut self);
    /// Forgets everything: the events so far come to this model.
    fn restore(&mut self, model: Model);
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
    /// Where a landing can begin.
    states: States,
    /// Bytes of all parts, which bound what a state can hold.
    bytes: u64,
    /// The next event, when it has been looked at.
    next: Option<Event>,
    /// How many events the stage has been told, and the latest time of those.
    position: u64,
    now: u64,
    /// The reader is where the stage is.
    in_step: bool,
    /// Where the stage is, while the reader is elsewhere.
    left: Option<landing::Left>,
}

/// How far the index of a growing recording has been read.
struct Tail<R> {
    growing: Growing<R>,
    /// Its own index, and how much of that is in the contents.
    index: Index,
    entries: usize,
}

impl<R: Read + Seek> Playback<R> {
    /// Opens a recording at its beginning; reads its index, or makes one.
    pub fn open(mut from: R) -> Result<Playback<R>, Error> {
        let index = Index::load(&mut from)?;
        let bytes = from.seek(SeekFrom::End(0))?;
        from.rewind()?;
        let chain = Chain::of(from)?;
        let mut contents = Contents::default();
        contents.add(0, 0, 0, &index.entries);
        Ok(Playback::at_beginning(chain, contents, bytes, None))
    }

    /// Opens recordings that follow one another; the last of them may still be
    /// written, if it is to be [followed](Self::grow).
    pub fn open_parts(mut parts: Vec<Part<R>>, follow: bool) -> Result<Playback<R>, Error> {
        let mut indexes = Vec::new();
        let mut bytes = 0;
        let mut tail = None;
        let last = parts.len().saturating_sub(1);
        for (number, part) in parts.iter_mut().enumerate() {
            if follow && number == last {
                tail = Some(Tail::open(part.open()?)?);
                continue;
            }
            match part.open().map_err(Error::from).and_then(index_and_length) {
                Ok((index, length)) => {
                    indexes.push(index);
                    bytes += length;
                }
                // A recorder may remove the oldest at any time.
                Err(_) if number < last => indexes.push(Index::default()),
                Err(why) => return Err(why),
            }
        }
        let chain = Chain::open(parts)?;
        let mut contents = Contents::default();
        for (part, index) in indexes.iter().enumerate() {
            let (before, again) = (chain.before(part), chain.again(part));
            contents.add(part, before, again, &index.entries);
        }
        let mut playback = Playback::at_beginning(chain, contents, bytes, tail);
        playback.grow()?;
        playback.now = playback.span().map_or(0, |span| span.earliest);
        Ok(playback)
    }

    fn at_beginning(
        chain: Chain<R>,
        contents: Contents,
        bytes: u64,
        tail: Option<Tail<R>>,
    ) -> Playback<R> {
        Playback {
            now: contents.span().map_or(0, |span| span.earliest),
            chain,
            contents,
            tail,
            states: States::new(Retention::default()),
            bytes,
            next: None,
            position: 0,
            in_step: true,
            left: None,
        }
    }

    /// Lands on these states from now on. They were made of this very recording,
    /// for a stage that keeps as much of the past as they do.
    pub fn set_states(&mut self, states: States) {
        self.states = states;
    }

    /// The states that it can land on.
    pub fn states(&self) -> &States {
        &self.states
    }

    /// Takes in what has been written since. Costs as much as that is.
    pub fn grow(&mut self) -> Result<(), Error> {
        let Some(tail) = &mut self.tail else {
            return Ok(());
        };
        tail.growing.grow(&mut tail.index)?;
        let part = self.chain.parts() - 1;
        let (before, again) = (self.chain.before(part), self.chain.again(part));
        let entries = &tail.index.entries;
        let new = &entries[tail.entries..];
        self.bytes += new.iter().map(|entry| entry.length).sum::<u64>();
        self.contents.add(part, before, again, new);
        tail.entries = entries.len();
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

    /// Where the blocks of events are, each in its part.
    pub fn blocks(&self) -> &[Entry] {
        self.contents.entries()
    }

    /// Events in each of so many equal parts of the span, from the index alone.
    pub fn density(&self, parts: usize) -> Vec<u64> {
        density::density(self.contents.entries(), self.span(), parts)
    }

    /// One event on; false at the end.
    pub fn step(&mut self, stage: &mut dyn Stage) -> Result<bool, Error> {
        if !self.come_back()? {
            self.go_to(Place::Event(self.position), stage)?;
        }
        self.advance(stage)
    }

    /// One event back, of those that are there.
    pub fn step_back(&mut self, stage: &mut dyn Stage) -> Result<(), Error> {
        let place = self.before()?;
        self.go_to(place, stage)
    }

    /// The place one event back, of those that are there.
    pub fn before(&mut self) -> Result<Place, Error> {
        let mut search = self.search(Way::Back)?;
        Ok(match self.look_on(&mut search, &mut |_| true, u64::MAX)? {
            Found::Place(place) => Place::Event(place),
            Found::Nothing | Found::NotYet => Place::Beginning,
        })
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
        self.leave();
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
        })
    }
}

/// Of a part that nobody writes any more.
fn index_and_length(mut from: impl Read + Seek) -> Result<(Index, u64), Error> {
    let index = Index::load(&mut from)?;
    Ok((index, from.seek(SeekFrom::End(0))?))
}
