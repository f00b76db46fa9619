//! A fork, vfork or clone fails.
//!
//! Hook: the return of `copy_process` (kernel/fork.c; its arguments are in
//! `probe::fork_start`) with an error instead of a new task.
//! Fallback: `syscalls:sys_exit_clone`, `sys_exit_clone3`, `sys_exit_fork` and
//! `sys_exit_vfork` (perf tracepoints, whose cost to all system calls is in wait.rs).
//! Sends: [`ForkFailed`] with the figures that `copy_process` compares: those of
//! RLIMIT_NPROC, and those of the pids controller (`pids_can_fork`,
//! kernel/cgroup/pids.c).

use aya_ebpf::{macros::tracepoint, programs::TracePointContext};
use tracer_common::wire::{FIGURE_UNKNOWN, ForkFailed};

use crate::{
    faults::slot,
    fields::{self, ABSENT, get},
    hook::{Arguments, field, hooks, unless_floor},
    kernel::{Access, Probed},
    ring_buffer::{header, send_within_budget},
    task::{Task, current},
};

/// Offset in the tracepoints' format (tracefs, all kernels 5.10 to 7.3).
const RETURN: usize = 16;
/// A signal was pending, and the call is restarted (include/linux/errno.h).
const ERESTARTNOINTR: i64 = 513;
/// MAX_ERRNO (include/linux/err.h).
const MAX_ERRNO: u64 = 4095;
/// RLIMIT_NPROC (include/uapi/asm-generic/resource.h). `struct rlimit` begins with
/// `rlim_cur`.
const RLIMIT_NPROC: usize = 6;
const RLIMIT_SIZE: usize = 16;
/// More PIDs than any kernel allows (PID_MAX_LIMIT, include/linux/threads.h): from
/// here on pids.max is "max".
const UNLIMITED: u64 = 4 << 20;
/// Maximum number of cgroups that are searched for a limit.
const MAX_LEVELS: usize = 16;

hooks! {
    returned: fexit fexit_copy_process;
    has_returned: kretprobe kretprobe_copy_process;
}

#[inline(always)]
fn returned(ctx: &impl Arguments) {
    if let Some(slot) = slot() {
        has_returned(slot.fork_scratch.number(ctx.number(4)));
    }
}

/// Handles the result of `copy_process`: a new task, or a small negative number
/// (`IS_ERR`, include/linux/err.h).
#[inline(always)]
fn has_returned(returned: u64) {
    if returned >= MAX_ERRNO.wrapping_neg() {
        failed(returned as i64);
    }
}

#[tracepoint]
fn sys_exit_clone(ctx: TracePointContext) -> u32 {
    call_returned(&ctx)
}

#[tracepoint]
fn sys_exit_clone3(ctx: TracePointContext) -> u32 {
    call_returned(&ctx)
}

#[tracepoint]
fn sys_exit_fork(ctx: TracePointContext) -> u32 {
    call_returned(&ctx)
}

#[tracepoint]
fn sys_exit_vfork(ctx: TracePointContext) -> u32 {
    call_returned(&ctx)
}

#[inline(always)]
fn call_returned(ctx: &TracePointContext) -> u32 {
    unless_floor(|| {
        // SAFETY: the offset is inside the tracepoint's record.
        let returned = unsafe { field::<i64>(ctx, RETURN) };
        if returned < 0 {
            failed(returned);
        }
    });
    0
}

#[inline(always)]
fn failed(returned: i64) {
    if returned != -ERESTARTNOINTR {
        let caller = current();
        let (pids, max_pids) = pids(caller);
        send_within_budget(caller.user(), || ForkFailed {
            head: header::<ForkFailed>(caller.who()),
            errno: -returned as i32,
            zero: 0,
            comm: caller.comm(),
            processes: processes(caller),
            max_processes: max_processes(caller),
            pids,
            max_pids,
        });
    }
}

/// Returns the number of tasks of the caller's real user.
#[inline(always)]
fn processes(task: Task<Probed>) -> u64 {
    let cred = task.follow(&fields::TASK_REAL_CRED);
    if get(&fields::UCOUNTS_RLIMIT) != ABSENT {
        // UCOUNT_RLIMIT_NPROC is the first (include/linux/user_namespace.h).
        cred.follow(&fields::CRED_UCOUNTS)
            .read(&fields::UCOUNTS_RLIMIT)
    } else if get(&fields::USER_PROCESSES) != ABSENT {
        let count: u32 = cred
            .follow(&fields::CRED_USER)
            .read(&fields::USER_PROCESSES);
        u64::from(count)
    } else {
        FIGURE_UNKNOWN
    }
}

/// Returns the caller's RLIMIT_NPROC.
#[inline(always)]
fn max_processes(task: Task<Probed>) -> u64 {
    let limits = task.signal().at(&fields::SIGNAL_RLIM);
    // SAFETY: `Probed` reads any address safely.
    unsafe { Probed::read(limits.wrapping_add(RLIMIT_NPROC * RLIMIT_SIZE).cast()) }
}

/// Returns the number of tasks and pids.max of the first full cgroup above the task,
/// otherwise of the nearest one with a limit.
#[inline(always)]
fn pids(task: Task<Probed>) -> (u64, u64) {
    let mut found = (FIGURE_UNKNOWN, FIGURE_UNKNOWN);
    if get(&fields::PIDS_SUBSYS) == ABSENT || get(&fields::PIDS_COUNTER) == ABSENT {
        return found;
    }
    // `pids_cgroup` begins with its `cgroup_subsys_state`.
    let mut state = task.controller(get(&fields::PIDS_SUBSYS));
    for _ in 0..MAX_LEVELS {
        if state.address() == 0 {
            break;
        }
        let count: u64 = state.read(&fields::PIDS_COUNTER);
        let limit: u64 = state.read(&fields::PIDS_LIMIT);
        if limit < UNLIMITED {
            let full = count >= limit;
            if full || found.1 == FIGURE_UNKNOWN {
                found = (count, limit);
            }
            if full {
                break;
            }
        }
        state = state.follow(&fields::CSS_PARENT);
    }
    found
}
