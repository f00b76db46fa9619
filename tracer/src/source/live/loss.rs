//! Turns the kernel side's counters of lost records, and of records beyond the budgets
//! of users, into gaps.

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

/// Reader of counters of one cause.
pub struct Losses {
    cause: GapCause,
    map: PerCpuArray<MapData, LostCounts>,
    /// Sums over all CPUs at the last read.
    known: LostCounts,
    /// Time of the last read, ns since boot.
    read_at: u64,
}

impl Losses {
    /// Opens the counters of records that found no room.
    pub fn no_room(ebpf: &mut Ebpf) -> Result<Losses> {
        Losses::new(ebpf, "LOST", GapCause::NoRoom)
    }

    /// Opens the counters of records beyond the budgets of users.
    pub fn over_budget(ebpf: &mut Ebpf) -> Result<Losses> {
        Losses::new(ebpf, "OVER_BUDGET", GapCause::OverBudget)
    }

    fn new(ebpf: &mut Ebpf, map: &str, cause: GapCause) -> Result<Losses> {
        Ok(Losses {
            cause,
            map: maps::take(ebpf, map)?,
            known: [0; LOST_SLOTS],
            read_at: now(),
        })
    }

    /// Returns a gap if the counters have risen since the last call. Costs one system call.
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
            cause: self.cause,
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
