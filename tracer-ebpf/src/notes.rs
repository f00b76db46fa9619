//! Notes: one entry per task created since tracing began, in an array indexed by
//! PID. The kernel assigns PIDs consecutively, so that the notes of new tasks share
//! cache lines and pages.
//!
//! A note is created when the task is made runnable and ends when the task is
//! switched out for the last time. If another running task already uses the entry, the
//! task has no note, like a task that existed before tracing: [`crate::faults`] then
//! searches its hash table, and [`crate::probe`] sends a separate record.

use aya_ebpf::{helpers::bpf_ktime_get_boot_ns, macros::map, maps::Array};

use crate::{kernel::Access, scratch::Scratch, task::Task};

/// Notes by the lower bits of the PID. 65,536 PIDs, twice the kernel's default, have
/// entries of their own. If two tasks that share an entry are made runnable within a
/// few nanoseconds, the later one keeps it, and the time when the other was made
/// runnable is unknown.
#[map]
static NOTES: Array<Note> = Array::with_max_entries(1 << INDEX_BITS, 0);

const INDEX_BITS: u32 = 16;

/// An entry for a new task.
#[repr(C)]
pub struct Note {
    /// Address of the `task_struct`, which stays the same when exec changes the
    /// task's PID; 0: never used.
    task: u64,
    /// When the task was made runnable, ns since boot; 0: already reported.
    runnable: u64,
    /// Pages that the task has copied on write, as of its counters in the table.
    copies: u64,
    /// PID at creation.
    pid: u32,
    /// [`COUNTED`] and the others.
    flags: u32,
}

/// The task has fault counters in the table.
const COUNTED: u32 = 1 << 0;
/// The task was switched out for the last time: the entry can be reused.
const DEAD: u32 = 1 << 1;

impl Note {
    #[inline(always)]
    fn at(pid: u32) -> Option<&'static mut Note> {
        let note = NOTES.get_ptr_mut(pid & ((1 << INDEX_BITS) - 1));
        // SAFETY: a map value stays valid for the program's run.
        note.map(|note| unsafe { &mut *note })
    }

    /// Returns the task's note, if it has one. `scratch` must not be in use by
    /// another program.
    #[inline(always)]
    pub fn of<A: Access>(task: Task<A>, scratch: &mut Scratch) -> Option<&'static mut Note> {
        let address = scratch.number(task.address());
        Note::at(task.pid()).filter(|note| note.task == address)
    }

    /// Creates the note of a task that becomes runnable now. Returns false if its
    /// entry is taken.
    #[inline(always)]
    pub fn begin<A: Access>(task: Task<A>, scratch: &mut Scratch) -> bool {
        let pid = task.pid();
        let Some(note) = Note::at(pid) else {
            return false;
        };
        // A note with the same PID at creation can be replaced: its task was freed,
        // or has another PID.
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

    /// Returns when the task was made runnable, ns since boot, and resets it, so that
    /// it is reported once; 0: unknown.
    #[inline(always)]
    pub fn take_runnable<A: Access>(task: Task<A>, scratch: &mut Scratch) -> u64 {
        match Note::of(task, scratch) {
            Some(note) => core::mem::take(&mut note.runnable),
            None => 0,
        }
    }

    /// Records that the task has counters in the table, with that many copies.
    #[inline(always)]
    pub fn counted(&mut self, copies: u64) {
        self.copies = copies;
        self.flags |= COUNTED;
    }

    /// Returns true if the task has counters in the table. Reads memory on every
    /// call: a switch may have stored them in between.
    #[inline(always)]
    pub fn is_counted(&self) -> bool {
        // SAFETY: a reference.
        unsafe { (&raw const self.flags).read_volatile() & COUNTED != 0 }
    }

    /// Returns the number of copies. Reads memory on every call, as
    /// [`Note::is_counted`].
    #[inline(always)]
    pub fn copies(&self) -> u64 {
        // SAFETY: a reference.
        unsafe { (&raw const self.copies).read_volatile() }
    }

    /// Ends the note of a task that is switched out for the last time.
    #[inline(always)]
    pub fn end(&mut self) {
        self.flags |= DEAD;
    }
}
