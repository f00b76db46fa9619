//! The ring buffer: out come records, in groups.

use std::{
    iter::Peekable,
    ops::RangeInclusive,
    os::fd::{AsFd, AsRawFd},
    vec,
};

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{Array, MapData, RingBuf},
};

use super::{clock::now, completion::Completion};
use crate::{
    event::Event,
    recording::MAX_GROUP,
    records::{Sink, peek},
};

/// Records of a group, so that they can be put in order without holding all
/// that a storm leaves behind.
const GROUP: usize = 4096;

/// Counts that are told with the records of one group.
const COUNTS: usize = 1024;

/// BPF_RINGBUF_HDR_SZ (include/uapi/linux/bpf.h).
const RECORD_HEADER: u64 = 8;

pub struct RingBuffer {
    ring: RingBuf<MapData>,
    /// Not zero: the next record wakes the reader.
    asleep: Array<MapData, u32>,
    /// Bytes handed out since the last call of [`Self::fill`], and the size of
    /// the buffer.
    drained: u64,
    size: u64,
    /// The span of the trace: what lies outside was seen by some hooks only.
    span: RangeInclusive<u64>,
}

/// Counts that were read, in the order of their times.
pub type Counts = Peekable<vec::IntoIter<Event>>;

impl RingBuffer {
    pub fn new(ebpf: &mut Ebpf, size: u32, began: u64) -> Result<RingBuffer> {
        let map = ebpf
            .take_map("EVENTS")
            .context("no map EVENTS in the eBPF object")?;
        let ring = RingBuf::try_from(map)?;
        let map = ebpf
            .take_map("ASLEEP")
            .context("no map ASLEEP in the eBPF object")?;
        Ok(RingBuffer {
            ring,
            asleep: map.try_into()?,
            drained: 0,
            size: u64::from(size),
            span: began..=u64::MAX,
        })
    }

    /// The share of the buffer that was handed out since the last call: how
    /// full it has been, at least.
    pub fn fill(&mut self) -> f64 {
        std::mem::take(&mut self.drained) as f64 / self.size as f64
    }

    /// Nothing that happens after this time is handed out.
    pub fn ends(&mut self, at: u64) {
        self.span = *self.span.start()..=at;
    }

    pub fn wakeup(&self) -> &(impl AsFd + AsRawFd + use<>) {
        &self.ring
    }

    /// The next record makes [`Self::wakeup`] readable. One that came just before
    /// does not: drain once more after this.
    pub fn wake_by_next(&mut self) -> Result<()> {
        self.asleep
            .set(0, 1, 0)
            .context("asking the kernel side to be woken")
    }

    /// Hands out everything that waits, in groups; returns whether there was
    /// anything. Counts go with the first group that reaches their time: copies
    /// belong to the fork that they follow.
    ///
    /// What comes in meanwhile is left for the next call: on a large machine it
    /// might never end.
    pub fn drain(
        &mut self,
        completion: &mut Completion,
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
                    completion.record(kind, &record, sink);
                }
                more = at <= until;
            }
            let due = std::iter::from_fn(|| counts.next_if(|count| count.at <= latest));
            due.take(COUNTS)
                .for_each(|count| completion.event(count, sink));
            completion.end_group(sink);
        }
        for count in counts {
            completion.event(count, sink);
            completion.end_group(sink);
        }
        self.drained > before
    }
}
