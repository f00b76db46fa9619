//! The clocks of the kernel.

/// Returns CLOCK_BOOTTIME, the clock of all events, in ns since boot.
pub fn now() -> u64 {
    read(libc::CLOCK_BOOTTIME)
}

/// Returns CLOCK_REALTIME minus CLOCK_BOOTTIME, in ns.
pub fn realtime_offset() -> i64 {
    read(libc::CLOCK_REALTIME)
        .cast_signed()
        .wrapping_sub(now().cast_signed())
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
