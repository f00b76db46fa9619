//! A task enters `do_exit`.
//!
//! Hook: `sched_process_exit(struct task_struct *p, bool group_dead)`, in
//! `do_exit` (kernel/exit.c). The second argument exists since 6.18. Older kernels
//! have only `signal->live`, which is not reliable: two threads that exit together may
//! both see zero. There `taskstats_exit(struct task_struct *tsk, int group_dead)`
//! (kernel/taskstats.c) is the better hook. `do_exit` calls it a little earlier, with
//! the memory still in place.
//! In addition `do_exit(long code)` gives the start of the exit: up to 6.12 the
//! tracepoint fires only after `exit_mm` has torn down the memory.
//! Sends: [`Exit`] or [`ExitCounted`], [`ExitStart`].

use tracer_common::wire::{
    EXIT_GROUP_DEAD, EXIT_GROUP_DEAD_UNKNOWN, EXIT_GROUP_EXIT, EXIT_REAPER, Exit, ExitCounted,
    ExitStart, Group, Record,
};

use crate::{
    faults,
    fields::{self, HAVE_GROUP_DEAD, get},
    hook::{Arguments, hooks},
    kernel::Access,
    ring_buffer::{header, send, send_in_place},
    task::{Task, current},
};

/// SIGNAL_GROUP_EXIT (include/linux/sched/signal.h).
const SIGNAL_GROUP_EXIT: u32 = 4;

hooks! {
    process_exit: tp_btf sched_process_exit, raw_tp raw_sched_process_exit;
    taskstats_exit: fentry fentry_taskstats_exit, kprobe kprobe_taskstats_exit;
    do_exit: fentry fentry_do_exit, kprobe kprobe_do_exit;
}

#[inline(always)]
fn process_exit(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    if get(&HAVE_GROUP_DEAD) != 0 {
        exit(task, Some(ctx.number(1) & 1 != 0));
    } else {
        exit(task, None);
    }
}

#[inline(always)]
fn taskstats_exit(ctx: &impl Arguments) {
    exit(ctx.pointer(0), Some(ctx.number(1) as u32 != 0));
}

#[inline(always)]
fn do_exit(_: &impl Arguments) {
    send(|| ExitStart {
        head: header::<ExitStart>(current().who()),
    });
}

#[inline(always)]
fn exit<A: Access>(task: Task<A>, group_dead: Option<bool>) {
    if faults::has_faults(task) {
        send_in_place::<ExitCounted>(|counted| {
            fill::<A, ExitCounted>(task, group_dead, &mut counted.exit);
            // Last: it has many branches, and the verifier would check the code after
            // it once per path.
            faults::total(task, &mut counted.faults);
        });
    } else {
        send_in_place::<Exit>(|exit| fill::<A, Exit>(task, group_dead, exit));
    }
}

/// Writes the exit at the beginning of a record of type `R`.
#[inline(always)]
fn fill<A: Access, R: Record>(task: Task<A>, group_dead: Option<bool>, exit: &mut Exit) {
    let signal = task.signal();
    let (mut flags, last) = match group_dead {
        Some(true) => (EXIT_GROUP_DEAD, true),
        Some(false) => (0, false),
        None => (
            EXIT_GROUP_DEAD_UNKNOWN,
            signal.read::<u32>(&fields::SIGNAL_LIVE) == 0,
        ),
    };
    if signal.read::<u32>(&fields::SIGNAL_FLAGS) & SIGNAL_GROUP_EXIT != 0 {
        flags |= EXIT_GROUP_EXIT;
    }
    exit.head = header::<R>(task.who());
    exit.code = task.read(&fields::TASK_EXIT_CODE);
    exit.group_code = signal.read(&fields::SIGNAL_GROUP_EXIT_CODE);
    // Only the leader has an exit signal.
    exit.exit_signal = task.leader().read(&fields::TASK_EXIT_SIGNAL);
    exit.usage = task.usage();
    exit.comm = task.comm();
    exit.ties = task.ties();
    exit.children = task.child_usage();
    let parent = task.real_parent();
    (exit.care, exit.zero) = (0, 0);
    exit.parent = parent.group();
    exit.reaper = Group {
        tgid: 0,
        zero: 0,
        start: 0,
    };
    if last {
        exit.care = parent.care();
        if task.has_children()
            && let Some(heir) = task.reaper()
        {
            exit.reaper = heir;
            flags |= EXIT_REAPER;
        }
    }
    exit.flags = flags;
}
