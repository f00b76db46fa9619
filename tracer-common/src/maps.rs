//! Values of the maps that both sides touch.

use crate::wire::Who;

/// Faults of a task, as the kernel side counts them: one counter per thing a
/// hook can see. What they mean together is concluded in user space, which
/// knows the hooks in use. One counter alone may be short by a fault that is
/// under way, never their conclusion once the task is switched out.
pub type FaultCounts = [u64; FAULT_COUNTERS];

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: usize = $number;)*
    };
}

/// How many error code classes [`fault_class`] tells apart; their counters
/// come first.
pub const FAULT_CLASSES: usize = 8;

counters! {
    // By the error code of `exceptions:page_fault_user` and `_kernel`.
    /// A read of a page that is not present.
    FAULT_READ = 0;
    /// A read that the protection forbids.
    FAULT_PROTECTION = 1;
    /// A write to a page that is not present.
    FAULT_WRITE = 2;
    /// A write to a present page that is write-protected.
    FAULT_WRITE_PROTECT = 3;
    /// From here to the end of the classes: instruction fetches.
    FAULT_INSTRUCTION = 4;

    // By the mapping that `handle_mm_fault` was called for, each fault once.
    VMA_ZERO_PAGE = 8;
    VMA_ZERO_FILL = 9;
    VMA_FILE = 10;
    VMA_FILE_COPY = 11;
    VMA_HUGE = 12;
    VMA_MAJOR = 13;
    VMA_INSTRUCTION = 14;

    // Each fault is in one of the above.

    // What `do_wp_page` made of a write to a protected page.
    /// A page of its own in place of the zero page.
    WP_ZERO = 15;
    WP_COPY = 16;
    WP_REUSE = 17;
    /// A copy of a page of a file.
    WP_FILE_COPY = 18;
    /// Notice of a write to a shared mapping.
    WP_SHARED = 19;
    /// How many of the copies and reuses were in private mappings of files.
    WP_IN_FILE = 20;

    // A page that was allocated while a fault was handled.
    /// After a write to a protected page: what it was copied to.
    ALLOC_COPY = 21;
    /// After a write to a protected page, cleared: it replaces the zero page.
    ALLOC_ZERO_WRITE = 22;
    /// After a write to a page that was not present, cleared.
    ALLOC_ZERO_FILL = 23;
    /// The same, and huge.
    ALLOC_HUGE = 24;

    // Other ways to divide the same faults.
    /// In kernel mode, on user memory.
    IN_KERNEL = 25;
    IN_HEAP = 26;
    IN_STACK = 27;
    IN_FILE = 28;
    IN_ANONYMOUS = 29;
    IN_SHARED = 30;
    // Where the copies were made: regions in the order above.
    COPIES_IN_HEAP = 31;
    COPIES_IN_STACK = 32;
    COPIES_IN_FILE = 33;
    COPIES_IN_ANONYMOUS = 34;
}

pub const FAULT_COUNTERS: usize = 35;

/// The counters before this one add up to all faults.
pub const FAULT_BASES: usize = WP_ZERO;

/// From a region's counter to that of the copies made there.
pub const COPIES_AFTER: usize = COPIES_IN_HEAP - IN_HEAP;

/// The class of a fault, from its x86 error code
/// (arch/x86/include/asm/trap_pf.h): bit 0 "protection", bit 1 "write", bit 4
/// "instruction fetch" moved down to bit 2.
#[inline(always)]
pub const fn fault_class(error_code: u64) -> usize {
    const PROTECTION_OR_WRITE: u64 = 0b11;
    const INSTRUCTION: u64 = 1 << 4;
    ((error_code & PROTECTION_OR_WRITE) | ((error_code & INSTRUCTION) >> 2)) as usize
}

/// Faults of one living task since tracing began. The map's key is the address
/// of its `task_struct`: no other living task shares it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskFaults {
    pub who: Who,
    pub counts: FaultCounts,
}

/// The wait system calls of one process since tracing began, whether or not
/// they returned a child. The map's key is its tgid.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WaitCalls {
    /// Who called last.
    pub who: Who,
    pub count: u64,
    /// When the last one was entered, ns since boot.
    pub last: u64,
}

/// The same of the processes that wait most: by the lower bits of the tgid, so that
/// they are found without a hash table. `count` 0: nobody's place. What is not here
/// is in the map.
pub type RecentWaits = [WaitCalls; RECENT_WAITS];

/// A power of two: the verifier follows a mask.
pub const RECENT_WAITS: usize = 1024;

/// How many records of each kind found no room, one per CPU. The index is
/// [`crate::wire::Kind`] as a number; [`LOST_FAULTS`] counts page faults that
/// found no room in the fault table, [`LOST_STATES`] tasks that found none in
/// that of the states when they were made, or when a snapshot found them.
pub type LostCounts = [u64; LOST_SLOTS];

pub const LOST_SLOTS: usize = 32;
pub const LOST_FAULTS: usize = LOST_SLOTS - 1;
pub const LOST_STATES: usize = LOST_SLOTS - 2;

#[cfg(feature = "aya")]
// SAFETY: `repr(C)`, integers only, no padding (asserted below).
unsafe impl aya::Pod for TaskFaults {}

#[cfg(feature = "aya")]
// SAFETY: `repr(C)`, integers only, no padding (asserted below).
unsafe impl aya::Pod for WaitCalls {}

const _: () = assert!(size_of::<WaitCalls>() == size_of::<Who>() + 16);
const _: () = assert!(size_of::<TaskFaults>() == size_of::<Who>() + size_of::<FaultCounts>());
const _: () =
    assert!(fault_class(0x7) == FAULT_WRITE_PROTECT && fault_class(0x14) == FAULT_INSTRUCTION);
// A slot has a bit for each.
const _: () = assert!(FAULT_COUNTERS <= 64);
const _: () = assert!(COPIES_IN_ANONYMOUS == IN_ANONYMOUS + COPIES_AFTER);
