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
    helpers::{bpf_get_current_pid_tgid, bpf_ktime_get_boot_ns},
    macros::{map, tracepoint},
    maps::Array,
    programs::TracePointContext,
};

use crate::hook::{Arguments, hooks, unless_floor};

/// When each thread that is inside began, by the lower bits of its pid; the
/// upper bits are kept with the time. Two threads whose lower bits agree can
/// take each other's place: the time of one is then unknown. A fork that failed
/// leaves its entry behind, for the thread's next one.
#[map]
static FORKING: Array<u64> = Array::with_max_entries(1 << INDEX_BITS, 0);

/// 32,768 pids without a clash.
const INDEX_BITS: u32 = 15;
/// For the time, ns since boot: four years. What is left is enough for the
/// upper bits of the largest pid (PID_MAX_LIMIT, 2^22).
const TIME_BITS: u32 = 57;
const TIME: u64 = (1 << TIME_BITS) - 1;

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
    let pid = bpf_get_current_pid_tgid() as u32;
    if let Some(entry) = entry(pid) {
        // SAFETY: a helper without preconditions.
        let now = unsafe { bpf_ktime_get_boot_ns() };
        *entry = tag(pid) | now & TIME;
    }
}

/// When the running task began to make the one that is being told; 0: unknown.
#[inline(always)]
pub fn take() -> u64 {
    let pid = bpf_get_current_pid_tgid() as u32;
    match entry(pid) {
        Some(entry) if *entry & !TIME == tag(pid) => core::mem::take(entry) & TIME,
        _ => 0,
    }
}

/// Written whole, by one instruction.
#[inline(always)]
fn entry(pid: u32) -> Option<&'static mut u64> {
    let entry = FORKING.get_ptr_mut(pid & ((1 << INDEX_BITS) - 1));
    // SAFETY: a map value stays valid for the program's run.
    entry.map(|entry| unsafe { &mut *entry })
}

/// The upper bits of a pid, above the time.
#[inline(always)]
fn tag(pid: u32) -> u64 {
    u64::from(pid >> INDEX_BITS) << TIME_BITS
}
