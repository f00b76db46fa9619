//! How the values inside an event become numbers in columns and values again:
//! the trait [`Field`], its implementations for everything that is not a
//! struct, and the state of a block that they lean on. Which fields an event
//! has is `bodies`'.

use super::{
    columns::{Column, Cursor, Filling},
    tables::{Bases, Subjects, Tables, Texts},
    varint,
};
use crate::event::{Comm, ProcessId, Text, Who};

/// No writer writes this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A value that can be in an event.
///
/// Past the end of its column every number reads as zero, so that a field that
/// did not exist yet when the recording was made is 0, false, `None` or empty.
pub(super) trait Field: Sized {
    fn put(&self, to: &mut Encoder);
    fn get(from: &mut Decoder) -> Result<Self, Malformed>;
}

/// What every event says ahead of its body.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    pub at: u64,
    /// The number of the subject, and the highest number of one so far.
    pub subject: u32,
    pub newest: u32,
    pub who: Who,
    /// The pid of the event before.
    pub pid_before: u32,
}

/// A block being written.
pub(super) struct Encoder {
    pub columns: Filling,
    /// The column that the next number goes to.
    pub column: Column,
    pub subjects: Subjects,
    pub texts: Texts,
    pub bases: Bases,
    pub head: Head,
}

impl Encoder {
    pub fn number(&mut self, number: u64) {
        self.columns.number(self.column, number);
    }

    /// What `put` writes to this column, after its length in bytes.
    pub fn with_length(&mut self, put: impl FnOnce(&mut Self)) {
        let column = self.column;
        let at = self.columns.slice(column).len();
        put(self);
        self.columns.insert_length(column, at);
    }
}

/// An event of a block being read.
pub(super) struct Decoder<'a> {
    pub payload: &'a [u8],
    /// Those of the event's kind.
    pub columns: &'a mut [Cursor],
    /// The column that the next number is taken from.
    pub column: Column,
    pub tables: &'a mut Tables,
    pub bases: &'a mut Bases,
    pub head: Head,
    /// A value has no name in this version. The event is read to its end all
    /// the same, since the columns must stay in step.
    pub unknown: bool,
    /// List entries left out for that reason.
    pub skipped: u64,
}

impl Decoder<'_> {
    #[inline]
    pub fn number(&mut self) -> Result<u64, Malformed> {
        match self.columns.get_mut(self.column.place()) {
            Some(cursor) => cursor.number(self.payload),
            None => Ok(0),
        }
    }

    /// The bytes of which the number ahead of them says how many they are.
    fn sized(&mut self) -> Result<Cursor, Malformed> {
        let length = self.number()?;
        match self.columns.get_mut(self.column.place()) {
            Some(cursor) => cursor.take(length),
            None => Ok(Cursor::default()),
        }
    }

    /// What `get` makes of the next bytes that have their length in front; it
    /// need not take them all.
    pub fn with_length<T>(
        &mut self,
        get: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let inner = self.sized()?;
        let place = self.column.place();
        let Some(cursor) = self.columns.get_mut(place) else {
            return Err(Malformed);
        };
        let after = std::mem::replace(cursor, inner);
        let value = get(self);
        self.columns[place] = after;
        value
    }

    /// Stands in for a value that this version has no name for.
    pub fn unknown<T>(&mut self, any: T) -> T {
        self.unknown = true;
        any
    }
}

impl Field for u64 {
    fn put(&self, to: &mut Encoder) {
        to.number(*self);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        from.number()
    }
}

impl Field for u32 {
    fn put(&self, to: &mut Encoder) {
        to.number(u64::from(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        u32::try_from(from.number()?).map_err(|_| Malformed)
    }
}

impl Field for i64 {
    fn put(&self, to: &mut Encoder) {
        to.number(varint::zigzag(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        Ok(varint::unzigzag(from.number()?))
    }
}

impl Field for i32 {
    fn put(&self, to: &mut Encoder) {
        i64::from(*self).put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        i32::try_from(i64::get(from)?).map_err(|_| Malformed)
    }
}

impl Field for bool {
    fn put(&self, to: &mut Encoder) {
        to.number(u64::from(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        match from.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, to: &mut Encoder) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        bool::get(from)?.then(|| T::get(from)).transpose()
    }
}

impl<T: Field> Field for Box<T> {
    fn put(&self, to: &mut Encoder) {
        (**self).put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        T::get(from).map(Box::new)
    }
}

/// A count, then each entry after its length, so that entries can grow.
impl<T: Field> Field for Vec<T> {
    fn put(&self, to: &mut Encoder) {
        to.number(self.len() as u64);
        for entry in self {
            to.with_length(|to| entry.put(to));
        }
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        let mut entries = Vec::new();
        for _ in 0..from.number()? {
            // Past the end zeros are read for ever: every entry needs a byte.
            let column = from.columns.get(from.column.place());
            if column.is_none_or(|column| column.rest(from.payload).is_empty()) {
                return Err(Malformed);
            }
            let unknown = std::mem::take(&mut from.unknown);
            let entry = from.with_length(T::get)?;
            if std::mem::replace(&mut from.unknown, unknown) {
                from.skipped += 1;
            } else {
                entries.push(entry);
            }
        }
        Ok(entries)
    }
}

impl Field for Who {
    fn put(&self, to: &mut Encoder) {
        let number = to.subjects.number(*self, &mut to.columns);
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        let number = from.number()?;
        from.tables.subject(number)
    }
}

impl Field for ProcessId {
    fn put(&self, to: &mut Encoder) {
        self.leader().put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        Ok(Who::get(from)?.process)
    }
}

impl Field for Comm {
    fn put(&self, to: &mut Encoder) {
        let number = to.texts.number(self.as_bytes(), &mut to.columns);
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        let number = from.number()?;
        from.tables.comm(from.payload, number)
    }
}

impl Field for Text {
    fn put(&self, to: &mut Encoder) {
        let number = to.texts.number(self.as_bytes(), &mut to.columns);
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        let number = from.number()?;
        from.tables.text(from.payload, number)
    }
}

/// Spelled out where it stands: strings are in the session only, and a table
/// would let a few bytes ask for the same long one over and over.
impl Field for String {
    fn put(&self, to: &mut Encoder) {
        to.number(self.len() as u64);
        to.columns.bytes(to.column, self.as_bytes());
    }

    fn get(from: &mut Decoder) -> Result<Self, Malformed> {
        let bytes = from.sized()?;
        Ok(String::from_utf8_lossy(bytes.rest(from.payload)).into_owned())
    }
}
