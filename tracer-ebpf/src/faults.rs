//! Page faults counted in the kernel: a slot per CPU that belongs to whichever
//! task is running, emptied into that task's counters when it is switched out.
//! So a fault costs a few additions in memory that this CPU owns,
//! the hash look-up is paid once per stretch on the CPU, and the sum is exact:
//! nobody but the task itself ever adds to its counters.

use aya_ebpf::{
    macros::map,
    maps::{HashMap, PerCpuArray},
};
use tracer_common::maps::{
    ALLOC_COPY, FAULT_BASES, FAULT_COUNTERS, FaultCounts, LOST_FAULTS, TaskFaults, WP_COPY,
};

use crate::{kernel::Access, notes::Note, ring::lost, task::Task};

/// Faults of the running task not yet in its counters.
#[repr(C)]
pub struct Slot {
    /// Which counters are not zero, a bit each: the others are not looked at.
    used: u64,
    /// How often it was emptied into a task's counters.
    emptied: u64,
    /// The fault that a page may still be allocated for.
    pub pending: Pending,
    /// A place for each program that needs one: none runs twice at a time on a CPU.
    pub of_mapping: Scratch,
    pub of_page: Scratch,
    pub of_fork: Scratch,
    pub of_caller: Scratch,
    pub of_birth: Scratch,
    pub of_switch: Scratch,
    pub of_exec: Scratch,
    pub of_exit: Scratch,
    /// Faults since one was last sent.
    pub unsent: u64,
    /// What a new task's counters are made of: too large for the stack.
    draft: TaskFaults,
}

/// What `probe::fault` leaves for `probe::page_alloc`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pending {
    /// The counter of its class; [`Pending::NONE`]: there is no such fault.
    pub class: u32,
    /// The counter of its region; 0: unknown.
    pub region: u32,
    /// The user's registers; 0: the fault was the kernel's own.
    pub regs: u64,
}

impl Pending {
    /// Reads of what is not present end no matter.
    pub const NONE: u32 = 0;
}

/// A word of a map's value.
#[repr(transparent)]
pub struct Scratch(u64);

impl Scratch {
    /// A pointer as a number. The verifier lets nobody reckon with a typed
    /// pointer, and the compiler makes a sum of a comparison where it can; what
    /// comes out of a map is a number to both.
    #[inline(always)]
    pub fn number(&mut self, pointer: u64) -> u64 {
        let scratch = &raw mut self.0;
        // SAFETY: aligned, and valid as long as `self`.
        unsafe {
            scratch.write_volatile(pointer);
            scratch.read_volatile()
        }
    }
}

#[map]
static FAULT_SLOT: PerCpuArray<Slot> = PerCpuArray::with_max_entries(1, 0);

/// By the address of the living task's `task_struct`. Preallocated: the switch
/// hook runs under the run queue's lock, where nothing may be allocated.
#[map]
static FAULTS: HashMap<u64, TaskFaults> = HashMap::with_max_entries(32768, 0);

/// The slot of this CPU. Nothing else touches it meanwhile where preemption is
/// off: in kprobes, where a fault begins, in the switch. Elsewhere [`charge`] can
/// empty it wherever the program was: there it is counted with
/// [`Slot::add_preemptible`] and read as in [`total`].
#[inline(always)]
pub fn slot() -> Option<&'static mut Slot> {
    // SAFETY: a map value stays valid for the program's run, and this one is
    // this CPU's.
    FAULT_SLOT.get_ptr_mut(0).map(|slot| unsafe { &mut *slot })
}

impl Slot {
    /// Read anew each time: see [`undisturbed`].
    #[inline(always)]
    fn count(&self, counter: usize) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.draft.counts[counter]).read_volatile() }
    }

    /// One more.
    #[inline(always)]
    pub fn add(&mut self, counter: usize) {
        self.used |= 1 << counter;
        self.draft.counts[counter] += 1;
    }

    /// One more, in a program that can be switched out at any instruction. Where the
    /// slot was emptied meanwhile, the count is nil if that took it with this one,
    /// and else brings back what was taken: then this one is all there is. (An atomic
    /// sum would wait for the page that was just cleared to reach memory.)
    #[inline(always)]
    pub fn add_preemptible(&mut self, counter: usize) {
        let emptied = self.emptied();
        self.mark(counter);
        let count = &raw mut self.draft.counts[counter];
        // SAFETY: a reference. Volatile, since another program may come between.
        unsafe {
            count.write_volatile(count.read_volatile() + 1);
            if self.emptied() != emptied && count.read_volatile() != 0 {
                count.write_volatile(1);
                self.mark(counter);
            }
        }
    }

    /// A mark too many does no harm.
    #[inline(always)]
    fn mark(&mut self, counter: usize) {
        let used = &raw mut self.used;
        // SAFETY: a reference.
        unsafe { used.write_volatile(used.read_volatile() | 1 << counter) }
    }

    /// Read anew each time, as [`Self::count`].
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

    /// All at once: to look at each first would cost as much.
    #[inline(always)]
    fn empty(&mut self) {
        if self.used != 0 {
            self.draft.counts = [0; FAULT_COUNTERS];
            self.used = 0;
            self.emptied += 1;
        }
    }
}

