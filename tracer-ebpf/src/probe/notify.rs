//! A dead process becomes a zombie and its parent is told.
//!
//! Hook: `signal_generate(int sig, struct kernel_siginfo *info,
//! struct task_struct *task, int group, int result)`, in
//! `__send_signal_locked` (kernel/signal.c), for the child signal that
//! `do_notify_parent` sends in the dying task's own context. Not sent when the
//! parent ignores SIGCHLD: then there is no zombie. Sends: [`Notify`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::{NOTIFY_AUTOREAP, NOTIFY_INIT_NS, NOTIFY_SELF, Notify, PF_EXITING};

use crate::{
    fields,
    kernel::{Access, Probed},
    ring::{header, send},
    task::{argument, current},
};

/// CLD_EXITED, CLD_KILLED and CLD_DUMPED (include/uapi/asm-generic/siginfo.h):
/// the child signals that tell of a death, not of a stop.
const CLD_DEATHS: core::ops::RangeInclusive<i32> = 1..=3;

#[btf_tracepoint(function = "signal_generate")]
fn notify_parent(ctx: BtfTracePointContext) -> i32 {
    let info = argument(&ctx, 1);
    // SEND_SIG_NOINFO and SEND_SIG_PRIV are not addresses.
    if info.address() <= 1 || !CLD_DEATHS.contains(&info.read::<i32>(&fields::SIGINFO_CODE)) {
        return 0;
    }
    let teller = current();
    if teller.flags() & PF_EXITING == 0 {
        return 0;
    }
    let owner = argument(&ctx, 2);
    let level = owner.ns_level();
    // `_sigchld` begins with the pid.
    // SAFETY: `Probed` reads any address safely.
    let seen_pid: u32 = unsafe { Probed::read(info.at(&fields::SIGINFO_FIELDS).cast()) };

    let mut flags = 0;
    if teller.leader().pid_at(level) == seen_pid {
        flags |= NOTIFY_SELF;
    }
    if level == 0 {
        flags |= NOTIFY_INIT_NS;
    }
    if owner.sigchld().nocldwait {
        flags |= NOTIFY_AUTOREAP;
    }
    send(|| Notify {
        head: header::<Notify>(teller.who()),
        owner: owner.group(),
        seen_pid,
        flags,
    });
    0
}
