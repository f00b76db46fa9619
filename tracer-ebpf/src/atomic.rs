//! A sum that no other program can come between, on this CPU or another. For this
//! target the library has none.

use core::arch::asm;

/// `BPF_XADD`, which every kernel knows; the others are of 5.12 (commit 91c960b0056).
///
/// # Safety
/// `sum` is aligned and valid, in a map's value.
#[inline(always)]
pub unsafe fn add(sum: *mut u64, n: u64) {
    // SAFETY: the caller's promise.
    unsafe { asm!("lock *(u64 *)({sum} + 0) += {n}", sum = in(reg) sum, n = in(reg) n) };
}
