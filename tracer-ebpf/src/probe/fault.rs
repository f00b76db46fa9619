//! A page fault in user mode: counted, never sent.
//!
//! Hook: `page_fault_user(unsigned long address, struct pt_regs *regs,
//! unsigned long error_code)`, in `exc_page_fault` (arch/x86/mm/fault.c).
//! It may run a million times a second: two loads, two additions.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::maps::fault_class;

use crate::faults;

#[btf_tracepoint(function = "page_fault_user")]
fn page_fault_user(ctx: BtfTracePointContext) -> i32 {
    faults::count(fault_class(ctx.arg(2)));
    0
}
