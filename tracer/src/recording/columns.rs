//! Columns: all values of one field of one kind of event, stored together because similar
//! neighbours compress well. Columns also make versions compatible: a reader ignores columns that
//! it does not know, and a column that the writer did not have is empty and reads as zeros.
//!
//! This file must not know what columns contain.

use super::{malformed::Malformed, varint};

/// The number of a column, composed of kind of event, field and part of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column(u32);

/// Column numbers per kind.
const KIND: u32 = 512;
/// Column numbers per field.
const FIELD: u32 = 16;

impl Column {
    pub const fn new(kind: u8, field: u8, part: u8) -> Column {
        assert!((field as u32) < KIND / FIELD && (part as u32) < FIELD);
        Column(kind as u32 * KIND + field as u32 * FIELD + part as u32)
    }

    /// Returns true if the column with this number holds the times of a kind of event.
    pub fn is_time(number: u64) -> bool {
        number >= u64::from(KIND) && number.is_multiple_of(u64::from(KIND))
    }

    /// Returns the index of the column among those of its kind.
    pub fn place(self) -> usize {
        (self.0 % KIND) as usize
    }

    /// Returns the column of another part of the same field.
    pub fn part(self, part: u8) -> Column {
        Column(self.0 / FIELD * FIELD + u32::from(part) % FIELD)
    }

    /// Returns the column of another field of the same kind.
    pub fn field(self, field: u8) -> Column {
        Column(self.0 / KIND * KIND + u32::from(field) * FIELD % KIND)
    }
}

/// Columns being filled, by number. Most are never used.
#[derive(Default)]
pub(super) struct ColumnsBuilder {
    columns: Vec<ColumnBuilder>,
    size: usize,
}

#[derive(Clone)]
struct ColumnBuilder {
    bytes: Vec<u8>,
    /// True if the column holds only zeros, so that it can be left out.
    zeros: bool,
}

impl ColumnsBuilder {
    pub fn number(&mut self, column: Column, number: u64) {
        let column = self.column(column);
        let before = column.bytes.len();
        column.zeros &= number == 0;
        varint::put(&mut column.bytes, number);
        self.size += column.bytes.len() - before;
    }

    pub fn bytes(&mut self, column: Column, bytes: &[u8]) {
        let column = self.column(column);
        column.zeros &= bytes.is_empty();
        column.bytes.extend_from_slice(bytes);
        self.size += bytes.len();
    }

    /// Inserts the length of the bytes from `at` on in front of them.
    pub fn insert_length(&mut self, column: Column, at: usize) {
        let length = self.slice(column).len() - at;
        self.number(column, length as u64);
        self.column(column).bytes[at..].rotate_left(length);
    }

    /// Returns the number of bytes in all columns.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns the bytes of one column.
    pub fn slice(&self, column: Column) -> &[u8] {
        let column = self.columns.get(column.0 as usize);
        column.map_or(&[], |column| &column.bytes)
    }

    /// Appends the directory and the columns.
    pub fn append_to(&self, payload: &mut Vec<u8>) {
        // Columns of kind 0 are kept, because their lengths bound the sizes of the tables.
        let needed = |(number, column): &(usize, &ColumnBuilder)| {
            !column.bytes.is_empty() && (!column.zeros || *number < KIND as usize)
        };
        let columns = || self.columns.iter().enumerate().filter(needed);
        varint::put(payload, columns().count() as u64);
        let mut last = 0;
        for (number, column) in columns() {
            varint::put(payload, (number - last) as u64);
            varint::put(payload, column.bytes.len() as u64);
            last = number;
        }
        for (_, column) in columns() {
            payload.extend_from_slice(&column.bytes);
        }
    }

    /// Empties all columns and keeps their memory.
    pub fn clear(&mut self) {
        for column in &mut self.columns {
            column.bytes.clear();
            column.zeros = true;
        }
        self.size = 0;
    }

    fn column(&mut self, column: Column) -> &mut ColumnBuilder {
        let number = column.0 as usize;
        if self.columns.len() <= number {
            let empty = ColumnBuilder {
                bytes: Vec::new(),
                zeros: true,
            };
            self.columns.resize(number + 1, empty);
        }
        &mut self.columns[number]
    }
}

/// The rest of a column in a payload.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    at: u32,
    end: u32,
}

