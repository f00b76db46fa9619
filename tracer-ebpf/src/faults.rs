//! Page faults counted in the kernel: a slot per CPU that belongs to whichever
//! task is running, emptied into that task's counters when it is switched out
//! or exits. So a fault costs two additions in memory that this CPU owns, the
//! hash look-up is paid once per stretch on the CPU, and the sum is exact:
//! nobody but the task itself ever adds to its counters.

use aya_ebpf::{
    macros::map,
    maps::{HashMap, PerCpuArray},
};
use tracer_common::maps::{FAULT_CLASSES, FaultCounts, LOST_FAULTS, TaskFaults};

use crate::{kernel::Access, ring::lost, task::Task};

/// Faults of the running task not yet in its counters.
#[repr(C)]
struct Slot {
    total: u64,
    classes: FaultCounts,
}

#[map]
static FAULT_SLOT: PerCpuArray<Slot> = PerCpuArray::with_max_entries(1, 0);

/// By the address of the living task's `task_struct`. Preallocated: the switch
/// hook runs under the run queue's lock, where nothing may be allocated.
#[map]
static FAULTS: HashMap<u64, TaskFaults> = HashMap::with_max_entries(32768, 0);

/// One more fault of the running task. The kernel runs a tracepoint's programs
/// with preemption off, so nothing empties the slot half way.
#[inline(always)]
pub fn count(class: usize) {
    if let Some(slot) = FAULT_SLOT.get_ptr_mut(0) {
        // SAFETY: this CPU's value; the index is masked below its length.
        unsafe {
            (*slot).total += 1;
            (*slot).classes[class & (FAULT_CLASSES - 1)] += 1;
        }
    }
}

/// Empties the slot of this CPU into the counters of `task`, which is, or was
/// until now, the running task.
#[inline(always)]
pub fn charge<A: Access>(task: Task<A>) {
    let Some(slot) = FAULT_SLOT.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: this CPU's value, and no fault can come in between: the running
    // task is in the kernel.
    let slot = unsafe { &mut *slot };
    if slot.total == 0 {
        return;
    }
    let key = task.address();
    match FAULTS.get_ptr_mut(&key) {
        Some(faults) => {
            for class in 0..FAULT_CLASSES {
                // SAFETY: a map value stays valid for the program's run, and
                // this task is the only one that writes it.
                unsafe { (*faults).counts[class] += slot.classes[class] }
            }
        }
        None => {
            let faults = TaskFaults {
                who: task.who(),
                counts: slot.classes,
            };
            if FAULTS.insert(&key, &faults, 0).is_err() {
                lost(LOST_FAULTS, slot.total);
            }
        }
    }
    slot.total = 0;
    slot.classes = [0; FAULT_CLASSES];
}

/// The task has taken its leader's place in exec.
#[inline(always)]
pub fn renamed<A: Access>(task: Task<A>) {
    if let Some(faults) = FAULTS.get_ptr_mut(&task.address()) {
        // SAFETY: as in `charge`.
        unsafe { (*faults).who = task.who() }
    }
}

/// What the task has counted in its life.
#[inline(always)]
pub fn copy<A: Access>(task: Task<A>, to: &mut FaultCounts) {
    // SAFETY: only the task itself writes its counters.
    match unsafe { FAULTS.get(&task.address()) } {
        Some(faults) => *to = faults.counts,
        None => *to = [0; FAULT_CLASSES],
    }
}

/// The task is dead.
#[inline(always)]
pub fn forget<A: Access>(task: Task<A>) {
    let _ = FAULTS.remove(&task.address());
}
