//! A dead process becomes a zombie and its parent is told.
//!
//! Hook: `do_notify_parent(struct task_struct *tsk, int sig)`
//! (kernel/signal.c), since 2.6. It is called for every death of a process,
//! whether or not the parent wants to know, and again when a dying parent
//! hands its zombie on.
//! Fallback: `signal_generate(int sig, struct kernel_siginfo *info,
//! struct task_struct *task, int group, int result)`, in
//! `__send_signal_locked` (kernel/signal.c), for the child signal that
//! `do_notify_parent` sends. Not sent when the parent ignores SIGCHLD, nor by
//! a child without an exit signal. Sends: [`Notify`].

use tracer_common::wire::{
    CARE_IGNORED, CARE_NOCLDWAIT, Group, NOTIFY_AUTOREAP, NOTIFY_INIT_NS, NOTIFY_SELF, Notify,
    PF_EXITING,
};

use crate::{
    fields,
    hook::{Arguments, hooks},
    kernel::{Access, Probed},
    ring::{header, send},
    task::{Task, current, current_trusted},
};

/// CLD_EXITED, CLD_KILLED and CLD_DUMPED (include/uapi/asm-generic/siginfo.h):
/// the child signals that tell of a death, not of a stop.
const CLD_DEATHS: core::ops::RangeInclusive<i32> = 1..=3;
const SIGCHLD: u32 = 17;

hooks! {
    told: fentry fentry_do_notify_parent, kprobe kprobe_do_notify_parent;
    child_signal: tp_btf notify_parent, raw_tp raw_notify_parent;
}

#[inline(always)]
fn told(ctx: &impl Arguments) {
    let dead = ctx.pointer(0);
    // A tracer is told of the death of every thread, the leader's too while
    // others live (`exit_notify`, kernel/exit.c): no process ends by it.
    if dead.pid() != dead.tgid() || !dead.group_is_dead() {
        return;
    }
    let owner = dead.parent();
    let level = owner.ns_level();
    let mut flags = NOTIFY_SELF;
    let care = owner.care();
    // As `do_notify_parent` decides.
    if ctx.number(1) as u32 == SIGCHLD
        && !dead.is_traced()
        && care & (CARE_IGNORED | CARE_NOCLDWAIT) != 0
    {
        flags |= NOTIFY_AUTOREAP;
    }
    send(|| Notify {
        head: header::<Notify>(dead.who()),
        owner: owner.group(),
        seen_pid: dead.pid_at(level),
        flags,
        care,
        zero: 0,
        heir: heir(owner),
    });
}

#[inline(always)]
fn child_signal(ctx: &impl Arguments) {
    match current_trusted() {
        Some(teller) => child_signal_by(teller, ctx),
        None => child_signal_by(current(), ctx),
    }
}

#[inline(always)]
fn child_signal_by<A: Access>(teller: Task<A>, ctx: &impl Arguments) {
    // SEND_SIG_NOINFO (0) and SEND_SIG_PRIV (1) are not addresses, so that some
    // kernels' verifiers take the argument for a number.
    let info = ctx.pointer(1).probed();
    if info.address() <= 1 || !CLD_DEATHS.contains(&info.read::<i32>(&fields::SIGINFO_CODE)) {
        return;
    }
    if teller.flags() & PF_EXITING == 0 {
        return;
    }
    // Other signals' si_code means something else: that of a SIGIO, say.
    let sig = ctx.number(0) as u32;
    let exit_signal: u32 = teller.leader().read(&fields::TASK_EXIT_SIGNAL);
    if sig != SIGCHLD && sig != exit_signal {
        return;
    }
    let owner = ctx.pointer(2);
    let level = owner.ns_level();
    // `_sigchld` begins with the pid.
    // SAFETY: `Probed` reads any address safely.
    let seen_pid: u32 = unsafe { Probed::read(info.at(&fields::SIGINFO_FIELDS).cast()) };

    let mut flags = 0;
    if teller.leader().pid_at(level) == seen_pid {
        if !teller.group_is_dead() {
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
        head: header::<Notify>(teller.who()),
        owner: owner.group(),
        seen_pid,
        flags,
        care,
        zero: 0,
        heir: heir(owner),
    });
}

/// Who would get the owner's zombies if it died.
#[inline(always)]
fn heir<A: Access>(owner: Task<A>) -> Group {
    owner.reaper().unwrap_or(Group {
        tgid: 0,
        zero: 0,
        start: 0,
    })
}
