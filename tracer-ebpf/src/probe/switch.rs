//! The first switch to a task and the last switch from it.
//!
//! Hook: `sched_switch(bool preempt, prev, next, …)`, in `__schedule`
//! (kernel/sched/core.c). It runs at every context switch: all but dying and
//! newborn tasks are turned away after four loads. A dead task's count and
//! order are those of `finish_task_switch`, which the next task runs.
//! Sends: [`LastSwitch`], [`FirstRun`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::{FirstRun, LastSwitch};

use crate::{
    faults,
    ring::{header, send},
    task::argument,
};

/// TASK_DEAD (include/linux/sched.h).
const TASK_DEAD: u32 = 0x80;

#[btf_tracepoint(function = "sched_switch")]
fn sched_switch(ctx: BtfTracePointContext) -> i32 {
    let (prev, next) = (argument(&ctx, 1), argument(&ctx, 2));
    faults::charge(prev);
    if prev.state() == TASK_DEAD {
        send(|| LastSwitch {
            head: header::<LastSwitch>(prev.who()),
            next_pid: next.pid(),
            next_tgid: next.tgid(),
            next_comm: next.comm(),
        });
    }
    if next.never_ran() && next.pid() != 0 {
        send(|| FirstRun {
            head: header::<FirstRun>(next.who()),
        });
    }
    0
}
