//! A deadly signal is sent.
//!
//! Hook: `signal_generate` (prototype in notify.rs), in the sender's context.
//! Only signals whose default action ends the process and that the target has
//! left at their default, plus SIGKILL: the others cannot be a cause of death.
//! Sends: [`Signal`].

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::wire::Signal;

use crate::{
    fields,
    ring::{header, send},
    task::{argument, current},
};

const SIGKILL: u32 = 9;
/// Signals of x86_64 whose default action is not to end the process: CHLD,
/// CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH (signal(7)).
const HARMLESS: u64 = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23 | 1 << 28;
/// TRACE_SIGNAL_DELIVERED and TRACE_SIGNAL_LOSE_INFO
/// (include/trace/events/signal.h): not ignored, not pending already.
const DELIVERED: u32 = 0;
const DELIVERED_WITHOUT_INFO: u32 = 4;
/// si_code of the kernel (include/uapi/asm-generic/siginfo.h).
const SI_KERNEL: i32 = 0x80;
const SI_USER: i32 = 0;

#[btf_tracepoint(function = "signal_generate")]
fn signal_generate(ctx: BtfTracePointContext) -> i32 {
    let sig: u32 = ctx.arg(0);
    if sig == 0 || sig > 64 || (HARMLESS >> (sig & 63)) & 1 != 0 {
        return 0;
    }
    if !matches!(ctx.arg::<u32>(4), DELIVERED | DELIVERED_WITHOUT_INFO) {
        return 0;
    }
    let target = argument(&ctx, 2);
    if sig != SIGKILL && !target.takes_default(sig as usize) {
        return 0;
    }
    let info = argument(&ctx, 1);
    // SEND_SIG_NOINFO (0) stands for a plain kill, SEND_SIG_PRIV (1) for the
    // kernel itself (kernel/signal.c).
    let code = match info.address() {
        0 => SI_USER,
        1 => SI_KERNEL,
        _ => info.read(&fields::SIGINFO_CODE),
    };
    let sender = current();
    send(|| Signal {
        head: header::<Signal>(target.who()),
        by: sender.who(),
        by_comm: sender.comm(),
        sig: sig as i32,
        code,
        group: ctx.arg(3),
        zero: 0,
    });
    0
}
