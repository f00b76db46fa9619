//! A task starts to create another one. This is the start of the fork's duration.
//!
//! Hook: `copy_process(struct pid *pid, int trace, int node, struct
//! kernel_clone_args *args)` (kernel/fork.c). `probe::fork` runs near its end.
//! Fallback: the entry of the system calls clone, clone3, fork and vfork (perf
//! tracepoints), which includes the cost of the call itself. The cost of system call
//! tracepoints to all system calls is in `probe::wait`.
//! Sends nothing: `probe::fork` takes the time by [`take`].

use aya_ebpf::{
    helpers::{bpf_get_current_pid_tgid, bpf_ktime_get_boot_ns},
    macros::{map, tracepoint},
    maps::Array,
    programs::TracePointContext,
};

use crate::hook::{Arguments, hooks, unless_floor};

/// Start of the fork in progress, by the lower bits of the thread's PID. The upper
/// bits are stored with the time. Two threads with the same lower bits share an entry:
/// the time of one is then unknown. A failed fork leaves its entry, which the thread's
/// next fork overwrites.
#[map]
static FORKING: Array<u64> = Array::with_max_entries(1 << INDEX_BITS, 0);

/// 32,768 PIDs have entries of their own.
const INDEX_BITS: u32 = 15;
/// Bits of the time, ns since boot: four years. The others hold the upper bits of the
/// largest PID (PID_MAX_LIMIT, 2^22).
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

/// Returns when the running task started its fork, ns since boot, and clears it; 0:
/// unknown.
#[inline(always)]
pub fn take() -> u64 {
    let pid = bpf_get_current_pid_tgid() as u32;
    match entry(pid) {
        Some(entry) if *entry & !TIME == tag(pid) => core::mem::take(entry) & TIME,
        _ => 0,
    }
}

/// Returns the entry of a PID. It is written by one instruction.
#[inline(always)]
fn entry(pid: u32) -> Option<&'static mut u64> {
    let entry = FORKING.get_ptr_mut(pid & ((1 << INDEX_BITS) - 1));
    // SAFETY: a map value stays valid for the program's run.
    entry.map(|entry| unsafe { &mut *entry })
}

/// Returns the upper bits of a PID, shifted above the time.
#[inline(always)]
fn tag(pid: u32) -> u64 {
    u64::from(pid >> INDEX_BITS) << TIME_BITS
}
