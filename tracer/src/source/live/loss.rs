//! What the kernel side could not send: its counters, turned into gaps.

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{MapData, PerCpuArray},
};
use tracer_common::{
    maps::{LOST_FAULTS, LOST_SLOTS, LOST_STATES, LostCounts},
    wire,
};

use super::clock::now;
use crate::event::{Gap, GapCause, Kind, Lost};

pub struct Losses {
    map: PerCpuArray<MapData, LostCounts>,
    /// The sums over all CPUs when last read, and when that was.
    known: LostCounts,
    read_at: u64,
}

impl Losses {
    pub fn new(ebpf: &mut Ebpf) -> Result<Losses> {
        let map = ebpf
            .take_map("LOST")
            .context("no map LOST in the eBPF object")?;
        Ok(Losses {
            map: map.try_into()?,
            known: [0; LOST_SLOTS],
            read_at: now(),
        })
    }

    /// What was lost since the last call, if anything. One system call.
    pub fn read(&mut self) -> Result<Option<Gap>> {
        let per_cpu = self.map.get(&0, 0).context("reading the loss counters")?;
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

/// The event that a loss counter's record would have become.
fn kind(slot: usize) -> Option<Kind> {
    match slot {
        LOST_FAULTS => return Some(Kind::Faults),
        LOST_STATES => return Some(Kind::States),
        _ => {}
    }
    Some(match wire::Kind::from_number(slot as u32)? {
        wire::Kind::Fork => Kind::Fork,
        wire::Kind::WakeupNew => Kind::WakeupNew,
        wire::Kind::FirstRun => Kind::FirstRun,
        wire::Kind::Exec => Kind::Exec,
        wire::Kind::Comm => Kind::Comm,
        wire::Kind::Signal => Kind::Signal,
        wire::Kind::OomVictim => Kind::OomVictim,
        wire::Kind::Exit | wire::Kind::ExitCounted => Kind::Exit,
        wire::Kind::Notify => Kind::Notify,
        wire::Kind::LastSwitch => Kind::LastSwitch,
        wire::Kind::Wait => Kind::Wait,
        wire::Kind::Free => Kind::Free,
        wire::Kind::Task => Kind::Snapshot,
        wire::Kind::ExitStart => Kind::ExitStart,
        wire::Kind::Reap => Kind::Reap,
        wire::Kind::ForkFailed => Kind::ForkFailed,
        wire::Kind::Cgroup => Kind::Cgroup,
        wire::Kind::Moved => Kind::Moved,
        wire::Kind::Fault => Kind::Fault,
        wire::Kind::States => Kind::States,
        wire::Kind::StateChange => Kind::State,
    })
}
