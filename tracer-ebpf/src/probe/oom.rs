//! The OOM killer chooses a victim.
//!
//! Hook: `mark_victim(struct task_struct *task, uid_t uid)`, in
//! `mark_oom_victim` (mm/oom_kill.c); `mark_victim(int pid)` on kernels before
//! the task was passed, where the victim is known from SIGKILL alone.
//! Sends: [`OomVictim`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::OomVictim;

use crate::{
    fields::{HAVE_VICTIM_TASK, get},
    ring::{header, send},
    task::argument,
};

#[btf_tracepoint(function = "mark_victim")]
fn mark_victim(ctx: BtfTracePointContext) -> i32 {
    if get(&HAVE_VICTIM_TASK) != 0 {
        let victim = argument(&ctx, 0);
        send(|| OomVictim {
            head: header::<OomVictim>(victim.who()),
        });
    }
    0
}
