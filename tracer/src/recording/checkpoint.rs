//! Where in a recording one can come in without having read what is before: the
//! events of those who are still there, told anew. Which events that takes this
//! file must not know; it knows how they lie.

use super::{malformed::Malformed, varint};

/// A checkpoint, and what lies before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Where its first block begins in the file, and how long all are.
    pub offset: u64,
    pub length: u64,
    /// Events in it.
    pub events: u64,
    /// Events of the recording before it.
    pub events_before: u64,
    /// The latest time before it, ns since boot.
    pub at: u64,
}

/// Puts the number of events in front of a payload.
pub(super) fn put_count(payload: &mut Vec<u8>, events: u32) {
    let length = payload.len();
    varint::put(payload, u64::from(events));
    let count = payload.len() - length;
    payload.rotate_right(count);
}

/// Takes it off again.
pub(super) fn take_count(payload: &mut Vec<u8>) -> Result<u32, Malformed> {
    let mut rest = &payload[..];
    let count = u32::try_from(varint::get(&mut rest)?).map_err(|_| Malformed)?;
    let taken = payload.len() - rest.len();
    payload.drain(..taken);
    Ok(count)
}

/// Appends a list of checkpoints to an index.
pub(super) fn put_all(payload: &mut Vec<u8>, checkpoints: &[Checkpoint]) {
    varint::put(payload, checkpoints.len() as u64);
    let mut last = Checkpoint::default();
    for checkpoint in checkpoints {
        for (number, before) in numbers(checkpoint).into_iter().zip(numbers(&last)) {
            varint::put(payload, varint::difference(number, before));
        }
        last = *checkpoint;
    }
}

/// Reads such a list; none is none, as in an index without one.
pub(super) fn get_all(rest: &mut &[u8]) -> Result<Vec<Checkpoint>, Malformed> {
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let count = varint::get(rest)?;
    // Each takes five bytes or more.
    if count > (rest.len() / 5) as u64 {
        return Err(Malformed);
    }
    let mut checkpoints = Vec::with_capacity(count as usize);
    let mut last = [0; 5];
    for _ in 0..count {
        for number in &mut last {
            *number = varint::from_difference(varint::get(rest)?, *number);
        }
        let [offset, length, events, events_before, at] = last;
        checkpoints.push(Checkpoint {
            offset,
            length,
            events,
            events_before,
            at,
        });
    }
    Ok(checkpoints)
}

fn numbers(checkpoint: &Checkpoint) -> [u64; 5] {
    let Checkpoint {
        offset,
        length,
        events,
        events_before,
        at,
    } = *checkpoint;
    [offset, length, events, events_before, at]
}
