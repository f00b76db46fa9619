//! The payload of a block of events: how many subjects and texts there are,
//! then columns. The kinds of all events are one column; whatever else an event
//! says is in the columns of its kind. Compression, checksums and files are not
//! this file's business.

use super::{
    codec::{EventHead, Field, FieldDecoder, FieldEncoder},
    columns::{Column, Columns, ColumnsBuilder},
    event_fields,
    malformed::Malformed,
    span::Span,
    tables::{CounterBases, Subjects, Tables, Texts},
    varint,
};
use crate::event::{Event, Kind};

/// The kinds of a block's events.
pub(super) const KINDS: Column = Column::new(0, 0, 0);

/// Of each kind: the time, as the difference to the event before, whatever its
/// kind; the CPU; how far the subject's number is below the highest so far;
/// then the body.
const TIME: u8 = 0;
const CPU: u8 = 1;
const SUBJECT: u8 = 2;
const BODY: u8 = 3;

/// Collects the events of one block.
pub(super) struct EventBlockBuilder {
    pub encoder: FieldEncoder,
    count: u32,
    span: Option<Span>,
}

impl Default for EventBlockBuilder {
    fn default() -> Self {
        EventBlockBuilder {
            encoder: FieldEncoder {
                columns: ColumnsBuilder::default(),
                column: KINDS,
                subjects: Subjects::default(),
                texts: Texts::default(),
                bases: CounterBases::default(),
                head: EventHead::default(),
            },
            count: 0,
            span: None,
        }
    }
}

impl EventBlockBuilder {
    pub fn add(&mut self, event: &Event) {
        let Event { at, cpu, who, what } = event;
        let to = &mut self.encoder;
        let kind = what.kind() as u8;
        let subject = to.subjects.number(*who, &mut to.columns);
        let before = to.head;
        to.head = EventHead {
            at: *at,
            subject,
            newest: before.newest.max(subject),
            who: *who,
            previous_pid: before.who.task.pid,
        };
        to.columns.number(KINDS, u64::from(kind));
        to.column = Column::new(kind, TIME, 0);
        to.number(varint::difference(*at, before.at));
        to.column = to.column.field(CPU);
        cpu.put(to);
        to.column = to.column.field(SUBJECT);
        let newest = u64::from(before.newest);
        to.number(varint::difference(newest, u64::from(subject)));
        to.column = to.column.field(BODY);
        event_fields::put(what, to);
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

    /// How long the payload would be now, but for its directory.
    pub fn size(&self) -> usize {
        self.encoder.columns.size()
    }

    pub fn payload(&self, payload: &mut Vec<u8>) {
        payload.clear();
        varint::put(payload, u64::from(self.encoder.subjects.count()));
        varint::put(payload, u64::from(self.encoder.texts.count()));
        self.encoder.columns.append_to(payload);
    }

    /// Starts the next block; the memory is kept.
    pub fn clear(&mut self) {
        let FieldEncoder {
            columns,
            column: _,
            subjects,
            texts,
            bases,
            head,
        } = &mut self.encoder;
        columns.clear();
        subjects.clear();
        texts.clear();
        bases.clear();
        *head = EventHead::default();
        self.count = 0;
        self.span = None;
    }
}

/// Takes the events of one block apart again.
#[derive(Default)]
pub(super) struct EventBlockDecoder {
    columns: Columns,
    tables: Tables,
    bases: CounterBases,
    head: EventHead,
    /// How many events are still to be taken.
    missing: u32,
    failed: bool,
    /// Events and list entries that only a later version knows.
    pub unknown: u64,
}

impl EventBlockDecoder {
    /// Begins with a payload of so many events, if it could be opened.
    pub fn begin(&mut self, opened: Result<(), Malformed>, payload: &[u8], events: u32) {
        self.bases.clear();
        self.head = EventHead::default();
        self.missing = events;
        self.failed = opened.and_then(|()| self.load(payload)).is_err();
    }

    fn load(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let mut rest = payload;
        let subjects = varint::get(&mut rest)?;
        let texts = varint::get(&mut rest)?;
        self.columns.load(payload, rest)?;
        self.tables
            .load(payload, &mut self.columns, subjects, texts)
    }

    /// How many bytes each kind's columns have; before the first event is
    /// taken.
    pub fn sizes(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        self.columns.sizes()
    }

    /// How many events of the block were not taken yet.
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// The next event of the payload that `begin` was given. What fails once
    /// fails until the next `begin`.
    pub fn next(&mut self, payload: &[u8]) -> Result<Option<Event>, Malformed> {
        while self.missing > 0 && !self.failed {
            let event = self.take(payload);
            match event {
                Ok(None) => self.unknown += 1,
                Ok(Some(_)) => return event,
                Err(Malformed) => self.failed = true,
            }
        }
        if self.failed {
            Err(Malformed)
        } else {
            Ok(None)
        }
    }

    /// The same of one event that must be there; none if only a later version
    /// knows it.
    pub fn next_one(&mut self, payload: &[u8]) -> Result<Option<Event>, Malformed> {
        match self.missing > 0 && !self.failed {
            true => self.take(payload),
            false => Err(Malformed),
        }
    }

    /// Takes one event; none if this version does not know what it says.
    fn take(&mut self, payload: &[u8]) -> Result<Option<Event>, Malformed> {
        let kinds = self.columns.of_kind(0).get_mut(KINDS.place());
        let kind = kinds.ok_or(Malformed)?.number(payload)?;
        let kind = u8::try_from(kind).ok().filter(|&kind| kind > 0);
        let kind = kind.ok_or(Malformed)?;
        let from = &mut FieldDecoder {
            payload,
            columns: self.columns.of_kind(kind),
            column: Column::new(kind, TIME, 0),
            tables: &mut self.tables,
            bases: &mut self.bases,
            head: &mut self.head,
            malformed: false,
            unknown: false,
            skipped: 0,
        };
        let at = varint::from_difference(from.number(), from.head.at);
        from.column = from.column.field(CPU);
        let cpu = Field::get(from);
        from.column = from.column.field(SUBJECT);
        let newest = u64::from(from.head.newest);
        let subject = newest.wrapping_sub(varint::from_difference(from.number(), 0));
        let who = from.tables.subject(subject)?;
        if from.malformed {
            return Err(Malformed);
        }
        let subject = subject as u32;
        *from.head = EventHead {
            at,
            subject,
            newest: from.head.newest.max(subject),
            who,
            previous_pid: from.head.who.task.pid,
        };
        self.missing -= 1;
        let Some(kind) = Kind::from_number(kind) else {
            return Ok(None);
        };
        from.column = from.column.field(BODY);
        let what = event_fields::get(kind, from);
        if from.malformed {
            return Err(Malformed);
        }
        self.unknown += from.skipped;
        if from.unknown {
            return Ok(None);
        }
        Ok(Some(Event { at, cpu, who, what }))
    }
}
