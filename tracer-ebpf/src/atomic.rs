//! Atomic addition, which the Rust library does not provide for this target.

use core::arch::asm;

/// Adds `n` atomically by `BPF_XADD`, which every kernel supports. The other atomic
/// instructions exist since 5.12 (commit 91c960b0056).
///
/// # Safety
/// `sum` is aligned, valid, and part of a map's value.
#[inline(always)]
pub unsafe fn add(sum: *mut u64, n: u64) {
    // SAFETY: guaranteed by the caller.
    unsafe { asm!("lock *(u64 *)({sum} + 0) += {n}", sum = in(reg) sum, n = in(reg) n) };
}
