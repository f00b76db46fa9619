//! A wait system call is entered, whether or not it will return a child.
//!
//! Hook: `sched_process_wait(struct pid *pid)`, in `do_wait` (kernel/exit.c),
//! once per wait4, waitid and waitpid, also one that returns at once. Counted,
//! never sent: some processes poll. User space reads the counts about once a
//! second.

use aya_ebpf::{helpers::generated::bpf_ktime_get_boot_ns, macros::map, maps::LruHashMap};
use tracer_common::maps::WaitCalls;

use crate::{
    hook::{Arguments, hooks},
    task::current_who,
};

/// By tgid.
#[map]
static WAITS: LruHashMap<u32, WaitCalls> = LruHashMap::with_max_entries(4096, 0);

hooks! { waits: tp_btf sched_process_wait, raw_tp raw_sched_process_wait; }

#[inline(always)]
fn waits(_: &impl Arguments) {
    let who = current_who();
    // SAFETY: a helper without preconditions.
    let last = unsafe { bpf_ktime_get_boot_ns() };
    if let Some(calls) = WAITS.get_ptr_mut(&who.tgid) {
        // SAFETY: the map's value. Two threads that enter at the same moment
        // may be counted as one.
        let calls = unsafe { &mut *calls };
        let same = calls.who.leader_start == who.leader_start;
        let before = if same { calls.count } else { 0 };
        *calls = WaitCalls {
            who,
            count: before + 1,
            last,
        };
        return;
    }
    let first = WaitCalls {
        who,
        count: 1,
        last,
    };
    let _ = WAITS.insert(&who.tgid, &first, 0);
}
