//! A page is allocated. During a fault, this identifies the fault's outcome.
//!
//! Hook: `mm_page_alloc(struct page *page, unsigned int order, gfp_t gfp_flags,
//! int migratetype)`, in `__alloc_pages` (mm/page_alloc.c). It fires for every page
//! that the kernel allocates; the program returns after two loads unless the running
//! task's last fault may still need a page. A write to a protected page was a copy if
//! a page is allocated for it, and replaced the zero page if that page is cleared
//! (`wp_page_copy`, mm/memory.c). Without an allocation it was no copy.
//! Better: `probe::wp_page`, which is passed the page.

use tracer_common::maps::{
    ALLOC_COPY, ALLOC_HUGE, ALLOC_ZERO_FILL, ALLOC_ZERO_WRITE, COPIES_IN_HEAP, COPIES_IN_STACK,
    FAULT_WRITE, IN_HEAP, IN_STACK,
};

use crate::{
    faults::{Pending, slot},
    fields,
    hook::{Arguments, hooks},
    kernel::{Probed, Struct},
};

hooks! { allocated: tp_btf mm_page_alloc, raw_tp raw_mm_page_alloc; }

/// `___GFP_*` (include/linux/gfp_types.h; gfp.h before 6.0): the flags for pages of
/// user memory and for the page cache.
const HIGHMEM: u64 = 0x2;
const MOVABLE: u64 = 0x8;
const FS: u64 = 0x80;
const ZERO: u64 = 0x100;
const WRITE: u64 = 0x1000;
const NORETRY: u64 = 0x1_0000;
const USER_PAGE: u64 = HIGHMEM | MOVABLE | FS;

/// Order of a huge page, PMD_SHIFT - PAGE_SHIFT: 2 MiB.
const HUGE_ORDER: u64 = 9;

#[inline(always)]
fn allocated(ctx: &impl Arguments) {
    let Some(slot) = slot() else {
        return;
    };
    let Pending {
        class,
        region,
        regs,
    } = slot.pending;
    if class == Pending::NONE {
        return;
    }
    let (order, flags) = (ctx.number(1) as u32 as u64, ctx.number(2));
    if class == FAULT_WRITE as u32 {
        if order >= HUGE_ORDER && flags & MOVABLE != 0 {
            slot.add_preemptible(ALLOC_HUGE);
        } else if flags & MOVABLE != 0 && (flags & ZERO != 0 || order > 0) {
            slot.add_preemptible(ALLOC_ZERO_FILL);
        } else {
            return;
        }
    } else {
        if flags & (USER_PAGE | WRITE | NORETRY) != USER_PAGE || in_system_call(regs) {
            return;
        }
        if flags & ZERO != 0 {
            slot.add_preemptible(ALLOC_ZERO_WRITE);
        } else {
            slot.add_preemptible(ALLOC_COPY);
            match region as usize {
                IN_HEAP => slot.add_preemptible(COPIES_IN_HEAP),
                IN_STACK => slot.add_preemptible(COPIES_IN_STACK),
                _ => {}
            }
        }
    }
    slot.pending.class = Pending::NONE;
}

/// Returns true if the task is in a system call, which means that its fault is over.
/// The entry code stores the user's registers at the top of the kernel stack, where
/// `orig_ax` is the number of a system call, or negative (arch/x86/entry/entry_64.S).
#[inline(always)]
fn in_system_call(regs: u64) -> bool {
    if regs == 0 {
        return false;
    }
    // SAFETY: `Probed` reads any address safely.
    let regs = unsafe { Struct::<Probed>::new(regs as *const u8) };
    regs.read::<u64>(&fields::REGS_ORIG_AX) as i64 >= 0
}
