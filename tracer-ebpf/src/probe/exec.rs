//! A task replaces its program.
//!
//! Hook: `sched_process_exec(p, pid_t old_pid, struct linux_binprm *bprm)`, in
//! `exec_binprm` (fs/exec.c), once the new image is in place: the arguments are on the
//! new stack. Sends: [`Exec`], followed by file name and arguments. Beyond the user's
//! budget for arguments, and while half of the ring buffer is in use, arguments are cut
//! (`argv_len` is less than `argv_total`).

use core::hint::black_box;

use aya_ebpf::{
    EbpfContext,
    helpers::{
        bpf_probe_read_kernel_str_bytes,
        generated::{bpf_probe_read_user, bpf_ringbuf_output},
    },
    macros::map,
    maps::PerCpuArray,
};
use aya_log_ebpf::debug;
use tracer_common::wire::{
    ARGV_MAX, EXEC_ARGV_UNREADABLE, EXEC_FILENAME_CUT, Exec, FILENAME_MAX, Kind,
};

use crate::{
    budget, faults, fields,
    hook::{Arguments, hooks},
    ring_buffer::{EVENTS, header, is_half_free, lost, wake_flag},
    states,
};

/// Buffer for the record, whose length is not known in advance and which is larger
/// than a program's stack.
#[repr(C)]
struct Draft {
    exec: Exec,
    text: [u8; FILENAME_MAX + ARGV_MAX],
}

/// Length to which arguments are cut beyond the user's budget, bytes.
const ARGV_CUT: usize = 128;

#[map]
static DRAFT: PerCpuArray<Draft> = PerCpuArray::with_max_entries(1, 0);

hooks! { exec: tp_btf sched_process_exec, raw_tp raw_sched_process_exec; }

#[inline(always)]
fn exec(ctx: &(impl Arguments + EbpfContext)) {
    let Some(draft) = DRAFT.get_ptr_mut(0) else {
        return;
    };
    let task = ctx.pointer(0);
    let filename = ctx.pointer(2).follow(&fields::BPRM_FILENAME);
    let mm = task.follow(&fields::TASK_MM);
    let arg_start: u64 = mm.read(&fields::MM_ARG_START);
    let argv_total = mm
        .read::<u64>(&fields::MM_ARG_END)
        .saturating_sub(arg_start) as u32;
    // Read before any branch: code after a branch is verified once per path.
    let (who, ties) = (task.who(), task.ties());
    let mut flags = 0;
    let old_pid = ctx.number(1) as u32;
    if old_pid != task.pid() {
        faults::identity_changed(task);
        states::identity_changed(task);
    }

    // SAFETY: this CPU's draft. The kernel runs no program twice at a time on a CPU,
    // and no other program uses it.
    let Draft { exec, text } = unsafe { &mut *draft };

    // SAFETY: a helper read of a kernel string, bounded by the slice.
    let filename = unsafe {
        bpf_probe_read_kernel_str_bytes(filename.address() as *const u8, &mut text[..FILENAME_MAX])
    };
    let filename_len = filename.map_or(0, <[u8]>::len) & (FILENAME_MAX - 1);
    if filename_len == FILENAME_MAX - 1 {
        flags |= EXEC_FILENAME_CUT;
    }

    let wanted = (argv_total as usize).min(ARGV_MAX - 1);
    let is_cut = wanted > ARGV_CUT
        && !(is_half_free() && budget::pays_for_arguments(ties.uid_plus_1, wanted as u64));
    let wanted = if is_cut { ARGV_CUT } else { wanted };
    // Keeps the compiler from dropping the mask, which older verifiers need.
    let mut argv_len = black_box(wanted) & (ARGV_MAX - 1);
    // SAFETY: `filename_len` is below FILENAME_MAX and `argv_len` below
    // ARGV_MAX, so the read ends inside `text`.
    let failed = unsafe {
        let argv = text.as_mut_ptr().add(filename_len);
        bpf_probe_read_user(argv.cast(), argv_len as u32, arg_start as *const _)
    };
    if failed != 0 {
        debug!(
            &ctx,
            "exec of {}: arguments unreadable: {}",
            task.pid(),
            failed
        );
        flags |= EXEC_ARGV_UNREADABLE;
        argv_len = 0;
    }

    *exec = Exec {
        head: header::<Exec>(who),
        old_pid,
        filename_len: filename_len as u32,
        argv_len: argv_len as u32,
        argv_total,
        flags,
        zero: 0,
        copies: faults::copies(task, |slot| &mut slot.exec_scratch),
        comm: task.comm(),
        ties,
    };
    let length = size_of::<Exec>() + filename_len + argv_len;
    // SAFETY: `length` is at most the size of the draft.
    let failed = unsafe {
        bpf_ringbuf_output(
            (&raw const EVENTS).cast_mut().cast(),
            draft.cast(),
            length as u64,
            wake_flag(exec),
        )
    };
    if failed != 0 {
        lost(Kind::Exec as usize, 1);
    }
}
