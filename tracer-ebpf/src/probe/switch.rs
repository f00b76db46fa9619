//! The first switch to a task and the last switch from it.
//!
//! Hook: `sched_switch(bool preempt, prev, next, …)`, in `__schedule`
//! (kernel/sched/core.c). It fires at every context switch; unless a task exits or is
//! new, the program returns after four loads.
//! Fallback: `finish_task_switch(struct task_struct *prev)`, which the next task runs
//! right after the switch, including a new task. gcc adds the suffix `.isra.0` on most
//! kernels; `prev` remains the first argument. Count and order are the same (measured,
//! 5.10 to 7.3), at the cost of a kprobe.
//! Sends: [`LastSwitch`], [`FirstRun`].

use tracer_common::wire::{FirstRun, LastSwitch};

use crate::{
    faults::{self, slot},
    hook::{Arguments, hooks},
    kernel::Access,
    notes::Note,
    ring_buffer::{header, send},
    task::{Task, current},
};

/// TASK_DEAD (include/linux/sched.h).
const TASK_DEAD: u32 = 0x80;

hooks! {
    about_to_switch: tp_btf sched_switch, raw_tp raw_sched_switch;
    has_switched: kprobe finish_task_switch;
}

#[inline(always)]
fn about_to_switch(ctx: &impl Arguments) {
    switch(ctx.pointer(1), ctx.pointer(2));
}

#[inline(always)]
fn has_switched(ctx: &impl Arguments) {
    switch(ctx.pointer(0), current());
}

#[inline(always)]
fn switch<A: Access, B: Access>(prev: Task<A>, next: Task<B>) {
    if prev.state() != TASK_DEAD {
        faults::charge(prev);
    } else {
        // Faults counted after its exit record are dropped.
        faults::drop_counters(prev);
        send(|| LastSwitch {
            head: header::<LastSwitch>(prev.who()),
            next_pid: next.pid(),
            next_tgid: next.tgid(),
            next_comm: next.comm(),
        });
    }
    if next.never_ran() && next.pid() != 0 {
        let runnable = slot().map_or(0, |slot| {
            Note::take_runnable(next, &mut slot.switch_scratch)
        });
        send(|| FirstRun {
            head: header::<FirstRun>(next.who()),
            runnable,
        });
    }
}
