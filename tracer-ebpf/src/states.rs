//! Time of each task in each scheduler state: one entry per task, looked up once per
//! run. Each CPU stores the start of the current run. At switch-out, the task's entry
//! gains the wait before this run and the run itself.
//!
//! Entries need no lock of their own: a task's switch out, its wake-up and its
//! discovery by the iterator are ordered by the lock of its run queue and by `on_cpu`
//! (`try_to_wake_up`, kernel/sched/core.c).

use aya_ebpf::{
    helpers::generated::bpf_ktime_get_boot_ns,
    macros::map,
    maps::{HashMap, PerCpuArray},
};
use tracer_common::{
    maps::LOST_STATES,
    states::{
        DEAD, IDLE, INTERRUPTIBLE, OnCpu, RUNNABLE, RUNNING, STOPPED, STREAM_ROOTS, STREAM_TREE,
        TRACED, TaskStates, UNINTERRUPTIBLE,
    },
    wire::{StateChange, States},
};

use crate::{
    fields::get,
    kernel::{Access, Trusted},
    ring_buffer::{header_at, leaves_room, lost, send, send_in_place},
    task::Task,
};

/// The kernel's task states (include/linux/sched.h), the same on every kernel since
/// 4.14.
mod kernel {
    pub const INTERRUPTIBLE: u32 = 0x1;
    pub const UNINTERRUPTIBLE: u32 = 0x2;
    pub const STOPPED: u32 = 0x4;
    pub const TRACED: u32 = 0x8;
    pub const PARKED: u32 = 0x40;
    pub const DEAD: u32 = 0x80;
    /// Not counted in the load. TASK_IDLE together with UNINTERRUPTIBLE.
    pub const NOLOAD: u32 = 0x400;
    /// TASK_RTLOCK_WAIT and TASK_FROZEN, which ps(1) also shows as D.
    pub const RTLOCK_WAIT: u32 = 0x1000;
    pub const FROZEN: u32 = 0x8000;
}

/// 1 if states are counted.
#[unsafe(no_mangle)]
static COUNT_STATES: u64 = 0;
/// 1 if state changes of selected tasks are sent.
#[unsafe(no_mangle)]
static STREAM_STATES: u64 = 0;

/// Entries by the address of the `task_struct`. Preallocated, as the switch hook
/// requires; the map has one entry if states are not counted.
#[map]
static STATES: HashMap<u64, TaskStates> = HashMap::with_max_entries(1, 0);

#[map]
static ON_CPU: PerCpuArray<OnCpu> = PerCpuArray::with_max_entries(1, 0);

/// Processes that have their state changes sent, by tgid.
#[map]
static STREAMED: HashMap<u32, u32> = HashMap::with_max_entries(STREAM_ROOTS, 0);

/// Maximum number of ancestors that are searched for a selected process.
const MAX_ANCESTORS: usize = 32;

const ONLY_NEW: u64 = aya_ebpf::bindings::BPF_NOEXIST as u64;

#[inline(always)]
fn now() -> u64 {
    // SAFETY: a helper without preconditions.
    unsafe { bpf_ktime_get_boot_ns() }
}

#[inline(always)]
fn streams() -> bool {
    get(&STREAM_STATES) != 0
}

/// Returns the state of a task off CPU from its `__state`. A task that was woken while
/// it was switched out (TASK_WAKING, or no bit left) counts as runnable.
#[inline(always)]
fn off_cpu_state(state: u32) -> u32 {
    let is = |bits| state & bits != 0;
    if is(kernel::DEAD) {
        DEAD
    } else if is(kernel::INTERRUPTIBLE) {
        INTERRUPTIBLE
    } else if is(kernel::STOPPED) {
        STOPPED
    } else if is(kernel::TRACED) {
        TRACED
    } else if is(kernel::PARKED) || is(kernel::UNINTERRUPTIBLE) && is(kernel::NOLOAD) {
        IDLE
    } else if is(kernel::UNINTERRUPTIBLE | kernel::RTLOCK_WAIT | kernel::FROZEN) {
        UNINTERRUPTIBLE
    } else {
        RUNNABLE
    }
}

#[inline(always)]
fn new_entry<A: Access>(task: Task<A>, state: u32, at: u64) -> TaskStates {
    TaskStates {
        who: task.who(),
        began: at,
        since: at,
        state,
        woken: 0,
        streamed: 0,
        missed: 0,
        times: [0; 8],
        wakeups: 0,
        latency: 0,
        latency_max: 0,
    }
}

/// Inserts the entry of a task that was created or found. If the map is full, the
/// task is counted as lost here, once, and not at later attempts.
#[inline(always)]
fn insert(key: u64, states: &TaskStates, flags: u64) {
    const E2BIG: i32 = 7;
    if STATES.insert(&key, states, flags) == Err(-E2BIG) {
        lost(LOST_STATES, 1);
    }
}

#[inline(always)]
fn entry<A: Access>(task: Task<A>) -> Option<&'static mut TaskStates> {
    let entry = STATES.get_ptr_mut(&task.address())?;
    // SAFETY: a map value stays valid for the program's run. The module's docs say
    // why concurrent access is ordered.
    Some(unsafe { &mut *entry })
}

/// Adds the open interval to the time of the entry's state, and opens the next one.
#[inline(always)]
fn close(entry: &mut TaskStates, at: u64) {
    let state = (entry.state & 7) as usize;
    // Clocks of two CPUs may differ by a little.
    let since = entry.since;
    if at > since {
        entry.times[state] += at - since;
        entry.since = at;
    }
}

