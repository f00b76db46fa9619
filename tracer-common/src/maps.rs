//! Values of the maps that the kernel side writes and user space reads.

use crate::wire::{Kind, Who};

/// Page faults of a task, one counter per property that a hook can see. User
/// space, which knows the hooks in use, derives the fault classes from them. While
/// the task runs, a single counter may miss a fault in progress; the derived
/// figures are complete once the task is switched out.
pub type FaultCounts = [u64; FAULT_COUNTERS];

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        $($(#[$doc])* pub const $name: usize = $number;)*
    };
}

/// Number of error code classes that [`fault_class`] returns. Their counters come
/// first.
pub const FAULT_CLASSES: usize = 8;

counters! {
    // By the error code of `exceptions:page_fault_user` and `_kernel`.
    /// Read of a page that is not present.
    FAULT_READ = 0;
    /// Read that the protection forbids.
    FAULT_PROTECTION = 1;
    /// Write to a page that is not present.
    FAULT_WRITE = 2;
    /// Write to a present, write-protected page.
    FAULT_WRITE_PROTECT = 3;
    /// First of the instruction fetch classes, which end with the error code
    /// classes.
    FAULT_INSTRUCTION = 4;

    // By the mapping that `handle_mm_fault` was called for. Each fault is counted
    // once.
    /// Read of anonymous memory: the zero page is mapped.
    VMA_ZERO_PAGE = 8;
    /// Write to anonymous memory: a cleared page is mapped.
    VMA_ZERO_FILL = 9;
    /// Access to a file mapping or to shared memory.
    VMA_FILE = 10;
    /// Write to a private file mapping.
    VMA_FILE_COPY = 11;
    /// Fault in a hugetlb mapping.
    VMA_HUGE = 12;
    /// Major fault.
    VMA_MAJOR = 13;
    /// Instruction fetch.
    VMA_INSTRUCTION = 14;

    // Each fault is in exactly one counter above.

    // By the outcome of `do_wp_page` for a write to a protected page.
    /// New page in place of the zero page.
    WP_ZERO = 15;
    /// Copy of an anonymous page.
    WP_COPY = 16;
    /// Page made writable without a copy.
    WP_REUSE = 17;
    /// Copy of a file's page.
    WP_FILE_COPY = 18;
    /// Write notification on a shared mapping.
    WP_SHARED = 19;
    /// Copies and reuses above that were in private file mappings.
    WP_IN_FILE = 20;

    // By the page allocated while a fault was handled.
    /// After a write to a protected page: the destination of the copy.
    ALLOC_COPY = 21;
    /// Cleared, after a write to a protected page: it replaces the zero page.
    ALLOC_ZERO_WRITE = 22;
    /// Cleared, after a write to a page that was not present.
    ALLOC_ZERO_FILL = 23;
    /// Huge page after a write to a page that was not present.
    ALLOC_HUGE = 24;

    // Other partitions of the same faults.
    /// In kernel mode, on user memory.
    IN_KERNEL = 25;
    /// In the heap.
    IN_HEAP = 26;
    /// In a stack.
    IN_STACK = 27;
    /// In a private file mapping.
    IN_FILE = 28;
    /// In other anonymous memory.
    IN_ANONYMOUS = 29;
    /// In a shared mapping.
    IN_SHARED = 30;
    // Copies by region, in the same order.
    /// Copies in the heap.
    COPIES_IN_HEAP = 31;
    /// Copies in a stack.
    COPIES_IN_STACK = 32;
    /// Copies in a private file mapping.
    COPIES_IN_FILE = 33;
    /// Copies in other anonymous memory.
    COPIES_IN_ANONYMOUS = 34;
}

/// Number of counters.
pub const FAULT_COUNTERS: usize = 35;

/// Number of leading counters that add up to all faults.
pub const FAULT_BASES: usize = WP_ZERO;

/// Distance from a region's counter to that of the copies in the region.
pub const COPIES_AFTER: usize = COPIES_IN_HEAP - IN_HEAP;

/// Returns the class of a fault from its x86 error code
/// (arch/x86/include/asm/trap_pf.h): bit 0 "protection", bit 1 "write", and bit 4
/// "instruction fetch" moved to bit 2.
#[inline(always)]
pub const fn fault_class(error_code: u64) -> usize {
    const PROTECTION_OR_WRITE: u64 = 0b11;
    const INSTRUCTION: u64 = 1 << 4;
    ((error_code & PROTECTION_OR_WRITE) | ((error_code & INSTRUCTION) >> 2)) as usize
}

/// Faults of one task since tracing began. The map's key is the address of its
/// `task_struct`, which no other existing task shares.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TaskFaults {
    pub who: Who,
    pub counts: FaultCounts,
}

/// Wait system calls of one process since tracing began, including those that
/// returned no child. The map's key is its tgid.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WaitCalls {
    /// The most recent caller.
    pub who: Who,
    pub count: u64,
    /// Entry of the most recent call, ns since boot.
    pub last: u64,
}

/// Wait calls of the processes that wait most, indexed by the lower bits of the
/// tgid so that no hash look-up is needed. An entry with `count` 0 is free.
/// Processes without an entry here are in the hash map.
pub type RecentWaits = [WaitCalls; RECENT_WAITS];

/// Number of entries of [`RecentWaits`]. A power of two: the verifier follows a
/// mask.
pub const RECENT_WAITS: usize = 1024;

/// The kernel side wakes the reader when this fraction of the ring buffer is filled.
pub const WAKE_FRACTION: u64 = 16;

/// Lost records by kind, one array per CPU. The index is the number of the
/// [`Kind`]. [`LOST_FAULTS`] counts page faults that found the fault table full;
/// [`LOST_STATES`] counts tasks that found the state table full when they were
/// created or found by a snapshot.
pub type LostCounts = [u64; LOST_SLOTS];

/// Length of [`LostCounts`].
pub const LOST_SLOTS: usize = 32;
/// Index of the page faults that found the fault table full.
pub const LOST_FAULTS: usize = LOST_SLOTS - 1;
/// Index of the tasks that found the state table full.
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
// `faults::Slot` in tracer-ebpf keeps one bit per counter.
const _: () = assert!(FAULT_COUNTERS <= 64);
const _: () = assert!(COPIES_IN_ANONYMOUS == IN_ANONYMOUS + COPIES_AFTER);
// Every kind has an index of its own below the two table counters.
const _: () = {
    let mut kinds = Kind::ALL;
    while let [kind, rest @ ..] = kinds {
        assert!((*kind as usize) < LOST_STATES);
        kinds = rest;
    }
};
