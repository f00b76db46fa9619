//! Tasks that exist when a snapshot is taken.
//!
//! Hook: `iter/task` (kernel/bpf/task_iter.c, since 5.8), called once per task while
//! user space reads the iterator's file. Writes: [`wire::Task`].

use aya_ebpf::{
    bindings::seq_file,
    helpers::generated::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns, bpf_seq_write},
};
use tracer_common::wire::{self, EXIT_DEAD, Header, Kind};

use crate::{
    fields::{self, get},
    kernel::{Struct, Trusted},
    states,
    task::{Task, current},
};

/// `struct bpf_iter__task`.
#[repr(C)]
struct Context {
    meta: *const Meta,
    task: *const u8,
}

/// `struct bpf_iter_meta`.
#[repr(C)]
struct Meta {
    seq: *mut seq_file,
}

/// Levels between the reader's own pid namespace and the one above it that `/proc`
/// shows. Larger than any level if `/proc` shows none of the reader's ancestors.
#[unsafe(no_mangle)]
static PROC_ABOVE: u64 = 0;

/// Returns the PID under which `/proc` shows a task; 0: none. The iterator runs in the
/// context of its reader and lists the tasks of the reader's namespace and its
/// descendants.
#[inline(always)]
fn proc_pid(task: Task<Trusted>) -> u32 {
    let (above, reader) = (get(&PROC_ABOVE), u64::from(current().ns_level()));
    if above > reader {
        return 0;
    }
    task.pid_at((reader - above) as u32)
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn task_iterator(ctx: *const Context) -> i32 {
    // SAFETY: the kernel passes a valid context; the verifier checks both
    // loads, and the task for null.
    let (seq, pointer) = unsafe { ((*(*ctx).meta).seq, (*ctx).task) };
    if pointer.is_null() {
        return 0;
    }
    // SAFETY: a BTF-typed argument, not null.
    let task = unsafe { Struct::<Trusted>::new(pointer) };
    let exit_state: u32 = task.read(&fields::TASK_EXIT_STATE);
    // Already released, and only its memory is left.
    if exit_state & EXIT_DEAD != 0 {
        return 0;
    }
    states::found(task);
    let (ns_pid, ns_level) = task.ns_pid();
    let record = wire::Task {
        head: Header {
            kind: Kind::Task as u32,
            // SAFETY: helpers without preconditions.
            cpu: unsafe { bpf_get_smp_processor_id() },
            at: unsafe { bpf_ktime_get_boot_ns() },
            who: task.who(),
        },
        parent: task.real_parent().group(),
        task_flags: task.flags(),
        exit_state,
        exit_code: task.read(&fields::TASK_EXIT_CODE),
        ns_pid,
        ns_level,
        exit_signal: task.read(&fields::TASK_EXIT_SIGNAL),
        proc_pid: proc_pid(task),
        care: task.care(),
        ties: task.ties(),
        cgroup: task.cgroup(),
        comm: task.comm(),
    };
    // SAFETY: a fully written record on our own stack.
    unsafe {
        bpf_seq_write(
            seq,
            (&raw const record).cast(),
            size_of::<wire::Task>() as u32,
        )
    };
    0
}
