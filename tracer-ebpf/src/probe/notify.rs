//! An exited process becomes a zombie, and its parent is notified.
//!
//! Hook: `do_notify_parent(struct task_struct *tsk, int sig)`
//! (kernel/signal.c), since 2.6. It is called for every exit of a process, even if
//! the parent ignores it, and again when the parent exits and its zombie is
//! reparented.
//! Fallback: `signal_generate(int sig, struct kernel_siginfo *info,
//! struct task_struct *task, int group, int result)`, in
//! `__send_signal_locked` (kernel/signal.c), for the child signal that
//! `do_notify_parent` sends. It does not fire if the parent ignores SIGCHLD or the
//! child has no exit signal. Sends: [`Notify`].

use tracer_common::wire::{
    CARE_IGNORED, CARE_NOCLDWAIT, Group, NOTIFY_AUTOREAP, NOTIFY_INIT_NS, NOTIFY_SELF, Notify,
    PF_EXITING,
};

use crate::{
    fields,
    hook::{Arguments, hooks},
    kernel::{Access, Probed},
    ring_buffer::{header, send},
    task::{Task, current, current_trusted},
};

/// CLD_EXITED, CLD_KILLED and CLD_DUMPED (include/uapi/asm-generic/siginfo.h):
/// the child signals for an exit, not for a stop.
const CLD_DEATHS: core::ops::RangeInclusive<i32> = 1..=3;
const SIGCHLD: u32 = 17;

hooks! {
    notified: fentry fentry_do_notify_parent, kprobe kprobe_do_notify_parent;
    child_signal: tp_btf notify_parent, raw_tp raw_notify_parent;
}

#[inline(always)]
fn notified(ctx: &impl Arguments) {
    let child = ctx.pointer(0);
    // A tracer is notified of the exit of every thread, and of a leader while other
    // threads still run (`exit_notify`, kernel/exit.c). That is not the end of a process.
    if child.pid() != child.tgid() || !child.group_is_dead() {
        return;
    }
    let owner = child.parent();
    let level = owner.ns_level();
    let mut flags = NOTIFY_SELF;
    let care = owner.care();
    // The same condition as in `do_notify_parent`.
    if ctx.number(1) as u32 == SIGCHLD
        && !child.is_traced()
        && care & (CARE_IGNORED | CARE_NOCLDWAIT) != 0
    {
        flags |= NOTIFY_AUTOREAP;
    }
    send(|| Notify {
        head: header::<Notify>(child.who()),
        owner: owner.group(),
        seen_pid: child.pid_at(level),
        flags,
        care,
        zero: 0,
        heir: heir(owner),
    });
}

#[inline(always)]
fn child_signal(ctx: &impl Arguments) {
    match current_trusted() {
        Some(sender) => child_signal_by(sender, ctx),
        None => child_signal_by(current(), ctx),
    }
}

#[inline(always)]
fn child_signal_by<A: Access>(sender: Task<A>, ctx: &impl Arguments) {
    // SEND_SIG_NOINFO (0) and SEND_SIG_PRIV (1) are not addresses, so some verifiers
    // treat the argument as a number.
    let info = ctx.pointer(1).probed();
    if info.address() <= 1 || !CLD_DEATHS.contains(&info.read::<i32>(&fields::SIGINFO_CODE)) {
        return;
    }
    if sender.flags() & PF_EXITING == 0 {
        return;
    }
    // In other signals, such as SIGIO, si_code has another meaning.
    let sig = ctx.number(0) as u32;
    let exit_signal: u32 = sender.leader().read(&fields::TASK_EXIT_SIGNAL);
    if sig != SIGCHLD && sig != exit_signal {
        return;
    }
    let owner = ctx.pointer(2);
    let level = owner.ns_level();
    // `_sigchld` begins with the pid.
    // SAFETY: `Probed` reads any address safely.
    let seen_pid: u32 = unsafe { Probed::read(info.at(&fields::SIGINFO_FIELDS).cast()) };

    let mut flags = 0;
    if sender.leader().pid_at(level) == seen_pid {
        if !sender.group_is_dead() {
            return;
        }
        flags |= NOTIFY_SELF;
    }
    if level == 0 {
        flags |= NOTIFY_INIT_NS;
    }
    let care = owner.care();
    if care & CARE_NOCLDWAIT != 0 {
        flags |= NOTIFY_AUTOREAP;
    }
    send(|| Notify {
        head: header::<Notify>(sender.who()),
        owner: owner.group(),
        seen_pid,
        flags,
        care,
        zero: 0,
        heir: heir(owner),
    });
}

/// Returns the process that would inherit the owner's zombies if the owner exited.
#[inline(always)]
fn heir<A: Access>(owner: Task<A>) -> Group {
    owner.reaper().unwrap_or(Group {
        tgid: 0,
        zero: 0,
        start: 0,
    })
}
