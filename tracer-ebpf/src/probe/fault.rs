//! A page fault as the CPU raises it, counted by its error code.
//!
//! Hook: `page_fault_user(unsigned long address, struct pt_regs *regs,
//! unsigned long error_code)`, and `page_fault_kernel` for faults of the kernel on
//! user memory, in `exc_page_fault` (arch/x86/mm/fault.c). They may fire a million
//! times a second, so the program is a few loads and additions. The mapping is not
//! known yet; address and registers identify heap and stack only.
//! Better: `probe::mm_fault`, which is passed the mapping.
//! Sends: [`Fault`], if faults are streamed.

use core::hint::black_box;

use tracer_common::{
    maps::{
        FAULT_CLASSES, FAULT_WRITE, FAULT_WRITE_PROTECT, IN_HEAP, IN_KERNEL, IN_STACK, fault_class,
    },
    wire::Fault,
};

use crate::{
    faults::{Pending, Slot, slot},
    fields::{self, get},
    hook::{Arguments, hooks},
    ring_buffer::{header, leaves_room, send},
    task::{current, current_trusted},
};

hooks! {
    user: tp_btf page_fault_user, raw_tp raw_page_fault_user;
    kernel: tp_btf page_fault_kernel, raw_tp raw_page_fault_kernel;
}

/// Bytes below the stack pointer that older kernels accepted as stack accesses: a red
/// zone, and the largest `enter`.
const BELOW_STACK_POINTER: u64 = 65536 + 32 * 8;
/// Bytes above the stack pointer that count as stack if the top is not known, as in
/// threads.
const ABOVE_STACK_POINTER: u64 = 65536;
/// The usual RLIMIT_STACK, in bytes.
const MAIN_STACK: u64 = 8 << 20;

#[inline(always)]
fn user(ctx: &impl Arguments) {
    let regs = ctx.pointer(1);
    fault(ctx, regs.read(&fields::REGS_SP), regs.address());
}

#[inline(always)]
fn kernel(ctx: &impl Arguments) {
    // Addresses in the kernel's half are not user memory.
    if ctx.number(0) >> 63 == 0 {
        fault(ctx, 0, 0);
    }
}

/// Counts a fault. `regs` is 0 if the kernel itself faulted.
#[inline(always)]
fn fault(ctx: &impl Arguments, sp: u64, regs: u64) {
    let Some(slot) = slot() else {
        return;
    };
    let address = ctx.number(0);
    // The compiler knows the bound and would drop the mask, which older verifiers
    // need.
    let class = black_box(fault_class(ctx.number(2))) & (FAULT_CLASSES - 1);
    slot.add(class);
    if regs == 0 {
        slot.add(IN_KERNEL);
    }
    let region = region(address, sp);
    match region {
        IN_HEAP => slot.add(IN_HEAP),
        IN_STACK => slot.add(IN_STACK),
        _ => {}
    }
    slot.pending = Pending {
        class: match class {
            FAULT_WRITE | FAULT_WRITE_PROTECT => class as u32,
            _ => Pending::NONE,
        },
        region: region as u32,
        regs,
    };
    stream(slot, address, class, region, regs == 0);
}

/// Returns the counter of the region of an address, as far as it can be determined
/// without the mapping; 0: another region.
#[inline(always)]
fn region(address: u64, sp: u64) -> usize {
    let mut above = ABOVE_STACK_POINTER;
    if let Some(task) = current_trusted() {
        let mm = task.follow(&fields::TASK_MM);
        let heap: u64 = mm.read(&fields::MM_START_BRK);
        if address >= heap && address < mm.read(&fields::MM_BRK) {
            return IN_HEAP;
        }
        let to_top = mm.read::<u64>(&fields::MM_START_STACK).wrapping_sub(sp);
        if to_top < MAIN_STACK {
            above = to_top;
        }
    }
    let bottom = sp.wrapping_sub(BELOW_STACK_POINTER);
    if sp != 0 && address.wrapping_sub(bottom) < above + BELOW_STACK_POINTER {
        return IN_STACK;
    }
    0
}

/// Sends the fault if faults are streamed and it is the next of the sample.
#[inline(always)]
pub fn stream(slot: &mut Slot, address: u64, class: usize, region: usize, in_kernel: bool) {
    let one_in = get(&STREAM_FAULTS);
    if one_in == 0 {
        return;
    }
    slot.unsent += 1;
    if slot.unsent < one_in {
        return;
    }
    slot.unsent = 0;
    if !leaves_room::<Fault>() {
        return;
    }
    send(|| Fault {
        head: header::<Fault>(current().who()),
        address,
        class: class as u32,
        region: region as u32,
        in_kernel: in_kernel.into(),
        zero: 0,
    });
}

/// Number of faults per fault that is sent; 0: none are sent.
#[unsafe(no_mangle)]
static STREAM_FAULTS: u64 = 0;
