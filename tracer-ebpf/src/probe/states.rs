//! Scheduler state changes. Loaded only with `--states`.
//!
//! Hooks, all in kernel/sched/core.c:
//! `sched_switch(bool preempt, prev, next, unsigned int prev_state)`, in
//! `__schedule`, with the run queue locked and `prev` off it if it sleeps. The last
//! argument exists since 5.18 (commit 9c2136be0878). On older kernels the task's own
//! state is read, which a CPU that wakes the task may already have set to TASK_WAKING:
//! so short a sleep is counted as runnable.
//! `sched_wakeup(p)`, in `ttwu_do_wakeup`, with the run queue locked and the task on
//! it. At this point the kernel's own accounting starts the wait
//! (`sched_info_enqueue`). `sched_waking` fires earlier, when the task may still be
//! switching out.
//! `sched_wakeup_new(p)`, in `wake_up_new_task`.
//! Sends: [`States`] at the last switch of a task, [`StateChange`] of selected tasks.
//!
//! [`States`]: tracer_common::wire::States
//! [`StateChange`]: tracer_common::wire::StateChange

use crate::{
    fields::get,
    hook::{Arguments, hooks},
    states,
    task::current,
};

hooks! {
    switched: tp_btf states_switch, raw_tp raw_states_switch;
    woken: tp_btf states_wakeup, raw_tp raw_states_wakeup;
    new_task: tp_btf states_wakeup_new, raw_tp raw_states_wakeup_new;
}

/// 1 if `sched_switch` passes the state.
#[unsafe(no_mangle)]
static HAVE_SWITCH_STATE: u64 = 0;

#[inline(always)]
fn switched(ctx: &impl Arguments) {
    let (prev, next) = (ctx.pointer(1), ctx.pointer(2));
    let preempted = ctx.number(0) as u8 != 0;
    let now = prev.state();
    // A pending signal keeps a task from sleeping: `__schedule` resets `__state`, and
    // until 6.14 passed the value from before (commit 8feb053d5319).
    let state = match preempted || now == 0 {
        true => 0,
        false if get(&HAVE_SWITCH_STATE) != 0 => ctx.number(3) as u32,
        false => now,
    };
    states::switched(prev, next, state);
}

#[inline(always)]
fn woken(ctx: &impl Arguments) {
    states::woken(ctx.pointer(0));
}

#[inline(always)]
fn new_task(ctx: &impl Arguments) {
    states::new_task(ctx.pointer(0), current());
}
