//! An exited task leaves the process table.
//!
//! Hook: `release_task(struct task_struct *p)` (kernel/exit.c). It is called by the
//! task that waits, by the exiting task itself if it is reaped automatically, and by a
//! thread that takes over its leader's PID in exec.
//! Fallback: wait.rs. Sends: [`Reap`].

use tracer_common::wire::Reap;

use crate::{
    hook::{Arguments, hooks},
    ring_buffer::{header, send},
    task::current,
};

hooks! { release_task: fentry fentry_release_task, kprobe kprobe_release_task; }

#[inline(always)]
fn release_task(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    send(|| Reap {
        head: header::<Reap>(task.who()),
        by: current().who(),
    });
}
