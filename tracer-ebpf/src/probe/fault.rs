//! A page fault as the processor tells it: counted by its error code.
//!
//! Hook: `page_fault_user(unsigned long address, struct pt_regs *regs,
//! unsigned long error_code)` and its like `page_fault_kernel`, for faults of
//! the kernel on user memory, in `exc_page_fault` (arch/x86/mm/fault.c).
//! They may run a million times a second: a few loads and additions. What the
//! fault maps is not known yet; of its region, the address and the registers
//! tell heap and stack.
//! Better: `probe::mm_fault`, which is shown the mapping.
//! Sends: [`Fault`], where every fault is asked for.

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
    ring::{header, send},
    task::{current, current_trusted},
};

hooks! {
    user: tp_btf page_fault_user, raw_tp raw_page_fault_user;
    kernel: tp_btf page_fault_kernel, raw_tp raw_page_fault_kernel;
}

/// How far below the stack pointer the kernel used to take an access for one
/// to the stack: a red zone, and the largest `enter`.
const BELOW_STACK_POINTER: u64 = 65536 + 32 * 8;
/// What is taken for stack above it, where the top is not known: in threads.
const ABOVE_STACK_POINTER: u64 = 65536;
/// RLIMIT_STACK as it mostly is.
const MAIN_STACK: u64 = 8 << 20;

#[inline(always)]
fn user(ctx: &impl Arguments) {
    let regs = ctx.pointer(1);
    fault(ctx, regs.read(&fields::REGS_SP), regs.address());
}

#[inline(always)]
fn kernel(ctx: &impl Arguments) {
    // Addresses in the kernel's own half are not about user memory.
    if ctx.number(0) >> 63 == 0 {
        fault(ctx, 0, 0);
    }
}

/// `regs`: 0 where the kernel itself faulted.
#[inline(always)]
fn fault(ctx: &impl Arguments, sp: u64, regs: u64) {
    let Some(slot) = slot() else {
        return;
    };
    let address = ctx.number(0);
    // The compiler knows the bound and drops the mask; the older verifiers do
    // not see it then.
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
    tell(slot, address, class, region, regs == 0);
}

/// The counter of the region that an address is in, as far as it can be told
/// without looking for the mapping; 0: another.
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

/// Sends the fault, if every one or one of so many is asked for.
#[inline(always)]
pub fn tell(slot: &mut Slot, address: u64, class: usize, region: usize, in_kernel: bool) {
    let one_in = get(&STREAM_FAULTS);
    if one_in == 0 {
        return;
    }
    slot.unsent += 1;
    if slot.unsent < one_in {
        return;
    }
    slot.unsent = 0;
    send(|| Fault {
        head: header::<Fault>(current().who()),
        address,
        class: class as u32,
        region: region as u32,
        in_kernel: in_kernel.into(),
        zero: 0,
    });
}

/// One fault of so many is sent; 0: none.
#[unsafe(no_mangle)]
static STREAM_FAULTS: u64 = 0;
