//! Encodes the values inside events as numbers in columns, and decodes them: the trait [`Field`],
//! its implementations for everything but structs, and the state of a block that they use.
//! `event_fields` defines the fields of each event.

use super::{
    columns::{Column, ColumnsBuilder, Cursor},
    malformed::Malformed,
    tables::{CounterBases, Subjects, Tables, Texts},
    varint,
};
use crate::event::{Comm, Label, ProcessId, Text, Uid, Who};

/// A value that an event can contain.
///
/// Every number past the end of its column reads as zero, so that a field that the writer did not
/// know reads as 0, false, `None` or empty.
pub(super) trait Field: Sized {
    fn put(&self, to: &mut FieldEncoder);
    fn get(from: &mut FieldDecoder) -> Self;
}

/// The values that every event has before its body.
#[derive(Clone, Copy, Default)]
pub(super) struct EventHead {
    pub at: u64,
    /// Number of the subject.
    pub subject: u32,
    /// Highest number of a subject so far.
    pub newest: u32,
    pub who: Who,
    /// PID of the subject of the previous event.
    pub previous_pid: u32,
}

/// Encodes the values of a block.
pub(super) struct FieldEncoder {
    pub columns: ColumnsBuilder,
    /// Column for the next number.
    pub column: Column,
    pub subjects: Subjects,
    pub texts: Texts,
    pub bases: CounterBases,
    pub head: EventHead,
}

impl FieldEncoder {
    pub fn number(&mut self, number: u64) {
        self.columns.number(self.column, number);
    }

    /// Writes what `put` writes to this column, preceded by its length in bytes.
    pub fn with_length(&mut self, put: impl FnOnce(&mut Self)) {
        let column = self.column;
        let at = self.columns.slice(column).len();
        put(self);
        self.columns.insert_length(column, at);
    }
}

/// Decodes the values of an event.
pub(super) struct FieldDecoder<'a> {
    pub payload: &'a [u8],
    /// Columns of the event's kind.
    pub columns: &'a mut [Cursor],
    /// Column of the next number.
    pub column: Column,
    pub tables: &'a mut Tables,
    pub bases: &'a mut CounterBases,
    pub head: &'a mut EventHead,
    /// True if a value is malformed. The event is read to its end all the same: one check at the
    /// end costs less than one at every number.
    pub malformed: bool,
    /// True if a value has no name in this version. The event is read to its end all the same,
    /// because the columns must stay in step.
    pub unknown: bool,
    /// List entries skipped for that reason.
    pub skipped: u64,
}

impl FieldDecoder<'_> {
    #[inline]
    pub fn number(&mut self) -> u64 {
        match self.columns.get_mut(self.column.place()) {
            Some(cursor) => {
                let number = cursor.number(self.payload);
                number.unwrap_or_else(|Malformed| self.malformed(0))
            }
            None => 0,
        }
    }

    /// Returns the bytes that follow their length.
    fn sized(&mut self) -> Cursor {
        let length = self.number();
        match self.columns.get_mut(self.column.place()) {
            Some(cursor) => {
                let taken = cursor.take(length);
                taken.unwrap_or_else(|Malformed| self.malformed(Cursor::default()))
            }
            None => Cursor::default(),
        }
    }

    /// Calls `get` on the next bytes that are preceded by their length. It need not consume all of
    /// them.
    pub fn with_length<T>(&mut self, get: impl FnOnce(&mut Self) -> T) -> T {
        let inner = self.sized();
        let place = self.column.place();
        let column = self.columns.get_mut(place);
        let after = column.map(|column| std::mem::replace(column, inner));
        let value = get(self);
        match after {
            Some(after) => {
                self.columns[place] = after;
                value
            }
            None => self.malformed(value),
        }
    }

    /// Marks the event as malformed and returns `any` as a placeholder.
    #[cold]
    pub fn malformed<T>(&mut self, any: T) -> T {
        self.malformed = true;
        any
    }

    /// Marks the event as unknown to this version and returns `any` as a placeholder.
    pub fn unknown<T>(&mut self, any: T) -> T {
        self.unknown = true;
        any
    }
}

