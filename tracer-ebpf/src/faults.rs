//! Page fault counters. Each CPU has a slot for its running task, which is emptied
//! into the task's counters when the task is switched out. A fault costs a few
//! additions in memory that this CPU owns, and the hash look-up is paid once per turn
//! on the CPU. The sum is exact, because only the task itself adds to its counters.

use aya_ebpf::{
    macros::map,
    maps::{HashMap, PerCpuArray},
};
use tracer_common::maps::{
    ALLOC_COPY, FAULT_BASES, FAULT_COUNTERS, FaultCounts, LOST_FAULTS, TaskFaults, WP_COPY,
};

use crate::{kernel::Access, notes::Note, ring_buffer::lost, scratch::Scratch, task::Task};

/// Faults of the running task that are not in its counters yet.
#[repr(C)]
pub struct Slot {
    /// Counters that are not zero, one bit each. Only these are read.
    used: u64,
    /// Number of times the slot was emptied.
    emptied: u64,
    /// The fault that a page may still be allocated for.
    pub pending: Pending,
    /// Scratch words, one per program: no program runs twice at a time on a CPU.
    pub mapping_scratch: Scratch,
    pub page_scratch: Scratch,
    pub fork_scratch: Scratch,
    pub caller_scratch: Scratch,
    pub wakeup_scratch: Scratch,
    pub switch_scratch: Scratch,
    pub exec_scratch: Scratch,
    pub exit_scratch: Scratch,
    /// Faults since the last one that was sent.
    pub unsent: u64,
    /// The counters, in the form that is inserted for a new task: too large for the
    /// stack.
    draft: TaskFaults,
}

/// The most recent fault, passed from `probe::fault` to `probe::page_alloc`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pending {
    /// Counter of its class, or [`Pending::NONE`].
    pub class: u32,
    /// Counter of its region; 0: unknown.
    pub region: u32,
    /// Address of the user's registers; 0: the kernel itself faulted.
    pub regs: u64,
}

impl Pending {
    /// Read misses need no follow-up, so class 0 doubles as "none pending".
    pub const NONE: u32 = 0;
}

#[map]
static FAULT_SLOT: PerCpuArray<Slot> = PerCpuArray::with_max_entries(1, 0);

/// Counters by the address of the `task_struct`. Preallocated: the switch hook runs
/// under the run queue's lock, where memory cannot be allocated.
#[map]
static FAULTS: HashMap<u64, TaskFaults> = HashMap::with_max_entries(32768, 0);

/// Returns the slot of this CPU. While preemption is off (in kprobes, at the start of
/// a fault, in the switch) nothing else accesses it. Elsewhere [`charge`] can empty it
/// at any instruction: such programs count with [`Slot::add_preemptible`] and read as
/// [`total`] does.
#[inline(always)]
pub fn slot() -> Option<&'static mut Slot> {
    // SAFETY: a map value stays valid for the program's run, and this one belongs to
    // this CPU.
    FAULT_SLOT.get_ptr_mut(0).map(|slot| unsafe { &mut *slot })
}

impl Slot {
    /// Returns a counter. Reads memory on every call: see [`read_consistent`].
    #[inline(always)]
    fn count(&self, counter: usize) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.draft.counts[counter]).read_volatile() }
    }

    /// Adds 1 to a counter.
    #[inline(always)]
    pub fn add(&mut self, counter: usize) {
        self.used |= 1 << counter;
        self.draft.counts[counter] += 1;
    }

    /// Adds 1 to a counter, in a program that can be switched out at any instruction.
    /// If the slot was emptied in between and the counter is zero, the switch has
    /// taken this fault along. If it is not zero, the addition has restored counts
    /// that were already taken, so the counter is set to this fault alone. (An atomic
    /// addition would wait until the page that was just cleared reaches memory.)
    #[inline(always)]
    pub fn add_preemptible(&mut self, counter: usize) {
        let emptied = self.emptied();
        self.mark(counter);
        let count = &raw mut self.draft.counts[counter];
        // SAFETY: a reference. Volatile, since another program may run in between.
        unsafe {
            count.write_volatile(count.read_volatile() + 1);
            if self.emptied() != emptied && count.read_volatile() != 0 {
                count.write_volatile(1);
                self.mark(counter);
            }
        }
    }

    /// Marks a counter as not zero. A mark on a zero counter is harmless.
    #[inline(always)]
    fn mark(&mut self, counter: usize) {
        let used = &raw mut self.used;
        // SAFETY: a reference.
        unsafe { used.write_volatile(used.read_volatile() | 1 << counter) }
    }

    /// Returns the bits of counters that are not zero. Reads memory on every call, as
    /// [`Self::count`].
    #[inline(always)]
    fn used(&self) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.used).read_volatile() }
    }

    #[inline(always)]
    fn emptied(&self) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.emptied).read_volatile() }
    }

    /// Clears all counters. To test each one first would cost as much.
    #[inline(always)]
    fn empty(&mut self) {
        if self.used != 0 {
            self.draft.counts = [0; FAULT_COUNTERS];
            self.used = 0;
            self.emptied += 1;
        }
    }
}

