//! The kernel's clocks, and the time namespace of this process.
//!
//! Kernel programs read the host's clock. In a time namespace (time_namespaces(7)),
//! this process's CLOCK_BOOTTIME and the start times in `/proc` differ from it by an
//! offset, which is constant while the namespace has processes.

use std::{fs, io, path::Path, sync::LazyLock, thread};

/// Name of the initial time namespace, whose inode number is fixed
/// (PROC_TIME_INIT_INO, include/linux/proc_ns.h).
const INITIAL: &str = "time:[4026531834]";

/// Length of a tick of `/proc/PID/stat`, ns. USER_HZ is 100 on x86
/// (include/asm-generic/param.h).
const NS_PER_TICK: u64 = 10_000_000;

static OFFSET: LazyLock<Option<Offset>> = LazyLock::new(Offset::of_this_process);

static PROC_OFFSET: LazyLock<Offset> = LazyLock::new(Offset::of_proc);

/// This process's CLOCK_BOOTTIME minus the host's, ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset(pub i64);

/// Returns the offset of this process's time namespace. None if it is unknown.
pub fn offset() -> Option<Offset> {
    *OFFSET
}

/// Returns CLOCK_BOOTTIME of the host, the clock of all events, in ns since boot.
pub fn now() -> u64 {
    let here = read(libc::CLOCK_BOOTTIME);
    offset().unwrap_or_default().to_host(here)
}

/// Returns CLOCK_REALTIME minus CLOCK_BOOTTIME of the host, in ns.
pub fn realtime_offset() -> i64 {
    read(libc::CLOCK_REALTIME)
        .cast_signed()
        .wrapping_sub(now().cast_signed())
}

/// Returns the earliest start, ns since boot, that `/proc/PID/stat` shows as `ticks`.
pub fn start_of(ticks: u64) -> u64 {
    PROC_OFFSET.start_of(ticks)
}

/// Returns the ticks that `/proc/PID/stat` shows for a start in ns since boot.
pub fn ticks_of(start: u64) -> u64 {
    PROC_OFFSET.ticks_of(start)
}

impl Offset {
    /// Determines the offset from `/proc`.
    fn of_this_process() -> Option<Offset> {
        let own = match fs::read_link("/proc/self/ns/time") {
            Ok(own) => own,
            // The kernel has no time namespaces.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Offset(0)),
            Err(_) => return None,
        };
        if own == Path::new(INITIAL) {
            return Some(Offset(0));
        }
        // The file shows the offsets of the namespace for children
        // (`proc_timens_show_offsets`, kernel/time/namespace.c).
        let for_children = fs::read_link("/proc/self/ns/time_for_children").ok()?;
        if own != for_children {
            return None;
        }
        Offset::parse(&fs::read_to_string("/proc/self/timens_offsets").ok()?)
    }

    /// Determines the offset of start times in `/proc`: that of the namespace, or none on
    /// kernels whose `do_task_stat` (fs/proc/array.c) does not add it, such as 5.10. A new
    /// thread shows which: it starts now, by one of the two clocks.
    fn of_proc() -> Offset {
        let offset = offset().unwrap_or_default();
        if offset == Offset(0) {
            return offset;
        }
        let before = read(libc::CLOCK_BOOTTIME) / NS_PER_TICK;
        let started = thread::spawn(start_of_this_thread).join().ok().flatten();
        let after = read(libc::CLOCK_BOOTTIME) / NS_PER_TICK;
        match started.is_none_or(|ticks| (before..=after).contains(&ticks)) {
            true => offset,
            false => Offset(0),
        }
    }

    /// Parses lines of clock, seconds and nanoseconds. Linux 5.6 numbers the clocks.
    fn parse(offsets: &str) -> Option<Offset> {
        let lines = offsets.lines().map(str::split_ascii_whitespace);
        let mut clocks = lines.filter_map(|mut line| Some((line.next()?, line)));
        let (_, mut numbers) = clocks.find(|(clock, _)| ["boottime", "7"].contains(clock))?;
        let seconds: i64 = numbers.next()?.parse().ok()?;
        let ns: i64 = numbers.next()?.parse().ok()?;
        let offset = seconds.checked_mul(1_000_000_000)?.checked_add(ns)?;
        Some(Offset(offset))
    }

    /// Converts a time of this namespace to the host's.
    fn to_host(self, at: u64) -> u64 {
        at.wrapping_sub(self.0.cast_unsigned())
    }

    /// The kernel adds the offset before it divides (`do_task_stat`, fs/proc/array.c).
    /// Times before the boot of the namespace wrap around.
    fn ticks_of(self, start: u64) -> u64 {
        start.wrapping_add(self.0.cast_unsigned()) / NS_PER_TICK
    }

    fn start_of(self, ticks: u64) -> u64 {
        self.to_host(ticks.wrapping_mul(NS_PER_TICK))
    }
}

/// Returns the start of this thread in ticks, field 22 of its `stat`.
fn start_of_this_thread() -> Option<u64> {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a local timespec. Both clocks exist on every kernel
    // that has BPF ring buffers, so the call cannot fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn offsets_of_both_kernel_formats_are_read() {
        let named = "monotonic           7         1\nboottime       -100 500000000\n";
        assert_eq!(Offset::parse(named), Some(Offset(-199 * SECOND / 2)));
        assert_eq!(
            Offset::parse("1 7 0\n7 20 3\n"),
            Some(Offset(20 * SECOND + 3))
        );
        for bad in [
            "",
            "monotonic 0 0\n",
            "boottime\n",
            "boottime 1\n",
            "boottime x 0\n",
        ] {
            assert_eq!(Offset::parse(bad), None, "{bad:?}");
        }
        let huge = format!("boottime {} 0", i64::MAX);
        assert_eq!(Offset::parse(&huge), None);
    }

    #[test]
    fn starts_are_shown_in_ticks_of_the_namespace() {
        // Started at 0.3 s, also where the namespace's clock begins after that.
        for offset in [0, 100_000 * SECOND + 4_000_000, -SECOND / 10, -5 * SECOND] {
            let (offset, start) = (Offset(offset), 300_000_007);
            let ticks = offset.ticks_of(start);
            let earliest = offset.start_of(ticks);
            assert!(
                earliest <= start && start - earliest < NS_PER_TICK,
                "{offset:?}"
            );
            assert_eq!(offset.ticks_of(earliest), ticks);
        }
        assert_eq!(Offset(2 * SECOND).to_host(5_000_000_000), 3_000_000_000);
    }
}
