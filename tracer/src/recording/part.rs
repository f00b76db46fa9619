//! The recordings that are parts of one trace: how each is come to, and what was
//! wrong with it. What they tell together this file must not know.

use std::io::{self, Read};

use super::{Damage, Ending, Error, Reader, RollCall, Unknown};
use crate::event::Segment;

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
    /// When it begins, ns since boot, where that is known.
    pub at: u64,
}

impl<R> Part<R> {
    pub fn open(&mut self) -> io::Result<R> {
        self.open.open()
    }
}

impl<R: Read> Part<R> {
    pub(super) fn read(&mut self, roll_call: Option<RollCall>) -> Result<Reader<R>, Error> {
        let reader = Reader::new(self.open()?)?;
        Ok(match roll_call {
            Some(roll_call) => reader.healed_by(roll_call),
            None => reader,
        })
    }
}

/// A part that could be opened, and what is to be said of those before it that
/// could not.
pub(super) struct Opened<R> {
    pub part: usize,
    pub reader: Reader<R>,
    pub refused: Vec<Account>,
}

/// Opens the first that can be opened, from that one on. A recorder removes the
/// oldest at any time: what it left of the trace is behind that.
pub(super) fn open_from<R: Read>(
    parts: &mut [Part<R>],
    mut part: usize,
    roll_call: Option<RollCall>,
) -> Result<Opened<R>, Error> {
    let mut refused = Vec::new();
    loop {
        let is_last = part + 1 == parts.len();
        let next = parts.get_mut(part).ok_or(Error::Empty)?;
        match next.read(roll_call) {
            Ok(reader) => {
                return Ok(Opened {
                    part,
                    reader,
                    refused,
                });
            }
            Err(why) if is_last => return Err(why),
            Err(why) => refused.push(Account {
                refused: Some(why.to_string()),
                ..Account::default()
            }),
        }
        part += 1;
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

impl Account {
    /// All that was written was read and understood.
    pub fn is_complete(&self) -> bool {
        let missing = |damage: &Damage| damage.events != Some(0);
        let cut = matches!(self.ending, Some(Ending::Torn { bytes: 1.., .. }));
        let damaged = self.refused.is_some() || self.damage.iter().any(missing);
        !damaged && !cut && self.unknown == Unknown::default()
    }
}
