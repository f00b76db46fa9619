//! Recordings that are parts of one trace, read as one: no event is told twice
//! at a seam, and what is missing there is a gap like any other. How the parts
//! are found this file must not know.

mod position;

use std::io::{Read, Seek};

pub use position::Position;

use super::{
    Error, Reader, RollCall,
    part::{Account, Open, Opened, Part, open_from},
};
use crate::event::{Event, Gap, GapCause, Summary, What, Who};

pub struct Chain<R> {
    parts: Vec<Part<R>>,
    /// The first that could be opened: what lies before others is counted from
    /// its beginning.
    first: usize,
    /// Which one is read.
    at: usize,
    reader: Reader<R>,
    roll_call: Option<RollCall>,
    /// The part was come to from the one before: what it begins with was told.
    follows: bool,
    /// The latest time given out.
    latest: u64,
    /// So many events are missing before the part that was just come to.
    missing: u64,
    /// The event behind a gap.
    held: Option<Event>,
    /// The event last given is a gap.
    is_behind_gap: bool,
    /// What the counts were when the first part began.
    base: Option<Summary>,
    accounts: Vec<Account>,
}

impl<R: Read> Chain<R> {
    /// One recording that is the whole trace.
    pub fn of(from: R) -> Result<Chain<R>, Error> {
        Chain::open(vec![Part {
            open: Open::Once(Some(from)),
            segment: None,
            realtime_offset: None,
            at: 0,
        }])
    }

    /// Opens the first of the parts that can be opened; each follows the one
    /// before.
    pub fn open(mut parts: Vec<Part<R>>) -> Result<Chain<R>, Error> {
        let Opened {
            part,
            reader,
            refused,
        } = open_from(&mut parts, 0, None)?;
        let mut chain = Chain {
            parts,
            first: part,
            at: part,
            reader,
            roll_call: None,
            follows: false,
            latest: 0,
            missing: 0,
            held: None,
            is_behind_gap: false,
            base: None,
            accounts: refused,
        };
        chain.begin();
        Ok(chain)
    }

    /// See [`Reader::healed_by`].
    pub fn healed_by(mut self, roll_call: RollCall) -> Chain<R> {
        self.reader = self.reader.healed_by(roll_call);
        self.roll_call = Some(roll_call);
        self
    }

    /// The stream begins with this part. What those held that are gone is missing
    /// all the same.
    fn begin(&mut self) {
        let before = |part: usize| self.parts[part].segment.map_or(0, |it| it.events_before);
        self.missing = before(self.at).saturating_sub(before(0));
        self.latest = match self.missing {
            0 => 0,
            _ => self.parts[0].at,
        };
        (self.follows, self.held) = (false, None);
    }

    /// The trace has gone on in another part.
    pub fn push(&mut self, part: Part<R>) {
        self.parts.push(part);
    }