impl Field for u64 {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(*self);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        from.number()
    }
}

impl Field for u32 {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(u64::from(*self));
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let number = u32::try_from(from.number());
        number.unwrap_or_else(|_| from.malformed(0))
    }
}

impl Field for Uid {
    fn put(&self, to: &mut FieldEncoder) {
        self.get().put(to);
    }

    fn get(from: &mut FieldDecoder) -> Self {
        Uid::new(u32::get(from)).unwrap_or_else(|| from.malformed(Uid::ROOT))
    }
}

impl Field for i64 {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(varint::zigzag(*self));
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        varint::unzigzag(from.number())
    }
}

impl Field for i32 {
    fn put(&self, to: &mut FieldEncoder) {
        i64::from(*self).put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let number = i32::try_from(i64::get(from));
        number.unwrap_or_else(|_| from.malformed(0))
    }
}

impl Field for bool {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(u64::from(*self));
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        match from.number() {
            0 => false,
            1 => true,
            _ => from.malformed(false),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, to: &mut FieldEncoder) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        bool::get(from).then(|| T::get(from))
    }
}

impl<T: Field> Field for Box<T> {
    fn put(&self, to: &mut FieldEncoder) {
        (**self).put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        Box::new(T::get(from))
    }
}

/// A count, then each entry preceded by its length, so that entries can grow.
impl<T: Field> Field for Vec<T> {
    fn put(&self, to: &mut FieldEncoder) {
        to.number(self.len() as u64);
        for entry in self {
            to.with_length(|to| entry.put(to));
        }
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let mut entries = Vec::new();
        for _ in 0..from.number() {
            // Past the end, zeros could be read forever; every entry needs at least one byte.
            let column = from.columns.get(from.column.place());
            if from.malformed || column.is_none_or(|column| column.rest(from.payload).is_empty()) {
                return from.malformed(entries);
            }
            let unknown = std::mem::take(&mut from.unknown);
            let entry = from.with_length(T::get);
            if std::mem::replace(&mut from.unknown, unknown) {
                from.skipped += 1;
            } else {
                entries.push(entry);
            }
        }
        entries
    }
}

impl Field for Who {
    fn put(&self, to: &mut FieldEncoder) {
        let number = to.subjects.number(*self, &mut to.columns);
        number.put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let number = from.number();
        let who = from.tables.subject(number);
        who.unwrap_or_else(|Malformed| from.malformed(Who::HOST))
    }
}

impl Field for ProcessId {
    fn put(&self, to: &mut FieldEncoder) {
        self.leader().put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        Who::get(from).process
    }
}

impl Field for Comm {
    fn put(&self, to: &mut FieldEncoder) {
        let number = to.texts.number(self.as_bytes(), &mut to.columns);
        number.put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let number = from.number();
        let comm = from.tables.comm(from.payload, number);
        comm.unwrap_or_else(|Malformed| from.malformed(Comm::default()))
    }
}

impl Field for Text {
    fn put(&self, to: &mut FieldEncoder) {
        let number = to.texts.number(self.as_bytes(), &mut to.columns);
        number.put(to);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let number = from.number();
        let text = from.tables.text(from.payload, number);
        text.unwrap_or_else(|Malformed| from.malformed(Text::default()))
    }
}

/// Stored in place: only the session has labels, and with a table a few bytes could demand the
/// same long string many times.
impl Field for Label {
    fn put(&self, to: &mut FieldEncoder) {
        let bytes = self.raw().as_bytes();
        to.number(bytes.len() as u64);
        to.columns.bytes(to.column, bytes);
    }

    #[inline]
    fn get(from: &mut FieldDecoder) -> Self {
        let bytes = from.sized();
        String::from_utf8_lossy(bytes.rest(from.payload)).into()
    }
}
