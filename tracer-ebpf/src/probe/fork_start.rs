//! A task asks for another one: when it began, for the time that the fork took.
//!
//! Hook: `copy_process(struct pid *pid, int trace, int node, struct
//! kernel_clone_args *args)` (kernel/fork.c); the new task is told near its end
//! (`probe::fork`).
//! Fallback: the entry of the system calls clone, clone3, fork and vfork (perf
//! tracepoints), which adds what the call costs by itself; see `probe::wait`
//! for what system call tracepoints cost everybody.
//! Sends nothing: [`take`] is for the fork's record.

use aya_ebpf::{
    helpers::bpf_ktime_get_boot_ns,
    macros::{map, tracepoint},
    maps::LruHashMap,
    programs::TracePointContext,
};

use crate::{
    hook::{Arguments, hooks, unless_floor},
    kernel::Access,
    task::{Task, current},
};

/// When each task that is inside began, by its address. A fork that failed
/// leaves its entry behind, for the task's next one or until it falls out.
#[map]
static FORKING: LruHashMap<u64, u64> = LruHashMap::with_max_entries(8192, 0);

hooks! { copy_process: fentry fentry_copy_process, kprobe kprobe_copy_process; }

macro_rules! system_calls {
    ($($name:ident)*) => {
        $(#[tracepoint]
        fn $name(_: TracePointContext) -> u32 {
            unless_floor(begins);
            0
        })*
    };
}
system_calls! { sys_enter_clone sys_enter_clone3 sys_enter_fork sys_enter_vfork }

#[inline(always)]
fn copy_process(_: &impl Arguments) {
    begins();
}

#[inline(always)]
fn begins() {
    // SAFETY: a helper without preconditions.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    let _ = FORKING.insert(&current().address(), &now, 0);
}

/// When the running task began to make the one that is being told; 0: unknown.
#[inline(always)]
pub fn take<A: Access>(caller: Task<A>) -> u64 {
    let caller = caller.address();
    // SAFETY: copied out at once.
    let began = unsafe { FORKING.get(&caller) }.copied();
    if began.is_some() {
        let _ = FORKING.remove(&caller);
    }
    began.unwrap_or(0)
}
