//! How the values inside an event become bytes and values again: the trait
//! [`Field`], its implementations for everything that is not a struct, and the
//! state of a block that they lean on. Which fields an event has is `bodies`'.

use super::{
    tables::{Bases, Strings, Subjects, Tables},
    varint,
};
use crate::event::{Comm, Kind, ProcessId, Purpose, Text, Who};

/// Why bytes do not become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No writer writes this.
    Malformed,
    /// A later version's value, which this one has no name for.
    Unknown,
}

/// A value that can be in an event.
///
/// Where the bytes of a body end early, each further field is read as if
/// zeros followed: 0, false, `None`, empty. That is what a reader takes for a
/// field that did not exist yet when the recording was made.
pub(super) trait Field: Sized {
    fn put(&self, to: &mut Encoder);
    fn get(from: &mut Decoder) -> Result<Self, Failure>;
}

/// Whose event it is: what every event says ahead of its body.
#[derive(Clone, Copy, Default)]
pub(super) struct Head {
    pub at: u64,
    /// Its number in the table of subjects.
    pub subject: u32,
    pub who: Who,
    /// The pid of the event before.
    pub pid_before: u32,
}

/// A block being written.
#[derive(Default)]
pub(super) struct Encoder {
    pub bytes: Vec<u8>,
    pub subjects: Subjects,
    pub strings: Strings,
    pub bases: Bases,
    pub head: Head,
}

impl Encoder {
    pub fn number(&mut self, number: u64) {
        varint::put(&mut self.bytes, number);
    }

    /// What `put` writes, after its length in bytes.
    pub fn with_length(&mut self, put: impl FnOnce(&mut Self)) {
        let at = self.bytes.len();
        self.bytes.push(0);
        put(self);
        let length = self.bytes.len() - at - 1;
        if length < 0x80 {
            self.bytes[at] = length as u8;
            return;
        }
        // Rare: only long bodies pay for the move.
        let mut prefix = Vec::with_capacity(4);
        varint::put(&mut prefix, length as u64);
        self.bytes.splice(at..=at, prefix);
    }
}

/// An event of a block being read.
pub(super) struct Decoder<'a> {
    /// What is left of the body.
    pub rest: &'a [u8],
    pub payload: &'a [u8],
    pub tables: &'a mut Tables,
    pub bases: &'a mut Bases,
    pub head: Head,
    /// How many list entries were skipped because their value is unknown.
    pub unknown: u64,
}

impl Decoder<'_> {
    pub fn number(&mut self) -> Result<u64, Failure> {
        varint::get(&mut self.rest)
    }

    /// What `get` makes of as many bytes as the number ahead of them says; it
    /// need not take them all.
    pub fn with_length<T>(
        &mut self,
        get: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let inner = varint::get_slice(&mut self.rest)?;
        let after = std::mem::replace(&mut self.rest, inner);
        let value = get(self);
        self.rest = after;
        value
    }
}

impl Field for u64 {
    fn put(&self, to: &mut Encoder) {
        to.number(*self);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        from.number()
    }
}

impl Field for u32 {
    fn put(&self, to: &mut Encoder) {
        to.number(u64::from(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        u32::try_from(from.number()?).map_err(|_| Failure::Malformed)
    }
}

impl Field for i64 {
    fn put(&self, to: &mut Encoder) {
        to.number(varint::zigzag(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        Ok(varint::unzigzag(from.number()?))
    }
}

impl Field for i32 {
    fn put(&self, to: &mut Encoder) {
        i64::from(*self).put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        i32::try_from(i64::get(from)?).map_err(|_| Failure::Malformed)
    }
}

impl Field for bool {
    fn put(&self, to: &mut Encoder) {
        to.number(u64::from(*self));
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        match from.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Failure::Malformed),
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

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        bool::get(from)?.then(|| T::get(from)).transpose()
    }
}

impl<T: Field> Field for Box<T> {
    fn put(&self, to: &mut Encoder) {
        (**self).put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
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

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let count = from.number()?;
        // Past the end zeros are read for ever: every entry needs a byte.
        if count > from.rest.len() as u64 {
            return Err(Failure::Malformed);
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            match from.with_length(T::get) {
                Ok(entry) => entries.push(entry),
                Err(Failure::Unknown) => from.unknown += 1,
                Err(Failure::Malformed) => return Err(Failure::Malformed),
            }
        }
        Ok(entries)
    }
}

impl Field for Who {
    fn put(&self, to: &mut Encoder) {
        let number = to.subjects.number(*self);
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let number = from.number()?;
        from.tables.subject(number)
    }
}

impl Field for ProcessId {
    fn put(&self, to: &mut Encoder) {
        self.leader().put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        Ok(Who::get(from)?.process)
    }
}

impl Field for Comm {
    fn put(&self, to: &mut Encoder) {
        let number = to.strings.number(self.as_bytes());
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let number = from.number()?;
        from.tables.comm(from.payload, number)
    }
}

impl Field for Text {
    fn put(&self, to: &mut Encoder) {
        let number = to.strings.number(self.as_bytes());
        number.put(to);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let number = from.number()?;
        from.tables.text(from.payload, number)
    }
}

/// Spelled out where it stands: strings are in the session only, and a table
/// would let a few bytes ask for the same long one over and over.
impl Field for String {
    fn put(&self, to: &mut Encoder) {
        to.number(self.len() as u64);
        to.bytes.extend_from_slice(self.as_bytes());
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let bytes = varint::get_slice(&mut from.rest)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Field for Kind {
    fn put(&self, to: &mut Encoder) {
        to.number(*self as u64);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let number = u8::try_from(from.number()?).ok();
        number.and_then(Kind::from_number).ok_or(Failure::Unknown)
    }
}

impl Field for Purpose {
    fn put(&self, to: &mut Encoder) {
        to.number(*self as u64);
    }

    fn get(from: &mut Decoder) -> Result<Self, Failure> {
        let number = u8::try_from(from.number()?).ok();
        number
            .and_then(Purpose::from_number)
            .ok_or(Failure::Unknown)
    }
}
