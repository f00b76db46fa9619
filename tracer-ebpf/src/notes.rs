//! What is known of each living task that was born since tracing began: one
//! note per task, found by its PID without a hash table. PIDs are given one after
//! the other, so the notes of newborn tasks share cache lines and pages.
//!
//! A note is given at birth and kept until the task is dead. A task whose place
//! is taken by another living task gets none, like a task that existed before:
//! its story is told as if there were no notes ([`faults`](crate::faults) looks
//! in its table, [`crate::probe`] sends a record of its own).

use aya_ebpf::{helpers::bpf_ktime_get_boot_ns, macros::map, maps::Array};

use crate::{faults::Scratch, kernel::Access, task::Task};

/// By the lower bits of the PID: without a clash up to 65,536 PIDs, twice the
/// default of the kernel. Two births in one place within the same few nanoseconds
/// can both take it: the later one has it then, and when the other was made
/// runnable is unknown.
#[map]
static NOTES: Array<Note> = Array::with_max_entries(1 << INDEX_BITS, 0);

const INDEX_BITS: u32 = 16;

#[repr(C)]
pub struct Note {
    /// The address of its task, which stays when exec gives the task another PID;
    /// 0: it was never given.
    task: u64,
    /// When the task was made runnable, ns since boot; 0: told already.
    runnable: u64,
    /// Pages that the task has copied on write, as far as its counters say.
    copies: u64,
    /// The PID that the task was born with.
    pid: u32,
    /// [`COUNTED`] and the others.
    flags: u32,
}

/// The task has fault counters in the table.
const COUNTED: u32 = 1 << 0;
/// The task is dead: the place may be given to another.
const DEAD: u32 = 1 << 1;

impl Note {
    #[inline(always)]
    fn at(pid: u32) -> Option<&'static mut Note> {
        let note = NOTES.get_ptr_mut(pid & ((1 << INDEX_BITS) - 1));
        // SAFETY: a map value stays valid for the program's run.
        note.map(|note| unsafe { &mut *note })
    }

    /// The note of that task, if it has one. `scratch` is the program's own.
    #[inline(always)]
    pub fn of<A: Access>(task: Task<A>, scratch: &mut Scratch) -> Option<&'static mut Note> {
        let address = scratch.number(task.address());
        Note::at(task.pid()).filter(|note| note.task == address)
    }

    /// Gives the task a note that says it is runnable from now on. Returns
    /// false if its place is another's.
    #[inline(always)]
    pub fn begin<A: Access>(task: Task<A>, scratch: &mut Scratch) -> bool {
        let pid = task.pid();
        let Some(note) = Note::at(pid) else {
            return false;
        };
        // Where another task was born with this PID it is gone, or has another.
        if note.task != 0 && note.pid != pid && note.flags & DEAD == 0 {
            return false;
        }
        *note = Note {
            task: scratch.number(task.address()),
            // SAFETY: a helper without preconditions.
            runnable: unsafe { bpf_ktime_get_boot_ns() },
            copies: 0,
            pid,
            flags: 0,
        };
        true
    }

    /// When the task was made runnable, which is told once; 0: unknown.
    #[inline(always)]
    pub fn take_runnable<A: Access>(task: Task<A>, scratch: &mut Scratch) -> u64 {
        match Note::of(task, scratch) {
            Some(note) => core::mem::take(&mut note.runnable),
            None => 0,
        }
    }

    /// The task's counters are in the table, with that many copies.
    #[inline(always)]
    pub fn counted(&mut self, copies: u64) {
        self.copies = copies;
        self.flags |= COUNTED;
    }

    /// Whether the task has counters in the table. Read anew each time: a
    /// switch may have put them there meanwhile.
    #[inline(always)]
    pub fn is_counted(&self) -> bool {
        // SAFETY: a reference.
        unsafe { (&raw const self.flags).read_volatile() & COUNTED != 0 }
    }

    /// Read anew each time, as [`Note::is_counted`].
    #[inline(always)]
    pub fn copies(&self) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.copies).read_volatile() }
    }

    /// The task is switched out for good.
    #[inline(always)]
    pub fn end(&mut self) {
        self.flags |= DEAD;
    }
}
