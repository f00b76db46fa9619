//! Checkpoints: snapshots of existing tasks, at which a reader can start without having read what is
//! before. This file owns how they are stored; it must not know which events they contain.

use super::{malformed::Malformed, varint};

/// The place of a checkpoint, and what lies before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Offset of its first block, bytes.
    pub offset: u64,
    /// Length of all its blocks, bytes.
    pub length: u64,
    /// Number of events in the checkpoint, or 0 in a rebuilt index.
    pub events: u64,
    /// Number of events of the recording before the checkpoint.
    pub events_before: u64,
    /// Latest time before the checkpoint, ns since boot.
    pub at: u64,
}

/// Inserts the number of events at the front of a payload.
pub(super) fn put_count(payload: &mut Vec<u8>, events: u32) {
    let length = payload.len();
    varint::put(payload, u64::from(events));
    let count = payload.len() - length;
    payload.rotate_right(count);
}

/// Removes the number of events from the front of a payload and returns it.
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

/// Reads a list of checkpoints. Empty input is an empty list, as in an index without one.
pub(super) fn get_all(rest: &mut &[u8]) -> Result<Vec<Checkpoint>, Malformed> {
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let count = varint::get(rest)?;
    // Each checkpoint takes at least five bytes.
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
