//! The ways a program hangs on the kernel, made alike: whatever the hook, a
//! probe sees numbered arguments, and pointers that know how they are read.

use aya_ebpf::{
    EbpfContext as _,
    programs::{
        BtfTracePointContext, FEntryContext, FExitContext, ProbeContext, RawTracePointContext,
        TracePointContext,
    },
};

use crate::kernel::{Access, Probed, Struct, Trusted};

/// What a hook passes.
pub trait Arguments {
    /// How its pointers are read.
    type Access: Access;

    /// Argument `n` as a number.
    fn number(&self, n: usize) -> u64;

    /// Argument `n`, a pointer to a kernel struct.
    #[inline(always)]
    fn pointer(&self, n: usize) -> Struct<Self::Access> {
        // SAFETY: BTF-typed arguments are trusted pointers; the others are
        // read by the helper, which any address suits.
        unsafe { Struct::new(self.number(n) as *const u8) }
    }
}

macro_rules! arguments {
    ($($context:ty: $access:ty, |$ctx:ident, $n:ident| $argument:expr;)*) => {
        $(impl Arguments for $context {
            type Access = $access;

            #[inline(always)]
            fn number(&self, $n: usize) -> u64 {
                let $ctx = self;
                $argument
            }
        })*
    };
}

arguments! {
    BtfTracePointContext: Trusted, |ctx, n| ctx.arg(n);
    FEntryContext: Trusted, |ctx, n| ctx.arg(n);
    // What the function returned follows its arguments.
    FExitContext: Trusted, |ctx, n| ctx.arg(n);
    RawTracePointContext: Probed, |ctx, n| ctx.arg(n);
    ProbeContext: Probed, |ctx, n| ctx.arg(n).unwrap_or(0);
}

/// The field of a perf tracepoint's record at that offset. A load, where aya's own
/// reading is a call of a helper.
///
/// # Safety
/// The offset must be inside the record, and aligned.
#[inline(always)]
pub unsafe fn field<T: Copy>(ctx: &TracePointContext, offset: usize) -> T {
    // SAFETY: the caller's promise; the verifier checks it against the hook.
    unsafe {
        ctx.as_ptr()
            .cast::<u8>()
            .add(offset)
            .cast::<T>()
            .read_volatile()
    }
}

/// Runs a probe; built with the feature `floor`, every program is empty.
#[inline(always)]
pub fn unless_floor(probe: impl FnOnce()) {
    if !cfg!(feature = "floor") {
        probe();
    }
}

/// Declares the programs that run a probe, one per hook it can hang on:
/// `hooks! { probe: tp_btf name, raw_tp name; }`. The ladder of
/// `tracer/src/source/live/plan.rs` has a row for each, by its name.
macro_rules! hooks {
    ($($probe:path: $($kind:ident $program:ident),+;)*) => {
        $($($crate::hook::program!($kind $program $probe);)+)*
    };
}
pub(crate) use hooks;

macro_rules! program {
    (tp_btf $program:ident $probe:path) => {
        #[aya_ebpf::macros::btf_tracepoint]
        fn $program(ctx: aya_ebpf::programs::BtfTracePointContext) -> i32 {
            $crate::hook::unless_floor(|| $probe(&ctx));
            0
        }
    };
    (raw_tp $program:ident $probe:path) => {
        #[aya_ebpf::macros::raw_tracepoint]
        fn $program(ctx: aya_ebpf::programs::RawTracePointContext) -> i32 {
            $crate::hook::unless_floor(|| $probe(&ctx));
            0
        }
    };
    (fentry $program:ident $probe:path) => {
        #[aya_ebpf::macros::fentry]
        fn $program(ctx: aya_ebpf::programs::FEntryContext) -> i32 {
            $crate::hook::unless_floor(|| $probe(&ctx));
            0
        }
    };
    (fexit $program:ident $probe:path) => {
        #[aya_ebpf::macros::fexit]
        fn $program(ctx: aya_ebpf::programs::FExitContext) -> i32 {
            $crate::hook::unless_floor(|| $probe(&ctx));
            0
        }
    };
    (kprobe $program:ident $probe:path) => {
        #[aya_ebpf::macros::kprobe]
        fn $program(ctx: aya_ebpf::programs::ProbeContext) -> u32 {
            $crate::hook::unless_floor(|| $probe(&ctx));
            0
        }
    };
    // Only what the function returned is left by then.
    (kretprobe $program:ident $probe:path) => {
        #[aya_ebpf::macros::kretprobe]
        fn $program(ctx: aya_ebpf::programs::RetProbeContext) -> u32 {
            $crate::hook::unless_floor(|| $probe(ctx.ret()));
            0
        }
    };
}
pub(crate) use program;
