//! Turns the kernel side's counters of lost records into gaps.

use aya::{
    Ebpf,
    maps::{MapData, PerCpuArray},
};
use tracer_common::{
    maps::{LOST_FAULTS, LOST_SLOTS, LOST_STATES, LostCounts},
    wire,
};

use super::{
    clock::now,
    error::{Error, Result},
    maps,
};
use crate::{
    event::{Gap, GapCause, Kind, Lost},
    records::event_kind,
};

/// Reader of the loss counters.
pub struct Losses {
    map: PerCpuArray<MapData, LostCounts>,
    /// Sums over all CPUs at the last read.
    known: LostCounts,
    /// Time of the last read, ns since boot.
    read_at: u64,
}

impl Losses {
    pub fn new(ebpf: &mut Ebpf) -> Result<Losses> {
        Ok(Losses {
            map: maps::take(ebpf, "LOST")?,
            known: [0; LOST_SLOTS],
            read_at: now(),
        })
    }

    /// Returns a gap if records were lost since the last call. Costs one system call.
    pub fn read(&mut self) -> Result<Option<Gap>> {
        let per_cpu = self.map.get(&0, 0);
        let per_cpu = per_cpu.map_err(Error::step("reading the loss counters"))?;
        let mut sums = [0; LOST_SLOTS];
        for counts in per_cpu.iter() {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        let lost: Vec<_> = (0..LOST_SLOTS)
            .filter(|&slot| sums[slot] > self.known[slot])
            .filter_map(|slot| {
                Some(Lost {
                    kind: kind(slot)?,
                    count: sums[slot] - self.known[slot],
                })
            })
            .collect();
        let since = std::mem::replace(&mut self.read_at, now());
        self.known = sums;
        Ok((!lost.is_empty()).then_some(Gap {
            since,
            lost,
            cause: GapCause::NoRoom,
        }))
    }
}

/// Returns the kind of event that a counter's lost records would have become.
fn kind(slot: usize) -> Option<Kind> {
    match slot {
        LOST_FAULTS => return Some(Kind::Faults),
        LOST_STATES => return Some(Kind::States),
        _ => {}
    }
    wire::Kind::from_number(slot as u32).map(event_kind)
}