/// Empties the slot of this CPU into the counters of `task`, which is running or has
/// just been switched out.
#[inline(always)]
pub fn charge<A: Access>(task: Task<A>) {
    let Some(slot) = slot() else {
        return;
    };
    // A fault that sleeps is counted by what was seen of it so far.
    slot.pending.class = Pending::NONE;
    let used = slot.used;
    if used == 0 {
        return;
    }
    let key = task.address();
    let note = Note::of(task, &mut slot.switch_scratch);
    match FAULTS.get_ptr_mut(&key) {
        Some(faults) => {
            // SAFETY: a map value stays valid for the program's run, and only this
            // task writes it.
            let faults = unsafe { &mut *faults };
            for counter in 0..FAULT_COUNTERS {
                if used & 1 << counter != 0 {
                    faults.counts[counter] += slot.draft.counts[counter];
                }
            }
            if let Some(note) = note {
                note.counted(faults.counts[WP_COPY] + faults.counts[ALLOC_COPY]);
            }
        }
        None => {
            slot.draft.who = task.who();
            let counts = &slot.draft.counts;
            if slot.draft.who.tgid == 0 {
                // The idle task, which makes no faults. The switch from the task that did
                // came before the hook was attached, or the kernel hid it.
            } else if FAULTS.insert(&key, &slot.draft, 0).is_err() {
                lost(LOST_FAULTS, counts[..FAULT_BASES].iter().sum());
            } else if let Some(note) = note {
                note.counted(counts[WP_COPY] + counts[ALLOC_COPY]);
            }
        }
    }
    slot.empty();
}

/// Updates the identity of a task that has taken over its leader's PID in exec.
#[inline(always)]
pub fn identity_changed<A: Access>(task: Task<A>) {
    if let Some(faults) = FAULTS.get_ptr_mut(&task.address()) {
        // SAFETY: as in `charge`.
        unsafe { (*faults).who = task.who() }
    }
}

/// Returns true if the task, which is running and exits, has counted any fault since
/// tracing began.
#[inline(always)]
pub fn has_faults<A: Access>(task: Task<A>) -> bool {
    let Some(slot) = slot() else { return false };
    // A fault that is counted later comes after the exit record.
    slot.used() != 0 || may_have_counters(task, &Note::of(task, &mut slot.exit_scratch))
}

/// Returns true if the task may have counters in the table.
#[inline(always)]
fn may_have_counters<A: Access>(task: Task<A>, note: &Option<&'static mut Note>) -> bool {
    match note {
        Some(note) => note.is_counted(),
        None => !task.never_ran(),
    }
}

/// Writes the total counts of the task, which is running and exits: those in the slot
/// and, if it was ever switched out, those in its counters. [`drop_counters`] drops both.
#[inline(always)]
pub fn total<A: Access>(task: Task<A>, to: &mut FaultCounts) {
    let Some(slot) = slot() else {
        *to = [0; FAULT_COUNTERS];
        return;
    };
    let note = Note::of(task, &mut slot.exit_scratch);
    read_consistent(slot, |slot| {
        for (counter, to) in to.iter_mut().enumerate() {
            *to = slot.count(counter);
        }
        if !may_have_counters(task, &note) {
            return;
        }
        // SAFETY: only the task's own switch writes its counters.
        if let Some(faults) = unsafe { FAULTS.get(&task.address()) } {
            for (counter, to) in to.iter_mut().enumerate() {
                *to += faults.counts[counter];
            }
        }
    });
}

/// Returns the number of pages that the running task has copied on write so far.
/// `scratch` must not be in use by another program.
#[inline(always)]
pub fn copies<A: Access>(task: Task<A>, scratch: impl FnOnce(&mut Slot) -> &mut Scratch) -> u64 {
    let Some(slot) = slot() else { return 0 };
    let key = task.address();
    let note = Note::of(task, scratch(slot));
    let mut copies = 0;
    read_consistent(slot, |slot| {
        copies = slot.count(WP_COPY) + slot.count(ALLOC_COPY);
        copies += match &note {
            Some(note) => note.copies(),
            None => {
                // SAFETY: as in `total`.
                let faults = unsafe { FAULTS.get(&key) };
                faults.map_or(0, |faults| {
                    faults.counts[WP_COPY] + faults.counts[ALLOC_COPY]
                })
            }
        };
    });
    copies
}

/// Reads the counts of the running task, first in the slot, then in the table, and
/// again if the slot was emptied in between. On trampolines, and since 7.0 at
/// tracepoints (`__DECLARE_TRACE`, include/linux/tracepoint.h), that can happen at any
/// instruction.
#[inline(always)]
fn read_consistent(slot: &Slot, mut read: impl FnMut(&Slot)) {
    /// Maximum number of reads. To be switched out in all of them is unlikely even on
    /// a busy machine.
    const READS: usize = 3;
    for _ in 0..READS {
        let emptied = slot.emptied();
        read(slot);
        if slot.emptied() == emptied {
            return;
        }
    }
}

/// Drops the counters of a task that is switched out for the last time. Its exit
/// record has reported what is left in the slot.
#[inline(always)]
pub fn drop_counters<A: Access>(task: Task<A>) {
    let Some(slot) = slot() else {
        return;
    };
    slot.pending.class = Pending::NONE;
    slot.empty();
    let key = task.address();
    let has_counters = match Note::of(task, &mut slot.switch_scratch) {
        Some(note) => {
            note.end();
            note.is_counted()
        }
        // Mostly it has none, and a look-up is cheaper than a removal.
        // SAFETY: nothing is read.
        None => task.switches() > 1 && unsafe { FAULTS.get(&key) }.is_some(),
    };
    if has_counters {
        let _ = FAULTS.remove(&key);
    }
}
