//! A wait system call returns. This is the only prompt sign of a reap if `release_task`
//! cannot be hooked.
//!
//! Hooks: `syscalls:sys_exit_wait4`, `sys_enter_waitid` and `sys_exit_waitid`
//! (perf tracepoints). Any enabled system call tracepoint puts every system call of
//! every task on the slow path (docs/architecture.md), so `--without syscalls` leaves
//! them out. Sends: [`Wait`], within the user's budget while half of the ring buffer is in
//! use.

use aya_ebpf::{
    helpers::{bpf_get_current_pid_tgid, bpf_probe_read_user},
    macros::{map, tracepoint},
    maps::LruHashMap,
    programs::TracePointContext,
};
use tracer_common::wire::Wait;

use crate::{
    hook::{field, unless_floor},
    ring_buffer::{header, is_half_free, is_within_budget, send},
    task::{current, current_who},
};

/// Offsets in the tracepoints' format (tracefs, all kernels 5.10 to 7.3).
const RETURN: usize = 16;
const WAITID_INFO: usize = 32;
const WAITID_OPTIONS: usize = 40;

/// WNOWAIT and WEXITED (include/uapi/linux/wait.h).
const WNOWAIT: u64 = 0x0100_0000;
const WEXITED: u64 = 4;

/// Offsets of code and pid in `siginfo_t` (include/uapi/asm-generic/siginfo.h).
const SI_CODE: u64 = 8;
const SI_PID: u64 = 16;
const CLD_DEATHS: core::ops::RangeInclusive<i32> = 1..=3;

/// Threads inside a waitid that reaps, and the address of their siginfo.
#[map]
static WAITID: LruHashMap<u64, u64> = LruHashMap::with_max_entries(4096, 0);

#[tracepoint]
fn sys_exit_wait4(ctx: TracePointContext) -> u32 {
    unless_floor(|| wait4_returns(&ctx));
    0
}

#[tracepoint]
fn sys_enter_waitid(ctx: TracePointContext) -> u32 {
    unless_floor(|| waitid_begins(&ctx));
    0
}

#[tracepoint]
fn sys_exit_waitid(ctx: TracePointContext) -> u32 {
    unless_floor(|| waitid_returns(&ctx));
    0
}

#[inline(always)]
fn wait4_returns(ctx: &TracePointContext) {
    // SAFETY: the offset is inside the tracepoint's record.
    let returned = unsafe { field::<i64>(ctx, RETURN) };
    if returned > 0 {
        reaped(returned as u32);
    }
}

#[inline(always)]
fn waitid_begins(ctx: &TracePointContext) {
    // SAFETY: the offsets are inside the tracepoint's record.
    let (info, options) = unsafe {
        (
            field::<u64>(ctx, WAITID_INFO),
            field::<u64>(ctx, WAITID_OPTIONS),
        )
    };
    if info != 0 && options & WEXITED != 0 && options & WNOWAIT == 0 {
        let _ = WAITID.insert(&bpf_get_current_pid_tgid(), &info, 0);
    }
}

#[inline(always)]
fn waitid_returns(ctx: &TracePointContext) {
    let caller = bpf_get_current_pid_tgid();
    // SAFETY: copied out at once.
    let Some(info) = (unsafe { WAITID.get(&caller) }).copied() else {
        return;
    };
    let _ = WAITID.remove(&caller);
    // SAFETY: the offset is inside the record; the helper checks user memory.
    unsafe {
        if field::<i64>(ctx, RETURN) != 0 {
            return;
        }
        let code = bpf_probe_read_user((info + SI_CODE) as *const i32).unwrap_or(0);
        let child = bpf_probe_read_user((info + SI_PID) as *const u32).unwrap_or(0);
        if CLD_DEATHS.contains(&code) {
            reaped(child);
        }
    }
}

#[inline(always)]
fn reaped(child: u32) {
    // A debugger's waits return a child at each of its stops. They count only when room is
    // scarce: most waits reap, and a look at the budget costs as much as the record.
    if is_half_free() || is_within_budget::<Wait>(current().user()) {
        send(|| Wait {
            head: header::<Wait>(current_who()),
            child,
            zero: 0,
        });
    }
}
