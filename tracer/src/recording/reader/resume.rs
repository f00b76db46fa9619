//! Saves and restores the position of a reader, so that another reader can continue there as
//! if it had read everything before that position.

use std::io::{Read, Seek};

use crate::recording::{Error, position::ReaderPosition, reader::Reader};

impl<R: Read> Reader<R> {
    /// Returns the current position. Returns none while the reader emits events that are not
    /// part of the stream.
    pub(in crate::recording) fn position(&self) -> Option<ReaderPosition> {
        let outside = self.outside_stream || self.block.is_checkpoint || self.repair.is_emitting();
        let waits = self.snapshot_end.is_some() || self.held.is_some();
        (!outside && !waits).then(|| ReaderPosition {
            offset: self.block.offset,
            events: self.number(),
            latest: self.latest,
            needs_snapshot: self.repair.is_due(),
            emits_checkpoint: self.emits_checkpoint,
            repeats_session: self.repeats_session,
        })
    }

    /// Sets the latest time before the current position, at which nothing is missing.
    pub(in crate::recording) fn set_latest(&mut self, latest: u64) {
        self.latest = latest;
        self.emits_checkpoint = false;
    }

    /// Continues from `position`. Returns false if the recording has no such position.
    pub(in crate::recording) fn restore_position(
        &mut self,
        position: &ReaderPosition,
    ) -> Result<bool, Error>
    where
        R: Seek,
    {
        self.resume_at(position.offset)?;
        while self.number() < position.events {
            if self.next_event()?.is_none() || self.offset() != position.offset {
                break;
            }
        }
        if self.number() != position.events {
            return Ok(false);
        }
        self.emits_checkpoint = position.emits_checkpoint;
        self.repeats_session = position.repeats_session;
        self.latest = position.latest;
        if position.needs_snapshot {
            self.repair.mark_due();
        }
        Ok(true)
    }
}
