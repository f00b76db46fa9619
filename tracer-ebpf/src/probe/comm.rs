//! A task takes another name.
//!
//! Hook: `task_rename(struct task_struct *task, const char *comm)`, in
//! `__set_task_comm` (fs/exec.c). exec renames too: that name is in the exec
//! record. Sends: [`CommChange`].

use aya_ebpf::{
    helpers::bpf_probe_read_kernel_str_bytes, macros::btf_tracepoint,
    programs::BtfTracePointContext,
};
use tracer_common::wire::{COMM_LEN, CommChange};

use crate::{
    ring::{header, send},
    task::argument,
};

#[btf_tracepoint(function = "task_rename")]
fn task_rename(ctx: BtfTracePointContext) -> i32 {
    let task = argument(&ctx, 0);
    if task.in_execve() {
        return 0;
    }
    let mut comm = [0; COMM_LEN];
    // SAFETY: a helper read of a kernel string into our own buffer.
    let _ = unsafe { bpf_probe_read_kernel_str_bytes(ctx.arg::<*const u8>(1), &mut comm) };
    send(|| CommChange {
        head: header::<CommChange>(task.who()),
        comm,
    });
    0
}
