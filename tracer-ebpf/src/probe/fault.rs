//! A page fault in user mode: counted, never sent.
//!
//! Hook: `page_fault_user(unsigned long address, struct pt_regs *regs,
//! unsigned long error_code)`, in `exc_page_fault` (arch/x86/mm/fault.c).
//! It may run a million times a second: two loads, two additions.

use tracer_common::maps::fault_class;

use crate::{
    faults,
    hook::{Arguments, hooks},
};

hooks! { fault: tp_btf page_fault_user, raw_tp raw_page_fault_user; }

#[inline(always)]
fn fault(ctx: &impl Arguments) {
    faults::count(fault_class(ctx.number(2)));
}
