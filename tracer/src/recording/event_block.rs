//! The payload of a block of events: the numbers of subjects and texts, then columns. One column
//! holds the kinds of all events; the other values of an event are in the columns of its kind. This
//! file must not know about compression, checksums and files.

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

/// Column of the kinds of the events of a block.
pub(super) const KINDS: Column = Column::new(0, 0, 0);

/// Field of the time, as the difference to the previous event of any kind.
const TIME: u8 = 0;
/// Field of the CPU.
const CPU: u8 = 1;
/// Field of the subject, as the distance below the highest subject number so far.
const SUBJECT: u8 = 2;
/// First field of the body.
const BODY: u8 = 3;

/// Builds the payload of a block of events.
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

    /// Returns the span of the events. Returns none without events.
    pub fn span(&self) -> Option<Span> {
        self.span
    }

    /// Returns the current length of the payload without its directory, bytes.
    pub fn size(&self) -> usize {
        self.encoder.columns.size()
    }

    pub fn payload(&self, payload: &mut Vec<u8>) {
        payload.clear();
        varint::put(payload, u64::from(self.encoder.subjects.count()));
        varint::put(payload, u64::from(self.encoder.texts.count()));
        self.encoder.columns.append_to(payload);
    }

    /// Starts the next block and keeps the memory.
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

/// Decodes the events of one block.
#[derive(Default)]
pub(super) struct EventBlockDecoder {
    columns: Columns,
    tables: Tables,
    bases: CounterBases,
    head: EventHead,
    /// Events that have not been decoded.
    missing: u32,
    failed: bool,
    /// Events and list entries that only a later version knows.
    pub unknown: u64,
}

impl EventBlockDecoder {
    /// Begins a payload of `events` events. `opened` is an error if it could not be opened.
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

    /// Returns the bytes of the columns of each kind. Call it before the first event is taken.
    pub fn sizes(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        self.columns.sizes()
    }

    /// Returns the number of events that have not been decoded.
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// Returns the next event of the payload passed to `begin`, or none at its end. After an error,
    /// every call fails until the next `begin`.
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

    /// Decodes one event, which must exist. Returns none if only a later version knows it.
    pub fn next_one(&mut self, payload: &[u8]) -> Result<Option<Event>, Malformed> {
        match self.missing > 0 && !self.failed {
            true => self.take(payload),
            false => Err(Malformed),
        }
    }

    /// Decodes one event. Returns none if only a later version knows it.
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
