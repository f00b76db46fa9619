//! A uniform view of the hook types. A probe sees numbered arguments and pointers
//! that carry their access method, whatever it is attached to.

use aya_ebpf::{
    EbpfContext as _,
    programs::{
        BtfTracePointContext, FEntryContext, FExitContext, ProbeContext, RawTracePointContext,
        TracePointContext,
    },
};

use crate::kernel::{Access, Probed, Struct, Trusted};

/// The arguments that a hook passes.
pub trait Arguments {
    /// Access method for its pointers.
    type Access: Access;

    /// Returns argument `n` as a number.
    fn number(&self, n: usize) -> u64;

    /// Returns argument `n` as a pointer to a kernel struct.
    #[inline(always)]
    fn pointer(&self, n: usize) -> Struct<Self::Access> {
        // SAFETY: BTF-typed arguments are trusted pointers. Others are read by the
        // helper, which accepts any address.
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
    // The return value follows the function's arguments.
    FExitContext: Trusted, |ctx, n| ctx.arg(n);
    RawTracePointContext: Probed, |ctx, n| ctx.arg(n);
    ProbeContext: Probed, |ctx, n| ctx.arg(n).unwrap_or(0);
}

/// Loads the field at `offset` of a perf tracepoint's record. aya's own accessor
/// would call a helper.
///
/// # Safety
/// The offset must be inside the record, and aligned.
#[inline(always)]
pub unsafe fn field<T: Copy>(ctx: &TracePointContext, offset: usize) -> T {
    // SAFETY: guaranteed by the caller, and checked by the verifier against the hook.
    unsafe {
        ctx.as_ptr()
            .cast::<u8>()
            .add(offset)
            .cast::<T>()
            .read_volatile()
    }
}

/// Runs a probe, unless the object is built with the feature `floor`, which makes
/// every program empty.
#[inline(always)]
pub fn unless_floor(probe: impl FnOnce()) {
    if !cfg!(feature = "floor") {
        probe();
    }
}

/// Declares the programs that run a probe, one per hook that it can be attached to:
/// `hooks! { probe: tp_btf name, raw_tp name; }`. The table of hooks in
/// `tracer/src/source/live/plan.rs` has a row for each program name.
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
    // A kretprobe has only the return value.
    (kretprobe $program:ident $probe:path) => {
        #[aya_ebpf::macros::kretprobe]
        fn $program(ctx: aya_ebpf::programs::RetProbeContext) -> u32 {
            $crate::hook::unless_floor(|| $probe(ctx.ret()));
            0
        }
    };
}
pub(crate) use program;
