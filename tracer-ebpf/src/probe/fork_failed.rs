//! A fork, vfork or clone fails.
//!
//! Hook: the return of `copy_process` (kernel/fork.c; its arguments are in
//! `probe::fork_start`), an error where there is no new task.
//! Fallback: `syscalls:sys_exit_clone`, `sys_exit_clone3`, `sys_exit_fork` and
//! `sys_exit_vfork` (perf tracepoints; wait.rs says what they cost everybody).
//! Sends: [`ForkFailed`] with the figures that `copy_process` compares: those of
//! RLIMIT_NPROC, and of the pids controller (`pids_can_fork`, kernel/cgroup/pids.c).

use aya_ebpf::{macros::tracepoint, programs::TracePointContext};
use tracer_common::wire::{ForkFailed, NOT_KNOWN};

use crate::{
    faults::slot,
    fields::{self, ABSENT, get},
    hook::{Arguments, field, hooks, unless_floor},
    kernel::{Access, Probed},
    ring::{header, send},
    task::{Task, current},
};

/// Offset in the tracepoints' format (tracefs, all kernels 5.10 to 7.3).
const RETURN: usize = 16;
/// A signal was pending: the call is made again (include/linux/errno.h).
const ERESTARTNOINTR: i64 = 513;
/// include/linux/err.h.
const MAX_ERRNO: u64 = 4095;
/// include/uapi/asm-generic/resource.h; `struct rlimit` begins with `rlim_cur`.
const RLIMIT_NPROC: usize = 6;
const RLIMIT_SIZE: usize = 16;
/// More than any kernel allows (PID_MAX_LIMIT, include/linux/threads.h):
/// pids.max is "max".
const UNLIMITED: u64 = 4 << 20;
/// How far up the tree of cgroups limits are looked for.
const MAX_LEVELS: usize = 16;

hooks! {
    made: fexit fexit_copy_process;
    has_made: kretprobe kretprobe_copy_process;
}

#[inline(always)]
fn made(ctx: &impl Arguments) {
    if let Some(slot) = slot() {
        has_made(slot.of_fork.number(ctx.number(4)));
    }
}

/// A new task, or a small negative number (`IS_ERR`, include/linux/err.h).
#[inline(always)]
fn has_made(returned: u64) {
    if returned >= MAX_ERRNO.wrapping_neg() {
        failed(returned as i64);
    }
}

#[tracepoint]
fn sys_exit_clone(ctx: TracePointContext) -> u32 {
    returned(&ctx)
}

#[tracepoint]
fn sys_exit_clone3(ctx: TracePointContext) -> u32 {
    returned(&ctx)
}

#[tracepoint]
fn sys_exit_fork(ctx: TracePointContext) -> u32 {
    returned(&ctx)
}

#[tracepoint]
fn sys_exit_vfork(ctx: TracePointContext) -> u32 {
    returned(&ctx)
}

#[inline(always)]
fn returned(ctx: &TracePointContext) -> u32 {
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
        send(|| ForkFailed {
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

/// Tasks of the caller's real user.
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
        NOT_KNOWN
    }
}

#[inline(always)]
fn max_processes(task: Task<Probed>) -> u64 {
    let limits = task.signal().at(&fields::SIGNAL_RLIM);
    // SAFETY: `Probed` reads any address safely.
    unsafe { Probed::read(limits.wrapping_add(RLIMIT_NPROC * RLIMIT_SIZE).cast()) }
}

/// Tasks and pids.max of the first cgroup above that is full, else of the
/// nearest that has a limit.
#[inline(always)]
fn pids(task: Task<Probed>) -> (u64, u64) {
    let mut told = (NOT_KNOWN, NOT_KNOWN);
    if get(&fields::PIDS_SUBSYS) == ABSENT || get(&fields::PIDS_COUNTER) == ABSENT {
        return told;
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
            if full || told.1 == NOT_KNOWN {
                told = (count, limit);
            }
            if full {
                break;
            }
        }
        state = state.follow(&fields::CSS_PARENT);
    }
    told
}
