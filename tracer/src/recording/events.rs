//! The payload of a block of events: the tables, then the events one after
//! another. Compression, checksums and files are not its business.

use super::{
    bodies,
    codec::{Decoder, Encoder, Failure, Field as _, Head},
    tables::{Bases, Tables},
    varint,
};
use crate::event::{Event, Kind};

/// The span of some events' times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub earliest: u64,
    pub latest: u64,
}

impl Span {
    pub(super) fn of(at: u64) -> Span {
        Span {
            earliest: at,
            latest: at,
        }
    }

    pub(super) fn join(self, other: Span) -> Span {
        Span {
            earliest: self.earliest.min(other.earliest),
            latest: self.latest.max(other.latest),
        }
    }
}

/// Collects the events of one block.
#[derive(Default)]
pub(super) struct Collector {
    encoder: Encoder,
    count: u32,
    span: Option<Span>,
}

impl Collector {
    pub fn add(&mut self, event: &Event) {
        let Event { at, cpu, who, what } = event;
        let to = &mut self.encoder;
        let subject = to.subjects.number(*who);
        let before = to.head;
        to.head = Head {
            at: *at,
            subject,
            who: *who,
            pid_before: before.who.task.pid,
        };
        to.bytes.push(what.kind() as u8);
        to.number(varint::difference(*at, before.at));
        cpu.put(to);
        to.number(varint::difference(
            u64::from(subject),
            u64::from(before.subject),
        ));
        to.with_length(|to| bodies::put(what, to));
        self.count += 1;
        let span = Span::of(*at);
        self.span = Some(self.span.map_or(span, |sum| sum.join(span)));
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// Of the events; none without events.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// How long the payload would be now, near enough.
    pub fn size(&self) -> usize {
        let Encoder {
            bytes,
            subjects,
            strings,
            ..
        } = &self.encoder;
        bytes.len() + subjects.size() + strings.size()
    }

    pub fn payload(&self, payload: &mut Vec<u8>) {
        payload.clear();
        self.encoder.subjects.append_to(payload);
        self.encoder.strings.append_to(payload);
        payload.extend_from_slice(&self.encoder.bytes);
    }

    /// Starts the next block; the memory is kept.
    pub fn clear(&mut self) {
        let Encoder {
            bytes,
            subjects,
            strings,
            bases,
            head,
        } = &mut self.encoder;
        bytes.clear();
        subjects.clear();
        strings.clear();
        bases.clear();
        *head = Head::default();
        self.count = 0;
        self.span = None;
    }
}

/// Takes the events of one block apart again.
#[derive(Default)]
pub(super) struct Separator {
    tables: Tables,
    bases: Bases,
    head: Head,
    /// Where in the payload the next event begins.
    at: usize,
    /// How many events must follow there.
    missing: u32,
    failed: bool,
    /// Events and list entries that only a later version knows.
    pub unknown: u64,
}

impl Separator {
    /// Begins with a payload of so many events, if it could be opened.
    pub fn begin(&mut self, opened: Result<(), Failure>, payload: &[u8], events: u32) {
        self.bases.clear();
        self.head = Head::default();
        self.missing = events;
        let events = opened.and_then(|()| self.tables.load(payload));
        self.failed = events.is_err();
        self.at = payload.len() - events.map_or(0, <[u8]>::len);
    }

    /// How many events of the block were not taken yet.
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// The next event of the payload that `begin` was given. What fails once
    /// fails until the next `begin`.
    pub fn next(&mut self, payload: &[u8]) -> Result<Option<Event>, Failure> {
        if self.failed {
            return Err(Failure::Malformed);
        }
        let event = self.take(payload);
        self.failed = event.is_err();
        event
    }

    fn take(&mut self, payload: &[u8]) -> Result<Option<Event>, Failure> {
        while let Some((&kind, mut rest)) = payload.get(self.at..).and_then(<[u8]>::split_first) {
            let at = varint::from_difference(varint::get(&mut rest)?, self.head.at);
            let cpu = varint::get(&mut rest)?;
            let cpu = u32::try_from(cpu).map_err(|_| Failure::Malformed)?;
            let before = u64::from(self.head.subject);
            let subject = varint::from_difference(varint::get(&mut rest)?, before);
            let who = self.tables.subject(subject)?;
            let body = varint::get_slice(&mut rest)?;
            self.at = payload.len() - rest.len();
            self.missing = self.missing.checked_sub(1).ok_or(Failure::Malformed)?;
            self.head = Head {
                at,
                subject: subject as u32,
                who,
                pid_before: self.head.who.task.pid,
            };
            let what = Kind::from_number(kind).map_or(Err(Failure::Unknown), |kind| {
                let mut from = Decoder {
                    rest: body,
                    payload,
                    tables: &mut self.tables,
                    bases: &mut self.bases,
                    head: self.head,
                    unknown: 0,
                };
                let what = bodies::get(kind, &mut from);
                self.unknown += from.unknown;
                what
            });
            match what {
                Ok(what) => return Ok(Some(Event { at, cpu, who, what })),
                Err(Failure::Unknown) => self.unknown += 1,
                Err(Failure::Malformed) => return Err(Failure::Malformed),
            }
        }
        match self.missing {
            0 => Ok(None),
            _ => Err(Failure::Malformed),
        }
    }
}