#[inline(always)]
fn report<A: Access>(task: Task<A>, state: u32, at: u64) {
    if leaves_room::<StateChange>() {
        send(|| StateChange {
            head: header_at::<StateChange>(task.who(), at),
            state,
            zero: 0,
        });
    }
}

/// Handles a switch from `prev` to `next`. `state` is the `__state` of `prev`; 0 if it
/// stays runnable.
#[inline(always)]
pub fn switched<A: Access>(prev: Task<A>, next: Task<A>, state: u32) {
    let at = now();
    let Some(cpu) = ON_CPU.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: this CPU's value; a switch does not interrupt another.
    let cpu = unsafe { &mut *cpu };
    // Some kernels hide switches, so that another task may have left unseen.
    let run = match cpu.task {
        0 => RunStart::Before,
        running if running == prev.address() => RunStart::Since(cpu.since),
        _ => RunStart::Unseen,
    };
    (cpu.since, cpu.task) = (at, next.address());
    if prev.pid() != 0 {
        switch_out(prev, off_cpu_state(state), run, at);
    }
    if streams()
        && next.pid() != 0
        && let Some(entry) = entry(next)
        && entry.streamed != 0
    {
        report(next, RUNNING, at);
    }
}

/// Start of the run of the task that leaves a CPU.
#[derive(Clone, Copy)]
enum RunStart {
    /// At this time, ns since boot.
    Since(u64),
    /// Before this CPU counted anything.
    Before,
    /// Not seen.
    Unseen,
}

#[inline(always)]
fn switch_out<A: Access>(task: Task<A>, to: u32, run: RunStart, at: u64) {
    let Some(entry) = entry(task) else {
        if to != DEAD {
            let mut states = new_entry(task, to, at);
            states.streamed = is_selected(task.tgid()).into();
            let _ = STATES.insert(&task.address(), &states, 0);
        }
        return;
    };
    match run {
        RunStart::Since(run) => {
            if entry.woken != 0 && run > entry.since {
                let latency = run - entry.since;
                entry.wakeups += 1;
                entry.latency += latency;
                if latency > entry.latency_max {
                    entry.latency_max = latency;
                }
            }
            close(entry, run);
            entry.state = RUNNING;
        }
        RunStart::Before => entry.state = RUNNING,
        RunStart::Unseen => entry.missed += 1,
    }
    entry.woken = 0;
    close(entry, at);
    entry.state = to;
    if streams() && entry.streamed != 0 {
        report(task, to, at);
    }
    if to == DEAD {
        send_in_place::<States>(|record| {
            record.head = header_at::<States>(task.who(), at);
            record.states = *entry;
        });
        let _ = STATES.remove(&task.address());
    }
}

/// Handles a wake-up. A task that is still running when it is woken stays as it is.
#[inline(always)]
pub fn woken<A: Access>(task: Task<A>) {
    let Some(entry) = entry(task) else {
        let mut states = new_entry(task, RUNNABLE, now());
        states.streamed = is_selected(task.tgid()).into();
        let _ = STATES.insert(&task.address(), &states, 0);
        return;
    };
    if entry.state == RUNNABLE || entry.state == RUNNING {
        return;
    }
    let at = now();
    close(entry, at);
    entry.state = RUNNABLE;
    entry.woken = 1;
    if streams() && entry.streamed != 0 {
        report(task, RUNNABLE, at);
    }
}

/// Handles a new task, created by `by`, that becomes runnable.
#[inline(always)]
pub fn new_task<A: Access, B: Access>(task: Task<A>, by: Task<B>) {
    let mut states = new_entry(task, RUNNABLE, now());
    if streams() {
        let parent = entry(by).is_some_and(|entry| entry.streamed != 0);
        // The children of a selected process are streamed, not its own threads.
        let selected = task.tgid() != by.tgid() && root(by.tgid()).is_some();
        if parent || selected {
            states.streamed = 1;
            report(task, RUNNABLE, states.since);
        }
    }
    insert(task.address(), &states, 0);
}

/// Updates the identity of a task that has taken over its leader's PID in exec.
#[inline(always)]
pub fn identity_changed<A: Access>(task: Task<A>) {
    if get(&COUNT_STATES) != 0
        && let Some(entry) = entry(task)
    {
        entry.who = task.who();
    }
}

#[inline(always)]
fn root(tgid: u32) -> Option<u32> {
    // SAFETY: the number does not change after tracing has begun.
    unsafe { STREAMED.get(&tgid) }.copied()
}

#[inline(always)]
fn is_selected(tgid: u32) -> bool {
    streams() && root(tgid) == Some(STREAM_TREE)
}

/// Handles a task found by the iterator. An entry that a hook has inserted, or inserts
/// at the same time, is kept.
#[inline(always)]
pub fn found(task: Task<Trusted>) {
    if get(&COUNT_STATES) == 0 || task.state() & kernel::DEAD != 0 {
        return;
    }
    let state = match task.is_on_cpu() {
        true => RUNNING,
        false => off_cpu_state(task.state()),
    };
    insert(task.address(), &new_entry(task, state, now()), ONLY_NEW);
    if streams()
        && descends_from_selected(task)
        && let Some(entry) = entry(task)
    {
        entry.streamed = 1;
        report(task, state, now());
    }
    // The task has exited since. Its last switch came before this entry.
    if task.state() & kernel::DEAD != 0 {
        let _ = STATES.remove(&task.address());
    }
}

#[inline(always)]
fn descends_from_selected(task: Task<Trusted>) -> bool {
    let mut ancestor = task.leader();
    for _ in 0..MAX_ANCESTORS {
        if is_selected(ancestor.tgid()) {
            return true;
        }
        if ancestor.pid() == 0 {
            return false;
        }
        ancestor = ancestor.real_parent();
    }
    false
}
