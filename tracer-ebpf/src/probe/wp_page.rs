//! The outcome of a write to a protected page: copied, reused, or a notification.
//!
//! Hook: `do_wp_page(struct vm_fault *vmf)` (mm/memory.c), at its return. If a copy was
//! made, the page table entry then refers to another page than `vmf->orig_pte`.
//! `vmf->page` is null if that was the zero page. With kprobes the argument is stored
//! from the call to the return.
//! Fallback: `probe::page_alloc`.

use aya_ebpf::{macros::map, maps::HashMap};
use tracer_common::maps::{
    COPIES_AFTER, IN_ANONYMOUS, IN_FILE, IN_HEAP, IN_STACK, WP_COPY, WP_FILE_COPY, WP_IN_FILE,
    WP_REUSE, WP_SHARED, WP_ZERO,
};

use super::mm_fault::{Mapping, unfinished};
use crate::{
    faults::{Slot, slot},
    fields,
    hook::{Arguments, hooks},
    kernel::{Access, Probed, Struct},
    task::current,
};

hooks! {
    returned: fexit fexit_do_wp_page;
    called: kprobe kprobe_do_wp_page;
    has_returned: kretprobe kretprobe_do_wp_page;
}

/// Mask of the page frame number in a page table entry (PTE_PFN_MASK,
/// arch/x86/include/asm/pgtable_types.h).
const PTE_PFN_MASK: u64 = 0x000f_ffff_ffff_f000;
/// PAGE_MAPPING_ANON (include/linux/page-flags.h).
const PAGE_MAPPING_ANON: u64 = 1;

/// The `vm_fault` of each task inside `do_wp_page`, by the address of the task.
#[map]
static WP_CALLS: HashMap<u64, u64> = HashMap::with_max_entries(1024, 0);

#[inline(always)]
fn returned(ctx: &impl Arguments) {
    if !unfinished(ctx.number(1)) {
        count(ctx.pointer(0));
    }
}

#[inline(always)]
fn called(ctx: &impl Arguments) {
    let _ = WP_CALLS.insert(current().address(), ctx.number(0), 0);
}

#[inline(always)]
fn has_returned(returned: u64) {
    let task = current().address();
    // SAFETY: only this task writes its entry.
    let Some(&fault) = (unsafe { WP_CALLS.get(task) }) else {
        return;
    };
    let _ = WP_CALLS.remove(task);
    if !unfinished(returned) {
        // SAFETY: `Probed` reads any address safely.
        count(unsafe { Struct::<Probed>::new(fault as *const u8) });
    }
}

#[inline(always)]
fn count<A: Access>(fault: Struct<A>) {
    let Some(slot) = slot() else {
        return;
    };
    let mapping = Mapping::of(fault.follow(&fields::FAULT_VMA), &mut slot.page_scratch);
    if mapping.is_shared() {
        return slot.add_preemptible(WP_SHARED);
    }
    let pfn = |pte: u64| pte & PTE_PFN_MASK;
    // The entry is in a page table, which no typed pointer reaches.
    let entry = fault.follow(&fields::FAULT_PTE).address() as *const u64;
    // SAFETY: `Probed` reads any address safely.
    let entry = unsafe { Probed::read(entry) };
    if pfn(entry) == pfn(fault.read(&fields::FAULT_ORIG_PTE)) {
        slot.add_preemptible(WP_REUSE);
        return in_file(slot, &mapping);
    }
    let page = fault.follow(&fields::FAULT_PAGE);
    if slot.page_scratch.number(page.address()) == 0 {
        return slot.add_preemptible(WP_ZERO);
    }
    if !mapping.is_anonymous {
        let of: u64 = page.probed().read(&fields::PAGE_MAPPING);
        if of & PAGE_MAPPING_ANON == 0 {
            return slot.add_preemptible(WP_FILE_COPY);
        }
    }
    slot.add_preemptible(WP_COPY);
    in_file(slot, &mapping);
    match mapping.region() {
        IN_HEAP => slot.add_preemptible(IN_HEAP + COPIES_AFTER),
        IN_STACK => slot.add_preemptible(IN_STACK + COPIES_AFTER),
        IN_FILE => slot.add_preemptible(IN_FILE + COPIES_AFTER),
        IN_ANONYMOUS => slot.add_preemptible(IN_ANONYMOUS + COPIES_AFTER),
        _ => {}
    }
}

#[inline(always)]
fn in_file<A: Access>(slot: &mut Slot, mapping: &Mapping<A>) {
    if !mapping.is_anonymous {
        slot.add_preemptible(WP_IN_FILE);
    }
}
