//! Version 0 stored the times of events in microseconds. It was never released; it is kept to exercise
//! the upgrade path.

use std::borrow::Cow;

use crate::recording::{
    block_header::{CHECKPOINT, EVENTS},
    columns::Column,
    malformed::Malformed,
    varint,
};

/// Nanoseconds in a microsecond.
const UNIT: i64 = 1000;

pub(super) fn to_1(kind: u8, payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    if !matches!(kind, EVENTS | CHECKPOINT) {
        return Ok(payload.to_vec());
    }
    let (mut rest, mut upgraded) = (payload, Vec::with_capacity(2 * payload.len()));
    // The numbers of events (in a checkpoint), subjects and texts.
    for _ in 0..if kind == CHECKPOINT { 3 } else { 2 } {
        varint::put(&mut upgraded, varint::get(&mut rest)?);
    }
    let columns = columns(rest)?;
    varint::put(&mut upgraded, columns.len() as u64);
    let mut last = 0;
    for (number, bytes) in &columns {
        varint::put(&mut upgraded, number - last);
        varint::put(&mut upgraded, bytes.len() as u64);
        last = *number;
    }
    for (_, bytes) in &columns {
        upgraded.extend_from_slice(bytes);
    }
    Ok(upgraded)
}

/// The number of a column and its bytes.
type Numbered<'a> = (u64, Cow<'a, [u8]>);

/// Reads the columns and converts those of times to nanoseconds.
fn columns(mut rest: &[u8]) -> Result<Vec<Numbered<'_>>, Malformed> {
    let count = varint::get(&mut rest)?;
    let (mut directory, mut number) = (Vec::new(), 0_u64);
    for _ in 0..count {
        if rest.is_empty() {
            return Err(Malformed);
        }
        let step = varint::get(&mut rest)?;
        number = number.checked_add(step).ok_or(Malformed)?;
        directory.push((number, varint::get(&mut rest)?));
    }
    let columns = directory.into_iter().map(|(number, length)| {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (bytes, others) = rest.split_at_checked(length).ok_or(Malformed)?;
        rest = others;
        Ok((
            number,
            match Column::is_time(number) {
                true => Cow::Owned(in_ns(bytes)?),
                false => Cow::Borrowed(bytes),
            },
        ))
    });
    columns.collect()
}

/// Converts a column of times, each stored as the difference to the one before.
fn in_ns(mut differences: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut upgraded = Vec::with_capacity(2 * differences.len());
    while !differences.is_empty() {
        let difference = varint::unzigzag(varint::get(&mut differences)?);
        varint::put(&mut upgraded, varint::zigzag(difference.wrapping_mul(UNIT)));
    }
    Ok(upgraded)
}
