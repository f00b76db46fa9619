//! Values of the maps that both sides touch.

use crate::wire::Who;

/// Faults by class, as the kernel side counts them. The index
/// is made from the low bits of the x86 page fault error code
/// (arch/x86/include/asm/trap_pf.h): bit 0 "protection", bit 1 "write", bit 4
/// "instruction fetch" moved down to bit 2.
pub type FaultCounts = [u64; FAULT_CLASSES];

/// How many classes [`fault_class`] tells apart.
pub const FAULT_CLASSES: usize = 8;

/// The class of a fault, from the error code of `exceptions:page_fault_user`.
#[inline(always)]
pub const fn fault_class(error_code: u64) -> usize {
    const PROTECTION_OR_WRITE: u64 = 0b11;
    const INSTRUCTION: u64 = 1 << 4;
    ((error_code & PROTECTION_OR_WRITE) | ((error_code & INSTRUCTION) >> 2)) as usize
}

/// A read of a page that is not present.
pub const FAULT_READ: usize = 0b000;
/// A read that the protection forbids.
pub const FAULT_PROTECTION: usize = 0b001;
/// A write to a page that is not present.
pub const FAULT_WRITE: usize = 0b010;
/// A write to a present page that is write-protected: a COW candidate.
pub const FAULT_WRITE_PROTECT: usize = 0b011;
/// From here on: instruction fetches.
pub const FAULT_INSTRUCTION: usize = 0b100;

/// Faults of one living task since tracing began. The map's key is the address
/// of its `task_struct`: no other living task shares it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskFaults {
    pub who: Who,
    pub counts: FaultCounts,
}

/// How many records of each kind found no room, one per CPU. The index is
/// [`crate::wire::Kind`] as a number; [`LOST_FAULTS`] counts page faults that
/// found no room in the fault table.
pub type LostCounts = [u64; LOST_SLOTS];

pub const LOST_SLOTS: usize = 32;
pub const LOST_FAULTS: usize = LOST_SLOTS - 1;

#[cfg(feature = "user")]
// SAFETY: `repr(C)`, integers only, no padding (asserted below).
unsafe impl aya::Pod for TaskFaults {}

const _: () = assert!(size_of::<TaskFaults>() == size_of::<Who>() + size_of::<FaultCounts>());
const _: () =
    assert!(fault_class(0x7) == FAULT_WRITE_PROTECT && fault_class(0x14) == FAULT_INSTRUCTION);
