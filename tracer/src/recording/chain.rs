//! Recordings that are parts of one trace, read as one: no event is told twice
//! at a seam, and what is missing there is a gap like any other. How the parts
//! are found this file must not know.

use std::io::{self, Read, Seek};

use super::{Damage, Ending, Error, Reader, Unknown};
use crate::event::{Event, Gap, GapCause, Segment, Summary, What, Who};

/// How a part is come to.
pub enum Open<R> {
    /// It is open, and there is no other: nobody leaves it.
    Once(Option<R>),
    /// It is opened anew each time.
    Again(Box<dyn FnMut() -> io::Result<R>>),
}

impl<R> Open<R> {
    fn open(&mut self) -> io::Result<R> {
        match self {
            Open::Once(from) => from.take().ok_or_else(|| io::ErrorKind::NotSeekable.into()),
            Open::Again(open) => open(),
        }
    }
}

/// One of the recordings.
pub struct Part<R> {
    pub open: Open<R>,
    /// None: it is the whole trace.
    pub segment: Option<Segment>,
    /// The wall clock as of its beginning, where that is known.
    pub realtime_offset: Option<i64>,
}

impl<R> Part<R> {
    pub fn open(&mut self) -> io::Result<R> {
        self.open.open()
    }
}

/// What was wrong with a part that has been read.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// It could not be opened.
    pub refused: Option<String>,
    pub damage: Vec<Damage>,
    pub unknown: Unknown,
    pub ending: Option<Ending>,
}

pub struct Chain<R> {
    parts: Vec<Part<R>>,
    /// Which one is read.
    at: usize,
    reader: Reader<R>,
    /// The part was come to from the one before: what it begins with was told.
    follows: bool,
    /// The latest time given out.
    latest: u64,
    /// So many events are missing before the part that was just come to.
    missing: u64,
    /// The event behind a gap.
    held: Option<Event>,
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
        }])
    }

    /// Opens the first of the parts; each follows the one before.
    pub fn open(mut parts: Vec<Part<R>>) -> Result<Chain<R>, Error> {
        let first = parts.first_mut().ok_or(Error::Empty)?;
        let reader = Reader::new(first.open()?)?;
        Ok(Chain {
            parts,
            at: 0,
            reader,
            follows: false,
            latest: 0,
            missing: 0,
            held: None,
            base: None,
            accounts: Vec::new(),
        })
    }

    /// The trace has gone on in another part.
    pub fn push(&mut self, part: Part<R>) {
        self.parts.push(part);
    }

    /// The next event; none at the end of the last part, which can be asked
    /// again if it grows.
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
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
        let mut next = self.at + 1;
        let mut refused = Vec::new();
        let reader = loop {
            let opened = self.parts[next].open().map_err(Error::from);
            match opened.and_then(Reader::new) {
                Ok(reader) => break reader,
                // A recorder removes the oldest at any time: what it left of the
                // trace is behind that.
                Err(why) if next + 1 < self.parts.len() => refused.push(why.to_string()),
                Err(why) => return Err(why),
            }
            next += 1;
        };
        self.accounts.push(self.account());
        self.accounts.extend(refused.into_iter().map(|why| Account {
            refused: Some(why),
            ..Account::default()
        }));
        self.at = next;
        self.reader = reader;
        self.reader.follow_on(self.latest);
        self.follows = true;
        self.missing += self.before(self.at).saturating_sub(told);
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
                    None if self.at == 0 && self.reader.number() <= 1 => {
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
        let first = self.parts.first().and_then(|part| part.segment);
        first.is_some_and(|segment| segment.number > 0)
    }

    /// What all events before the first part add up to.
    fn read_base(&mut self) -> Result<Summary, Error> {
        let mut first = Reader::new(self.parts[0].open()?)?;
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
        match (segment(0), segment(part)) {
            (Some(first), Some(this)) if part > 0 => {
                let again = u64::from(first.number > 0);
                this.events_before.saturating_sub(first.events_before) + again
            }
            _ => 0,
        }
    }

    /// How many events of a part are not of the stream: its session, but for
    /// the first.
    pub fn again(part: usize) -> u64 {
        u64::from(part > 0)
    }

    /// How many events lie before the next one.
    pub fn number(&self) -> u64 {
        let own = self.reader.number();
        self.before(self.at) + own.saturating_sub(Self::again(self.at))
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
        self.come_to(part)?;
        self.reader.resume_at(offset)
    }

    /// Begins anew.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.come_to(0)?;
        self.reader.rewind()
    }

    fn come_to(&mut self, part: usize) -> Result<(), Error> {
        if part != self.at {
            self.reader = Reader::new(self.parts[part].open()?)?;
            self.at = part;
        }
        (self.follows, self.latest) = (false, 0);
        (self.missing, self.held) = (0, None);
        Ok(())
    }
}