    /// The next event; none at the end of the last part, which can be asked
    /// again if it grows.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        let next = self.next_of_parts()?;
        self.note_gap(next.as_ref());
        Ok(next)
    }

    fn next_of_parts(&mut self) -> Result<Option<Event>, Error> {
        loop {
            let next = match self.held.take() {
                Some(held) => Some(held),
                None => self.reader.next_event()?,
            };
            let Some(mut event) = next else {
                if self.at + 1 == self.parts.len() {
                    return Ok(None);
                }
                self.enter_next()?;
                continue;
            };
            let is_first = self.follows && self.reader.number() == 1;
            let was_told = is_first && matches!(event.what, What::Session(_));
            if self.missing > 0 {
                let gap = self.gap(event.at);
                self.held = (!was_told).then_some(event);
                return Ok(Some(gap));
            }
            if was_told {
                continue;
            }
            self.latest = self.latest.max(event.at);
            self.put_right(&mut event)?;
            return Ok(Some(event));
        }
    }

    /// Goes on in the next part that can be opened.
    fn enter_next(&mut self) -> Result<(), Error> {
        let told = self.number();
        let Opened {
            part,
            reader,
            refused,
        } = open_from(&mut self.parts, self.at + 1, self.roll_call)?;
        self.accounts.push(self.account());
        self.accounts.extend(refused);
        self.missing += self.before(part).saturating_sub(told);
        let lacks = self.missing > 0 || self.reader.is_to_be_healed();
        self.at = part;
        self.reader = reader;
        self.reader.follow_on(self.latest, lacks);
        self.follows = true;
        Ok(())
    }

    /// What is missing up to that time, which the next part begins at.
    fn gap(&mut self, until: u64) -> Event {
        let since = self.latest;
        self.latest = until.max(since);
        let cause = GapCause::Unreadable {
            events: Some(std::mem::take(&mut self.missing)),
        };
        Event {
            at: self.latest,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since,
                lost: Vec::new(),
                cause,
            })),
        }
    }

    /// What events say that depends on where the stream begins and ends.
    fn put_right(&mut self, event: &mut Event) -> Result<(), Error> {
        match &mut event.what {
            // A clock that was set while tracing is the better one after that.
            What::Session(session) => {
                let latest = self.parts.last().and_then(|part| part.realtime_offset);
                session.realtime_offset = latest.unwrap_or(session.realtime_offset);
            }
            What::Summary(summary) if self.is_recalling() && self.skips_a_beginning() => {
                let base = match &self.base {
                    Some(base) => base,
                    None if self.at == self.first && self.reader.number() <= 1 => {
                        self.base.insert(Summary {
                            began: event.at,
                            ..(**summary).clone()
                        })
                    }
                    None => {
                        let base = self.read_base()?;
                        self.base.insert(base)
                    }
                };
                **summary = summary.since(base);
            }
            _ => {}
        }
        Ok(())
    }

    /// The first part is not the first of the trace.
    fn skips_a_beginning(&self) -> bool {
        let first = self.parts[self.first].segment;
        first.is_some_and(|segment| segment.number > 0)
    }

    /// What all events before the first part add up to.
    fn read_base(&mut self) -> Result<Summary, Error> {
        let mut first = open_from(&mut self.parts, self.first, None)?.reader;
        while let Some(event) = first.next_event()? {
            if !first.is_recalling() && first.number() > 1 {
                break;
            }
            if let What::Summary(summary) = event.what {
                return Ok(Summary {
                    began: event.at,
                    ..*summary
                });
            }
        }
        Ok(Summary::default())
    }

    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// How many events of the stream lie before a part.
    pub fn before(&self, part: usize) -> u64 {
        let segment = |part: usize| self.parts.get(part).and_then(|part| part.segment);
        match (segment(self.first), segment(part)) {
            (Some(first), Some(this)) if part > self.first => {
                let again = u64::from(first.number > 0);
                this.events_before.saturating_sub(first.events_before) + again
            }
            _ => 0,
        }
    }

    /// How many events of a part are not of the stream: its session, but for
    /// the first.
    pub fn again(&self, part: usize) -> u64 {
        u64::from(part > self.first)
    }

    /// How many events lie before the next one.
    pub fn number(&self) -> u64 {
        let own = self.reader.number();
        self.before(self.at) + own.saturating_sub(self.again(self.at))
    }

    /// The event last given is one of a checkpoint: it was told before.
    pub fn is_recalling(&self) -> bool {
        self.reader.is_recalling()
    }

    /// Which part is read, and where in it.
    pub fn place(&self) -> (usize, u64) {
        (self.at, self.reader.offset())
    }

    pub fn reader(&self) -> &Reader<R> {
        &self.reader
    }

    /// What was wrong with each part that was read, by its number.
    pub fn accounts(&self) -> impl Iterator<Item = (usize, Account)> + '_ {
        let all = self.accounts.iter().cloned().chain([self.account()]);
        all.enumerate()
    }

    fn account(&self) -> Account {
        Account {
            refused: None,
            damage: self.reader.damage().to_vec(),
            unknown: self.reader.unknown(),
            ending: self.reader.ending(),
        }
    }
}

impl<R: Read + Seek> Chain<R> {
    /// Goes on at a block of a part: see [`Reader::resume_at`].
    pub fn resume_at(&mut self, part: usize, offset: u64) -> Result<(), Error> {
        self.enter(part)?;
        self.reader.resume_at(offset)
    }

    /// Reads that part, as if nothing had been read before.
    fn enter(&mut self, part: usize) -> Result<(), Error> {
        if part != self.at {
            self.reader = self.parts[part].read(self.roll_call)?;
            self.at = part;
        }
        (self.follows, self.latest) = (false, 0);
        (self.missing, self.held) = (0, None);
        self.is_behind_gap = false;
        Ok(())
    }

    /// Begins anew, with the first part that is still there.
    pub fn rewind(&mut self) -> Result<(), Error> {
        if self.at != self.first {
            let opened = open_from(&mut self.parts, self.first, self.roll_call)?;
            (self.at, self.reader) = (opened.part, opened.reader);
        }
        self.begin();
        self.reader.rewind()
    }
}
