//! Drains the ring buffer in groups of records.

use std::{
    iter::Peekable,
    ops::RangeInclusive,
    os::fd::{AsFd, AsRawFd},
    vec,
};

use aya::{
    Ebpf,
    maps::{Array, MapData, RingBuf},
};

use super::{
    clock::now,
    enrich::Enricher,
    error::{Error, Result},
    maps,
};
use crate::{
    event::Event,
    recording::MAX_GROUP,
    records::{Sink, peek},
};

/// Number of records in a group. It bounds how many are held at a time to sort them.
const GROUP: usize = 4096;

/// Number of counts that are emitted with the records of one group.
const COUNTS: usize = 1024;

/// BPF_RINGBUF_HDR_SZ (include/uapi/linux/bpf.h).
const RECORD_HEADER: u64 = 8;

/// Reader of the ring buffer.
pub struct RingBuffer {
    ring: RingBuf<MapData>,
    /// Sleep flag: if not zero, the next record wakes the reader.
    asleep: Array<MapData, u32>,
    /// Bytes drained since the last call of [`Self::fill`].
    drained: u64,
    /// Size of the buffer in bytes.
    size: u64,
    /// Time span of the trace. Records outside it were seen by some hooks only.
    span: RangeInclusive<u64>,
}

/// Count events in the order of their times.
pub type Counts = Peekable<vec::IntoIter<Event>>;

/// Records to drain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that are waiting.
    All,
    /// As many as the sink has room for ([`Sink::is_full`]).
    WithinRoom,
}

impl RingBuffer {
    /// Opens the buffer of `size` bytes. Records from before `began` are dropped.
    pub fn new(ebpf: &mut Ebpf, size: u32, began: u64) -> Result<RingBuffer> {
        Ok(RingBuffer {
            ring: maps::take(ebpf, "EVENTS")?,
            asleep: maps::take(ebpf, "ASLEEP")?,
            drained: 0,
            size: u64::from(size),
            span: began..=u64::MAX,
        })
    }

    /// Returns the share of the buffer that was drained since the last call: a lower bound
    /// of how full it was.
    pub fn fill(&mut self) -> f64 {
        std::mem::take(&mut self.drained) as f64 / self.size as f64
    }

    /// Drops records from after this time, ns since boot.
    pub fn end_at(&mut self, at: u64) {
        self.span = *self.span.start()..=at;
    }

    /// Returns the descriptor to wait for.
    pub fn wakeup(&self) -> &(impl AsFd + AsRawFd + use<>) {
        &self.ring
    }

    /// Makes the next record wake the reader through [`Self::wakeup`]. A record that
    /// arrived just before does not: drain once more after this.
    pub fn wake_by_next(&mut self) -> Result<()> {
        let asked = self.asleep.set(0, 1, 0);
        asked.map_err(Error::step("asking the kernel side for a wake-up"))
    }

    /// Emits waiting records in groups. Returns true if there were any.
    ///
    /// A count is emitted with the first group that reaches its time, so that copied
    /// pages are attributed to the fork before them. Records that arrive meanwhile are
    /// left for the next call: on a large machine the loop might never end.
    pub fn drain(
        &mut self,
        extent: Extent,
        enricher: &mut Enricher,
        mut counts: Counts,
        sink: &mut dyn Sink,
    ) -> bool {
        let until = now();
        let before = self.drained;
        let mut more = true;
        while more {
            let (mut records, mut bytes, mut latest) = (0, 0, 0);
            while more && records < GROUP && bytes < MAX_GROUP {
                let Some(record) = self.ring.next() else {
                    more = false;
                    break;
                };
                self.drained += record.len() as u64 + RECORD_HEADER;
                // Both sides come from one build: this is a bug, not input.
                let Some((kind, at)) = peek(&record) else {
                    log::error!("{} bytes are no record", record.len());
                    continue;
                };
                if self.span.contains(&at) {
                    (records, bytes, latest) = (records + 1, bytes + record.len(), latest.max(at));
                    enricher.record(kind, &record, sink);
                }
                more = at <= until;
            }
            let due = std::iter::from_fn(|| counts.next_if(|count| count.at <= latest));
            due.take(COUNTS)
                .for_each(|count| enricher.event(count, sink));
            enricher.end_group(sink);
            more &= extent == Extent::All || !sink.is_full();
        }
        for count in counts {
            enricher.event(count, sink);
            enricher.end_group(sink);
        }
        self.drained > before
    }
}
