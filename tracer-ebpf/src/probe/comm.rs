//! A task changes its command name.
//!
//! Hook: `task_rename(struct task_struct *task, const char *comm)`, in
//! `__set_task_comm` (fs/exec.c). It also fires in exec, where the name is in the exec
//! record instead. Sends: [`CommChange`], within the user's budget.

use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use tracer_common::wire::{COMM_LEN, CommChange};

use crate::{
    hook::{Arguments, hooks},
    ring_buffer::{header, send_within_budget},
};

hooks! { rename: tp_btf task_rename, raw_tp raw_task_rename; }

#[inline(always)]
fn rename(ctx: &impl Arguments) {
    let task = ctx.pointer(0);
    if task.in_execve() {
        return;
    }
    let mut comm = [0; COMM_LEN];
    // SAFETY: a helper read of a kernel string into our own buffer.
    let _ = unsafe { bpf_probe_read_kernel_str_bytes(ctx.number(1) as *const u8, &mut comm) };
    send_within_budget(task.user(), || CommChange {
        head: header::<CommChange>(task.who()),
        comm,
    });
}
