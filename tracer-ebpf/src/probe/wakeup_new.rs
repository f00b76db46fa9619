//! A new task is made runnable.
//!
//! Hook: `sched_wakeup_new(struct task_struct *p)`, in `wake_up_new_task`
//! (kernel/sched/core.c). Sends: [`WakeupNew`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::WakeupNew;

use crate::{
    ring::{header, send},
    task::argument,
};

#[btf_tracepoint(function = "sched_wakeup_new")]
fn sched_wakeup_new(ctx: BtfTracePointContext) -> i32 {
    let task = argument(&ctx, 0);
    send(|| WakeupNew {
        head: header::<WakeupNew>(task.who()),
    });
    0
}
