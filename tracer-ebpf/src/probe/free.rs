//! A task's struct is freed, after its last reference under RCU is dropped.
//!
//! Hook: `sched_process_free(struct task_struct *p)`, in
//! `delayed_put_task_struct` (kernel/exit.c), an RCU grace period after
//! `release_task`. Sends: [`Free`].

use tracer_common::wire::{Free, Usage};

use crate::{
    hook::{Arguments, hooks},
    ring_buffer::{header, send},
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

hooks! { freed: tp_btf sched_process_free, raw_tp raw_sched_process_free; }

#[inline(always)]
fn freed(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    let group = if task.pid() == task.tgid() {
        task.group_usage()
    } else {
        NONE
    };
    // The task's memory is cold by now. Here the loads run in parallel; after the
    // buffer's lock they would wait for each other.
    let who = task.who();
    send(|| Free {
        head: header::<Free>(who),
        group,
    });
}
