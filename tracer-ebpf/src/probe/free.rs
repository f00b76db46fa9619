//! A task's last reference under RCU is dropped.
//!
//! Hook: `sched_process_free(struct task_struct *p)`, in
//! `delayed_put_task_struct` (kernel/exit.c), an RCU grace period after
//! `release_task`. Sends: [`Free`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::{Free, Usage};

use crate::{
    ring::{header, send},
    task::argument,
};

const NONE: Usage = Usage {
    utime: 0,
    stime: 0,
    runtime: 0,
    nvcsw: 0,
    nivcsw: 0,
    min_flt: 0,
    maj_flt: 0,
    maxrss: 0,
};

#[btf_tracepoint(function = "sched_process_free")]
fn sched_process_free(ctx: BtfTracePointContext) -> i32 {
    let task = argument(&ctx, 0);
    let group = if task.pid() == task.tgid() {
        task.group_usage()
    } else {
        NONE
    };
    send(|| Free {
        head: header::<Free>(task.who()),
        group,
    });
    0
}
