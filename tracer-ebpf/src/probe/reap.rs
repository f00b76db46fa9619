//! A dead task is taken out of the process table.
//!
//! Hook: `release_task(struct task_struct *p)` (kernel/exit.c): called by
//! whoever waited, by the dying task itself where nobody wants to know, and by
//! a thread that takes its leader's place in exec. Where the kernel allows no
//! such hook, wait.rs is the next best witness. Sends: [`Reap`].

use tracer_common::wire::Reap;

use crate::{
    hook::{Arguments, hooks},
    ring::{header, send},
    task::current,
};

hooks! { release_task: fentry fentry_release_task, kprobe kprobe_release_task; }

#[inline(always)]
fn release_task(ctx: &impl Arguments) {
    let dead = ctx.pointer(0);
    send(|| Reap {
        head: header::<Reap>(dead.who()),
        by: current().who(),
    });
}
