//! A page is allocated: while a fault is handled, that tells what becomes of
//! the fault.
//!
//! Hook: `mm_page_alloc(struct page *page, unsigned int order, gfp_t gfp_flags,
//! int migratetype)`, in `__alloc_pages` (mm/page_alloc.c), for every page that
//! anybody allocates: turned away after two loads unless the running task's
//! last fault can still want one. A write to a protected page that gets a page
//! was a copy, and one that gets a cleared page replaced the zero page
//! (`wp_page_copy`, mm/memory.c); one that gets none was no copy.
//! Better: `probe::wp_page`, which is shown the page.

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

/// `___GFP_*` (include/linux/gfp_types.h; gfp.h before 6.0): what a page of
/// user memory is asked for with, and what one for the page cache.
const HIGHMEM: u64 = 0x2;
const MOVABLE: u64 = 0x8;
const FS: u64 = 0x80;
const ZERO: u64 = 0x100;
const WRITE: u64 = 0x1000;
const NORETRY: u64 = 0x1_0000;
const USER_PAGE: u64 = HIGHMEM | MOVABLE | FS;

/// PMD_SHIFT - PAGE_SHIFT: 2 MiB.
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

/// The user's registers lie where the entry code put them, at the top of the
/// kernel's stack, and `orig_ax` is the number of a system call or negative
/// (arch/x86/entry/entry_64.S): the fault is over when its task is in a call.
#[inline(always)]
fn in_system_call(regs: u64) -> bool {
    if regs == 0 {
        return false;
    }
    // SAFETY: `Probed` reads any address safely.
    let regs = unsafe { Struct::<Probed>::new(regs as *const u8) };
    regs.read::<u64>(&fields::REGS_ORIG_AX) as i64 >= 0
}
