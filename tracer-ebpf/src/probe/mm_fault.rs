//! A page fault is handled, counted by its mapping.
//!
//! Hook: the return of `handle_mm_fault(struct vm_area_struct *vma, unsigned
//! long address, unsigned int flags, struct pt_regs *regs)` (mm/memory.c; these
//! arguments since 5.9). It also fires for faults of the kernel on user memory and for
//! those of `get_user_pages`, so that it counts the same faults as the kernel's
//! `min_flt` and `maj_flt` (`mm_account_fault`).
//! Fallback: `probe::fault`.
//! Sends: `Fault`, if faults are streamed.

use tracer_common::maps::{
    IN_ANONYMOUS, IN_FILE, IN_HEAP, IN_KERNEL, IN_SHARED, IN_STACK, VMA_FILE, VMA_FILE_COPY,
    VMA_HUGE, VMA_INSTRUCTION, VMA_MAJOR, VMA_ZERO_FILL, VMA_ZERO_PAGE,
};

use super::fault::stream;
use crate::{
    faults::slot,
    fields,
    hook::{Arguments, hooks},
    kernel::{Access, Struct},
    scratch::Scratch,
};

hooks! { handled: fexit fexit_handle_mm_fault; }

/// FAULT_FLAG_* (include/linux/mm_types.h; mm.h before 5.16).
const WRITE: u64 = 1 << 0;
const USER: u64 = 1 << 6;
const INSTRUCTION: u64 = 1 << 8;

/// VM_FAULT_* (include/linux/mm_types.h).
const MAJOR: u64 = 0x4;
/// VM_FAULT_RETRY: the fault will be repeated; and VM_FAULT_ERROR: nothing was mapped.
const UNFINISHED: u64 = 0x400 | 0x873;

/// VM_* (include/linux/mm.h).
const VM_SHARED: u64 = 0x8;
const VM_HUGETLB: u64 = 0x40_0000;

/// Returns true if the handler's return value says that nothing was mapped.
#[inline(always)]
pub fn unfinished(returned: u64) -> bool {
    returned & UNFINISHED != 0
}

#[inline(always)]
fn handled(ctx: &impl Arguments) {
    let returned = ctx.number(4);
    if unfinished(returned) {
        return;
    }
    let Some(slot) = slot() else {
        return;
    };
    let mapping = Mapping::of(ctx.pointer(0), &mut slot.mapping_scratch);
    let flags = ctx.number(2);
    let class = if returned & MAJOR != 0 {
        VMA_MAJOR
    } else if flags & INSTRUCTION != 0 {
        VMA_INSTRUCTION
    } else if mapping.flags & VM_HUGETLB != 0 {
        VMA_HUGE
    } else {
        match (
            mapping.is_anonymous,
            mapping.is_shared(),
            flags & WRITE != 0,
        ) {
            (true, _, true) => VMA_ZERO_FILL,
            (true, _, false) => VMA_ZERO_PAGE,
            (false, false, true) => VMA_FILE_COPY,
            (false, ..) => VMA_FILE,
        }
    };
    slot.add_preemptible(class);
    let in_kernel = flags & USER == 0;
    if in_kernel {
        slot.add_preemptible(IN_KERNEL);
    }
    let region = mapping.region();
    slot.add_preemptible(region);
    stream(slot, ctx.number(1), class, region, in_kernel);
}

/// The properties of a `vm_area_struct`.
pub struct Mapping<A> {
    vma: Struct<A>,
    flags: u64,
    /// `vma_is_anonymous` (include/linux/mm.h). False for shared memory.
    pub is_anonymous: bool,
}

impl<A: Access> Mapping<A> {
    #[inline(always)]
    pub fn of(vma: Struct<A>, scratch: &mut Scratch) -> Self {
        Mapping {
            vma,
            flags: vma.read(&fields::VMA_FLAGS),
            is_anonymous: scratch.number(vma.read(&fields::VMA_OPS)) == 0,
        }
    }

    #[inline(always)]
    pub fn is_shared(&self) -> bool {
        self.flags & VM_SHARED != 0
    }

    /// Returns the counter of its region.
    #[inline(always)]
    pub fn region(&self) -> usize {
        if self.is_shared() {
            return IN_SHARED;
        }
        if !self.is_anonymous {
            return IN_FILE;
        }
        let mm = self.vma.follow(&fields::VMA_MM);
        let (start, end): (u64, u64) = (
            self.vma.read(&fields::VMA_START),
            self.vma.read(&fields::VMA_END),
        );
        if start < mm.read(&fields::MM_BRK) && end > mm.read(&fields::MM_START_BRK) {
            return IN_HEAP;
        }
        let stack: u64 = mm.read(&fields::MM_START_STACK);
        if start <= stack && stack <= end {
            return IN_STACK;
        }
        IN_ANONYMOUS
    }
}
