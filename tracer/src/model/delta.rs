//! Delta encoding of a process's times and PIDs, for [`super::saved`]. They lie
//! close together, so most take two or three bytes instead of eight.

use super::Process;
use crate::event::ProcessId;

/// Encodes processes one after another, or decodes them in the same order.
#[derive(Default)]
pub(super) struct DeltaCodec {
    /// Identity of the previous process.
    before: ProcessId,
}

impl DeltaCodec {
    pub fn encode(&mut self, process: &mut Process) {
        let ProcessId { tgid, start } = process.id;
        let id = ProcessId {
            tgid: pid_difference(tgid, self.before.tgid),
            start: difference(start, self.before.start),
        };
        self.before = process.id;
        process.id = id;
        process.each_number(&mut |number| *number = number.wrapping_sub(tgid));
        let mut last = start;
        process.each_time(&mut |time| {
            let this = std::mem::replace(time, difference(*time, last));
            last = this;
        });
    }

    pub fn decode(&mut self, process: &mut Process) {
        let ProcessId { tgid, start } = process.id;
        process.id = ProcessId {
            tgid: from_pid_difference(tgid, self.before.tgid),
            start: from_difference(start, self.before.start),
        };
        self.before = process.id;
        let ProcessId { tgid, start } = process.id;
        process.each_number(&mut |number| *number = number.wrapping_add(tgid));
        let mut last = start;
        process.each_time(&mut |time| {
            *time = from_difference(*time, last);
            last = *time;
        });
    }
}

/// Returns the zigzag-encoded difference: small if the numbers are close, whichever
/// is greater.
fn difference(number: u64, before: u64) -> u64 {
    let way = number.wrapping_sub(before) as i64;
    ((way << 1) ^ (way >> 63)) as u64
}

fn from_difference(difference: u64, before: u64) -> u64 {
    let way = (difference >> 1) as i64 ^ -((difference & 1) as i64);
    before.wrapping_add(way as u64)
}

fn pid_difference(number: u32, before: u32) -> u32 {
    let way = i64::from(number.wrapping_sub(before) as i32);
    difference(way as u64, 0) as u32
}

fn from_pid_difference(difference: u32, before: u32) -> u32 {
    before.wrapping_add(from_difference(u64::from(difference), 0) as u32)
}

impl Process {
    /// Visits the process's own numbers that mostly equal its PID.
    fn each_number(&mut self, visit: &mut impl FnMut(&mut u32)) {
        self.ns.iter_mut().for_each(|(pid, _)| visit(pid));
        self.seen_pid.iter_mut().for_each(&mut *visit);
        visit(&mut self.ended_by);
    }

    /// Visits times, roughly in the order of a life.
    fn each_time(&mut self, visit: &mut impl FnMut(&mut u64)) {
        self.forked_at.iter_mut().for_each(&mut *visit);
        self.runnable_at.iter_mut().for_each(&mut *visit);
        self.first_ran_at.iter_mut().for_each(&mut *visit);
        visit(&mut self.snapshot_argv_at);
        for execution in &mut self.executions {
            visit(&mut execution.at);
        }
        visit(&mut self.named_at);
        for (at, _) in &mut self.signals {
            visit(at);
        }
        self.exited_at.iter_mut().for_each(&mut *visit);
        self.zombie_at.iter_mut().for_each(&mut *visit);
        self.last_switch.iter_mut().for_each(|(at, _)| visit(at));
        self.reaped_at.iter_mut().for_each(&mut *visit);
        self.freed_at.iter_mut().for_each(&mut *visit);
        self.vanished_at.iter_mut().for_each(&mut *visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_decodes() {
        let numbers = [0, 1, 2, 1 << 31, u64::MAX / 2, u64::MAX - 1, u64::MAX];
        for from in numbers {
            for to in numbers {
                assert_eq!(from_difference(difference(to, from), from), to);
            }
        }
        let numbers = [0, 1, 2, 1 << 30, 1 << 31, u32::MAX - 1, u32::MAX];
        for from in numbers {
            for to in numbers {
                let way = pid_difference(to, from);
                assert_eq!(from_pid_difference(way, from), to);
            }
        }
        assert_eq!([difference(7, 9), difference(9, 7)], [3, 4]);
    }
}
