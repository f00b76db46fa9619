//! A wait system call is entered, with or without a child to return.
//!
//! Hook: `sched_process_wait(struct pid *pid)`, in `do_wait` (kernel/exit.c), once per
//! wait4, waitid and waitpid, including those that return at once. Calls are counted
//! and not sent, because some processes poll. User space reads the counts about once
//! a second.

use aya_ebpf::{
    helpers::generated::bpf_ktime_get_boot_ns,
    macros::map,
    maps::{Array, LruHashMap},
};
use tracer_common::{
    maps::{RECENT_WAITS, RecentWaits, WaitCalls},
    wire::Who,
};

use crate::{
    hook::{Arguments, hooks},
    task::current_who,
};

/// Counts by tgid.
#[map]
static WAITS: LruHashMap<u32, WaitCalls> = LruHashMap::with_max_entries(4096, 0);

/// Counts of the processes that wait most, in one value, so that user space reads them
/// with one system call.
#[map]
static RECENT: Array<RecentWaits> = Array::with_max_entries(1, 0);

/// Time without a call after which a process loses its entry in [`RECENT`], ns.
const IDLE: u64 = 1_000_000_000;

hooks! { waits: tp_btf sched_process_wait, raw_tp raw_sched_process_wait; }

#[inline(always)]
fn waits(_: &impl Arguments) {
    let who = current_who();
    // SAFETY: a helper without preconditions.
    let last = unsafe { bpf_ktime_get_boot_ns() };
    let Some(recent) = RECENT.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: the map's value. Two threads that enter at the same time may be counted
    // as one.
    let entry = unsafe { &mut (*recent)[who.tgid as usize & (RECENT_WAITS - 1)] };
    if is_of(entry, &who) {
        count(entry, who, entry.count, last);
    } else if entry.count == 0 || last.wrapping_sub(entry.last) > IDLE {
        let before = in_table(&who).map_or(0, |calls| calls.count);
        if entry.count != 0 {
            let _ = WAITS.insert(&entry.who.tgid, &*entry, 0);
        }
        count(entry, who, before, last);
    } else if let Some(calls) = in_table(&who) {
        count(calls, who, calls.count, last);
    } else {
        let first = WaitCalls {
            who,
            count: 1,
            last,
        };
        let _ = WAITS.insert(&who.tgid, &first, 0);
    }
}

#[inline(always)]
fn is_of(calls: &WaitCalls, who: &Who) -> bool {
    calls.who.tgid == who.tgid && calls.who.leader_start == who.leader_start
}

/// Returns the table's entry of the caller's process, if there is one.
#[inline(always)]
fn in_table(who: &Who) -> Option<&'static mut WaitCalls> {
    let calls = WAITS.get_ptr_mut(&who.tgid)?;
    // SAFETY: the map's value, which stays valid for the program's run.
    let calls = unsafe { &mut *calls };
    is_of(calls, who).then_some(calls)
}

/// Sets the count to one more than `before`.
#[inline(always)]
fn count(calls: &mut WaitCalls, who: Who, before: u64, last: u64) {
    *calls = WaitCalls {
        who,
        count: before + 1,
        last,
    };
}
