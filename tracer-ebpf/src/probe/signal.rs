//! A fatal signal is sent.
//!
//! Hook: `signal_generate` (prototype in notify.rs), in the sender's context. Only
//! SIGKILL and signals whose default action terminates the process, if the target has
//! not changed that action: other signals cannot cause an exit.
//! Sends: [`Signal`], within the user's budget if the target blocks the signal or is
//! traced.

use tracer_common::wire::Signal;

use crate::{
    fields,
    hook::{Arguments, hooks},
    ring_buffer::{header, may_send, send},
    task::current,
};

const SIGKILL: u32 = 9;
/// Signals of x86_64 whose default action does not terminate the process: CHLD, CONT,
/// STOP, TSTP, TTIN, TTOU, URG, WINCH (signal(7)).
const HARMLESS: u64 = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 28;
/// TRACE_SIGNAL_DELIVERED and TRACE_SIGNAL_LOSE_INFO
/// (include/trace/events/signal.h): neither ignored nor already pending.
const DELIVERED: u32 = 0;
const DELIVERED_WITHOUT_INFO: u32 = 4;
/// `si_code` of signals from the kernel (include/uapi/asm-generic/siginfo.h).
const SI_KERNEL: i32 = 0x80;
const SI_USER: i32 = 0;

hooks! { signal: tp_btf signal_generate, raw_tp raw_signal_generate; }

#[inline(always)]
fn signal(ctx: &impl Arguments) {
    let sig = ctx.number(0) as u32;
    if sig == 0 || sig > 64 || (HARMLESS >> (sig & 63)) & 1 != 0 {
        return;
    }
    if !matches!(ctx.number(4) as u32, DELIVERED | DELIVERED_WITHOUT_INFO) {
        return;
    }
    let target = ctx.pointer(2);
    if sig != SIGKILL && !target.has_default_action(sig as usize) {
        return;
    }
    // Read by the helper, as in notify.rs.
    let info = ctx.pointer(1).probed();
    // SEND_SIG_NOINFO (0) means a plain kill, SEND_SIG_PRIV (1) the kernel itself
    // (kernel/signal.c).
    let code = match info.address() {
        0 => SI_USER,
        1 => SI_KERNEL,
        _ => info.read(&fields::SIGINFO_CODE),
    };
    // Such a signal need not end the process, so that any number of them can be sent.
    // The target's user is charged: an interrupted task has nothing to do with a timer's
    // signal.
    let is_at_will = sig != SIGKILL && (target.blocks(sig) || target.is_traced());
    if is_at_will && !may_send::<Signal>(target.user()) {
        return;
    }
    let sender = current();
    send(|| Signal {
        head: header::<Signal>(target.who()),
        by: sender.who(),
        by_comm: sender.comm(),
        sig: sig as i32,
        code,
        group: ctx.number(3) as u32,
        zero: 0,
    });
}
