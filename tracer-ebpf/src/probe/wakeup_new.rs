//! A new task becomes runnable.
//!
//! Hook: `sched_wakeup_new(struct task_struct *p)`, in `wake_up_new_task`
//! (kernel/sched/core.c). The time is stored in the task's note, and the record of its
//! first run reports it (`probe::switch`). Sends: [`WakeupNew`], if the task gets no
//! note.

use tracer_common::wire::WakeupNew;

use crate::{
    faults::slot,
    hook::{Arguments, hooks},
    notes::Note,
    ring_buffer::{header, send},
};

hooks! { wakeup_new: tp_btf sched_wakeup_new, raw_tp raw_sched_wakeup_new; }

#[inline(always)]
fn wakeup_new(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    let noted = slot().is_some_and(|slot| Note::begin(task, &mut slot.wakeup_scratch));
    if noted {
        return;
    }
    send(|| WakeupNew {
        head: header::<WakeupNew>(task.who()),
    });
}
