//! The OOM killer chooses a victim.
//!
//! Hook: `mark_victim(struct task_struct *task, uid_t uid)`, in
//! `mark_oom_victim` (mm/oom_kill.c). Older kernels have `mark_victim(int pid)`,
//! where only the SIGKILL identifies the victim.
//! Sends: [`OomVictim`].

use tracer_common::wire::OomVictim;

use crate::{
    fields::{HAVE_VICTIM_TASK, get},
    hook::{Arguments, hooks},
    ring_buffer::{header, send},
};

hooks! { victim_marked: tp_btf mark_victim, raw_tp raw_mark_victim; }

#[inline(always)]
fn victim_marked(ctx: &impl Arguments) {
    if get(&HAVE_VICTIM_TASK) != 0 {
        let victim = ctx.pointer(0);
        send(|| OomVictim {
            head: header::<OomVictim>(victim.who()),
        });
    }
}
