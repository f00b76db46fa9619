//! A task enters `do_exit`.
//!
//! Hook: `sched_process_exit(struct task_struct *p, bool group_dead)`, in
//! `do_exit` (kernel/exit.c). The second argument exists since 6.18; before,
//! `signal->live` is all there is, and it is not reliable: two threads that
//! exit together may both see zero. Sends: [`Exit`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::{
    EXIT_GROUP_DEAD, EXIT_GROUP_DEAD_UNKNOWN, EXIT_GROUP_EXIT, EXIT_NOCLDWAIT, EXIT_REAPER,
    EXIT_SIGCHLD_IGNORED, Exit, Group,
};

use crate::{
    faults,
    fields::{self, HAVE_GROUP_DEAD, get},
    ring::{header, send},
    task::argument,
};

/// SIGNAL_GROUP_EXIT (include/linux/sched/signal.h).
const SIGNAL_GROUP_EXIT: u32 = 4;

#[btf_tracepoint(function = "sched_process_exit")]
fn sched_process_exit(ctx: BtfTracePointContext) -> i32 {
    let task = argument(&ctx, 0);
    let signal = task.signal();
    let (mut flags, last) = if get(&HAVE_GROUP_DEAD) != 0 {
        let dead = ctx.arg::<u64>(1) & 1 != 0;
        (if dead { EXIT_GROUP_DEAD } else { 0 }, dead)
    } else {
        (
            EXIT_GROUP_DEAD_UNKNOWN,
            signal.read::<u32>(&fields::SIGNAL_LIVE) == 0,
        )
    };
    if signal.read::<u32>(&fields::SIGNAL_FLAGS) & SIGNAL_GROUP_EXIT != 0 {
        flags |= EXIT_GROUP_EXIT;
    }

    faults::charge(task);
    let counts = faults::take(task);
    let mut reaper = Group {
        tgid: 0,
        zero: 0,
        start: 0,
    };
    let parent = task.real_parent();
    if last {
        let sigchld = parent.sigchld();
        if sigchld.ignored {
            flags |= EXIT_SIGCHLD_IGNORED;
        }
        if sigchld.nocldwait {
            flags |= EXIT_NOCLDWAIT;
        }
        if task.has_children() {
            reaper = task.probed().reaper();
            flags |= EXIT_REAPER;
        }
    }
    send(|| Exit {
        head: header::<Exit>(task.who()),
        code: task.read(&fields::TASK_EXIT_CODE),
        group_code: signal.read(&fields::SIGNAL_GROUP_EXIT_CODE),
        flags,
        // Threads have none of their own: it is the leader's that counts.
        exit_signal: task.leader().read(&fields::TASK_EXIT_SIGNAL),
        parent: parent.group(),
        reaper,
        usage: task.usage(),
        faults: counts,
        comm: task.comm(),
    });
    0
}
