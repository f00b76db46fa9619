//! A task is created.
//!
//! Hook: `task_newtask(struct task_struct *task, u64 clone_flags)`, at the end
//! of `copy_process` (kernel/fork.c), in the caller's context, on every kernel
//! since 3.x. The flags were `unsigned long` until 6.17. Unlike
//! `sched_process_fork` it passes the clone flags and fires for io_uring workers.
//! Fallback: `sched_process_fork(parent, child)`, in `kernel_clone`.
//! Sends: [`Fork`].

use tracer_common::wire::{FLAGS_UNKNOWN, Fork};

use super::fork_start;
use crate::{
    faults, fields,
    hook::{Arguments, hooks},
    kernel::Access,
    ring_buffer::{header, send_in_place},
    task::{Task, current, current_trusted, current_who},
};

hooks! {
    new_task: tp_btf task_newtask, raw_tp raw_task_newtask;
    forked: tp_btf sched_process_fork, raw_tp raw_sched_process_fork;
}

#[inline(always)]
fn new_task(ctx: &impl Arguments) {
    fork(ctx.pointer(0), ctx.number(1));
}

#[inline(always)]
fn forked(ctx: &impl Arguments) {
    fork(ctx.pointer(1), FLAGS_UNKNOWN);
}

#[inline(always)]
fn fork<A: Access>(child: Task<A>, clone_flags: u64) {
    let (ns_pid, ns_level) = child.ns_pid();
    let asked = fork_start::take();
    let by_copies = match current_trusted() {
        Some(caller) => faults::copies(caller, |slot| &mut slot.caller_scratch),
        None => faults::copies(current(), |slot| &mut slot.caller_scratch),
    };
    send_in_place::<Fork>(|fork| {
        fork.head = header::<Fork>(child.who());
        fork.by = current_who();
        fork.parent = child.real_parent().group();
        fork.clone_flags = clone_flags;
        fork.task_flags = child.flags();
        fork.exit_signal = child.read(&fields::TASK_EXIT_SIGNAL);
        fork.ns_pid = ns_pid;
        fork.ns_level = ns_level;
        fork.asked = asked;
        fork.pages = child.pages();
        fork.page_tables = child.page_tables();
        fork.by_copies = by_copies;
        fork.comm = child.comm();
        fork.ties = child.ties();
        fork.cgroup = child.cgroup();
    });
}
