//! In which state every task is: loaded only where states are asked for.
//!
//! Hooks, all in kernel/sched/core.c:
//! `sched_switch(bool preempt, prev, next, unsigned int prev_state)`, in
//! `__schedule`, with the run queue locked and `prev` off it if it sleeps. The
//! last argument exists since 5.18 (commit 9c2136be0878); before, the task's own
//! is read, which another processor that wakes it may have set to TASK_WAKING: a
//! sleep so short is then told as a wait.
//! `sched_wakeup(p)`, in `ttwu_do_wakeup`, with the run queue locked, when the
//! task is on it: that is when the kernel's own accounting says it waits
//! (`sched_info_enqueue`); `sched_waking` comes earlier, and while the task may
//! still be on its way out. `sched_wakeup_new(p)`, in `wake_up_new_task`.
//! Sends: [`States`] at a task's end, [`StateChange`] of those chosen.
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
    begun: tp_btf states_wakeup_new, raw_tp raw_states_wakeup_new;
}

/// 1: `sched_switch` passes the state.
#[unsafe(no_mangle)]
static HAVE_SWITCH_STATE: u64 = 0;

#[inline(always)]
fn switched(ctx: &impl Arguments) {
    let (prev, next) = (ctx.pointer(1), ctx.pointer(2));
    let preempted = ctx.number(0) as u8 != 0;
    let now = prev.state();
    // A signal that waits keeps a task from its sleep: `__schedule` sets
    // `__state` back, and until 6.14 passed what it was before (commit
    // 8feb053d5319).
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
fn begun(ctx: &impl Arguments) {
    states::begun(ctx.pointer(0), current());
}
