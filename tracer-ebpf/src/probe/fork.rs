//! A task is made.
//!
//! Hook: `task_newtask(struct task_struct *task, u64 clone_flags)`, at the end
//! of `copy_process` (kernel/fork.c), in the caller's context, on every kernel
//! since 3.x; the flags were `unsigned long` until 6.17. Unlike
//! `sched_process_fork` it says the clone flags and sees io_uring workers.
//! Fallback: `sched_process_fork(parent, child)`, in `kernel_clone`.
//! Sends: [`Fork`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::{FLAGS_UNKNOWN, Fork};

use crate::{
    fields,
    kernel::Trusted,
    ring::{header, send},
    task::{Task, argument, current},
};

#[btf_tracepoint(function = "task_newtask")]
fn task_newtask(ctx: BtfTracePointContext) -> i32 {
    fork(argument(&ctx, 0), ctx.arg(1))
}

#[btf_tracepoint(function = "sched_process_fork")]
fn sched_process_fork(ctx: BtfTracePointContext) -> i32 {
    fork(argument(&ctx, 1), FLAGS_UNKNOWN)
}

#[inline(always)]
fn fork(child: Task<Trusted>, clone_flags: u64) -> i32 {
    let (ns_pid, ns_level) = child.ns_pid();
    send(|| Fork {
        head: header::<Fork>(child.who()),
        by: current().who(),
        parent: child.real_parent().group(),
        clone_flags,
        task_flags: child.flags(),
        exit_signal: child.read(&fields::TASK_EXIT_SIGNAL),
        ns_pid,
        ns_level,
        comm: child.comm(),
    });
    0
}
