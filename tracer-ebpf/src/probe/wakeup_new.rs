//! A new task is made runnable.
//!
//! Hook: `sched_wakeup_new(struct task_struct *p)`, in `wake_up_new_task`
//! (kernel/sched/core.c). Sends: [`WakeupNew`].

use tracer_common::wire::WakeupNew;

use crate::{
    hook::{Arguments, hooks},
    ring::{header, send},
};

hooks! { wakeup_new: tp_btf sched_wakeup_new, raw_tp raw_sched_wakeup_new; }

#[inline(always)]
fn wakeup_new(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    send(|| WakeupNew {
        head: header::<WakeupNew>(task.who()),
    });
}