/// Empties the slot of this CPU into the counters of `task`, which is, or was
/// until now, the running task.
#[inline(always)]
pub fn charge<A: Access>(task: Task<A>) {
    let Some(slot) = slot() else {
        return;
    };
    // A fault that sleeps is told by what was seen of it so far.
    slot.pending.class = Pending::NONE;
    let used = slot.used;
    if used == 0 {
        return;
    }
    let key = task.address();
    let note = Note::of(task, &mut slot.of_switch);
    match FAULTS.get_ptr_mut(&key) {
        Some(faults) => {
            // SAFETY: a map value stays valid for the program's run, and this
            // task is the only one that writes it.
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
            if FAULTS.insert(&key, &slot.draft, 0).is_err() {
                lost(LOST_FAULTS, counts[..FAULT_BASES].iter().sum());
            } else if let Some(note) = note {
                note.counted(counts[WP_COPY] + counts[ALLOC_COPY]);
            }
        }
    }
    slot.empty();
}

/// The task has taken its leader's place in exec.
#[inline(always)]
pub fn renamed<A: Access>(task: Task<A>) {
    if let Some(faults) = FAULTS.get_ptr_mut(&task.address()) {
        // SAFETY: as in `charge`.
        unsafe { (*faults).who = task.who() }
    }
}

/// Whether the task, which is running and dies, has counted any fault since
/// tracing began.
#[inline(always)]
pub fn has_any<A: Access>(task: Task<A>) -> bool {
    let Some(slot) = slot() else { return false };
    // A fault that it counts later is after its exit was told.
    slot.used() != 0 || may_have_counters(task, &Note::of(task, &mut slot.of_exit))
}

/// Whether counters of the task can be in the table.
#[inline(always)]
fn may_have_counters<A: Access>(task: Task<A>, note: &Option<&'static mut Note>) -> bool {
    match note {
        Some(note) => note.is_counted(),
        None => !task.never_ran(),
    }
}

/// What the task, which is running and dies, has counted in its life: so far in
/// the slot and, if it was ever switched out, in its counters. [`forget`] drops both.
#[inline(always)]
pub fn total<A: Access>(task: Task<A>, to: &mut FaultCounts) {
    let Some(slot) = slot() else {
        *to = [0; FAULT_COUNTERS];
        return;
    };
    let note = Note::of(task, &mut slot.of_exit);
    undisturbed(slot, |slot| {
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

/// Pages that the task, which is running, has copied on write so far. `scratch`
/// is the program's own.
#[inline(always)]
pub fn copies<A: Access>(task: Task<A>, scratch: impl FnOnce(&mut Slot) -> &mut Scratch) -> u64 {
    let Some(slot) = slot() else { return 0 };
    let key = task.address();
    let note = Note::of(task, scratch(slot));
    let mut copies = 0;
    undisturbed(slot, |slot| {
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

/// Reads what the running task has in two places, the slot first, and again if that
/// was emptied meanwhile into the other. On trampolines, and since 7.0 at tracepoints
/// (`__DECLARE_TRACE`, include/linux/tracepoint.h), that can be at any instruction.
#[inline(always)]
fn undisturbed(slot: &Slot, mut read: impl FnMut(&Slot)) {
    /// To be switched out in each of them takes more than a busy machine.
    const READS: usize = 3;
    for _ in 0..READS {
        let emptied = slot.emptied();
        read(slot);
        if slot.emptied() == emptied {
            return;
        }
    }
}

/// The task is dead and is being switched out: nobody will ask for its counters
/// again, and what is left in the slot was told.
#[inline(always)]
pub fn forget<A: Access>(task: Task<A>) {
    let Some(slot) = slot() else {
        return;
    };
    slot.pending.class = Pending::NONE;
    slot.empty();
    let key = task.address();
    let has_counters = match Note::of(task, &mut slot.of_switch) {
        Some(note) => {
            note.end();
            note.is_counted()
        }
        // Mostly it has none, and to look is cheaper than to remove.
        // SAFETY: nothing is read.
        None => task.switches() > 1 && unsafe { FAULTS.get(&key) }.is_some(),
    };
    if has_counters {
        let _ = FAULTS.remove(&key);
    }
}