impl Cursor {
    pub fn rest<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        let range = self.at as usize..self.end as usize;
        payload.get(range).unwrap_or(&[])
    }

    #[inline]
    pub fn number(&mut self, payload: &[u8]) -> Result<u64, Malformed> {
        // Most columns are at their end, and most numbers have one byte.
        if self.at == self.end {
            return Ok(0);
        }
        if let Some(&byte @ 0..0x80) = payload.get(self.at as usize) {
            self.at += 1;
            return Ok(u64::from(byte));
        }
        self.long_number(payload)
    }

    /// Reads a number of several bytes. A whole word may reach into the next column, so the length
    /// is checked against the end.
    fn long_number(&mut self, payload: &[u8]) -> Result<u64, Malformed> {
        let ahead = payload.get(self.at as usize..).unwrap_or(&[]);
        if let Some((number, length)) = varint::decode_word(ahead)
            && length <= (self.end - self.at) as usize
        {
            self.at += length as u32;
            return Ok(number);
        }
        let mut rest = self.rest(payload);
        let number = varint::get(&mut rest)?;
        self.at = self.end - rest.len() as u32;
        Ok(number)
    }

    /// Takes `length` bytes as a cursor of their own.
    pub fn take(&mut self, length: u64) -> Result<Cursor, Malformed> {
        if length > u64::from(self.end - self.at) {
            return Err(Malformed);
        }
        let taken = Cursor {
            at: self.at,
            end: self.at + length as u32,
        };
        self.at = taken.end;
        Ok(taken)
    }
}

/// Columns being read, by kind of event.
pub(super) struct Columns(Vec<Vec<Cursor>>);

impl Default for Columns {
    fn default() -> Self {
        Columns(vec![Vec::new(); 256])
    }
}

impl Columns {
    /// Reads the directory at the front of `rest`, which is the end of
    /// `payload`.
    pub fn load(&mut self, payload: &[u8], mut rest: &[u8]) -> Result<(), Malformed> {
        self.0.iter_mut().for_each(Vec::clear);
        let count = varint::get(&mut rest)?;
        let mut directory = rest;
        // The first pass finds where the columns begin, the second places them.
        for _ in 0..count {
            if rest.is_empty() {
                return Err(Malformed);
            }
            varint::get(&mut rest)?;
            varint::get(&mut rest)?;
        }
        let mut at = payload.len() - rest.len();
        let mut number = 0_u64;
        for _ in 0..count {
            number = number.saturating_add(varint::get(&mut directory)?);
            let length = varint::get(&mut directory)?;
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| at.checked_add(length));
            let end = end.filter(|&end| end <= payload.len()).ok_or(Malformed)?;
            self.place(
                number,
                Cursor {
                    at: at as u32,
                    end: end as u32,
                },
            );
            at = end;
        }
        Ok(())
    }

    fn place(&mut self, number: u64, cursor: Cursor) {
        // Numbers above those of kind 255 are ignored.
        let kind = usize::try_from(number / u64::from(KIND)).ok();
        let Some(kind) = kind.and_then(|kind| self.0.get_mut(kind)) else {
            return;
        };
        let place = (number % u64::from(KIND)) as usize;
        if kind.len() <= place {
            kind.resize(place + 1, Cursor::default());
        }
        kind[place] = cursor;
    }

    /// Returns the bytes of the columns of each kind.
    pub fn sizes(&self) -> impl Iterator<Item = (u8, u64)> + '_ {
        let kinds = (0..=u8::MAX).zip(&self.0);
        kinds
            .map(|(kind, columns)| {
                let sizes = columns.iter().map(|it| u64::from(it.end - it.at));
                (kind, sizes.sum())
            })
            .filter(|&(_, size)| size > 0)
    }

    /// Returns the columns of one kind, indexed by [`Column::place`]. Missing columns are empty.
    pub fn of_kind(&mut self, kind: u8) -> &mut [Cursor] {
        &mut self.0[usize::from(kind)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_ends_in_its_own_column() {
        let payload = [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut two = Cursor { at: 0, end: 2 };
        assert_eq!(two.number(&payload), Ok(128));
        assert_eq!(two.number(&payload), Ok(0));
        let mut one = Cursor { at: 0, end: 1 };
        assert_eq!(one.number(&payload), Err(Malformed));
    }
}
