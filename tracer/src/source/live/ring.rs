//! The ring buffer: out come events, in the order of their times.

use std::{
    ops::RangeInclusive,
    os::fd::{AsFd, AsRawFd},
};

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{Array, MapData, RingBuf},
};

use super::{clock::now, decode::Decoder};
use crate::event::Event;

/// Events taken out before they are handed on, so that they can be put in
/// order without holding all that a storm leaves behind.
const BATCH: usize = 4096;

/// BPF_RINGBUF_HDR_SZ (include/uapi/linux/bpf.h).
const RECORD_HEADER: u64 = 8;

pub struct Ring {
    ring: RingBuf<MapData>,
    /// Not zero: the next record wakes whoever waits.
    asleep: Array<MapData, u32>,
    decoder: Decoder,
    batch: Vec<Event>,
    /// Bytes handed out since somebody asked, and the size of the buffer.
    drained: u64,
    size: u64,
    /// The span of the trace: what lies outside was seen by some hooks only.
    span: RangeInclusive<u64>,
}

impl Ring {
    pub fn new(ebpf: &mut Ebpf, size: u32, decoder: Decoder, began: u64) -> Result<Ring> {
        let map = ebpf
            .take_map("EVENTS")
            .context("no map EVENTS in the eBPF object")?;
        let ring = RingBuf::try_from(map)?;
        let map = ebpf
            .take_map("ASLEEP")
            .context("no map ASLEEP in the eBPF object")?;
        Ok(Ring {
            ring,
            asleep: map.try_into()?,
            decoder,
            batch: Vec::new(),
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

    /// Hands out everything that waits; gives whether there was anything. Records of different CPUs can stand a
    /// few microseconds out of order, since each takes its place and then the
    /// time: each batch is sorted, which costs next to nothing when it is in
    /// order already.
    ///
    /// What comes in meanwhile is left for the next call: on a large machine it
    /// might never end.
    pub fn drain(&mut self, sink: &mut dyn FnMut(Event)) -> bool {
        let until = now();
        let before = self.drained;
        let mut caught_up = false;
        while !caught_up {
            while self.batch.len() < BATCH
                && !caught_up
                && let Some(record) = self.ring.next()
            {
                self.drained += record.len() as u64 + RECORD_HEADER;
                match self.decoder.decode(&record) {
                    Ok(event) if self.span.contains(&event.at) => {
                        caught_up = event.at > until;
                        self.batch.push(event);
                    }
                    Ok(_) => {}
                    // Both sides come from one build: this is a bug, not input.
                    Err(error) => log::error!("{error}"),
                }
            }
            if self.batch.is_empty() {
                break;
            }
            self.batch.sort_by_key(|event| event.at);
            self.batch.drain(..).for_each(&mut *sink);
        }
        self.drained > before
    }
}
