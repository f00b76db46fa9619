//! The offsets of kernel fields, as globals that the loader sets from the
//! running kernel's BTF (see `tracer_common::fields`).

pub use tracer_common::fields::{ABSENT, mask, offset};

macro_rules! declare {
    ($($global:ident: $type:literal, $($member:literal),+;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub static $global: u64 = 0;
        )*
    };
}
tracer_common::kernel_fields!(declare);

/// Arguments that a tracepoint gained later; 1: this kernel passes it.
///
/// `sched_process_exit(task, group_dead)`, since 6.18.
#[unsafe(no_mangle)]
pub static HAVE_GROUP_DEAD: u64 = 0;
/// `mark_victim(task, uid)`, where it was `mark_victim(pid)`.
#[unsafe(no_mangle)]
pub static HAVE_VICTIM_TASK: u64 = 0;

/// The helper `bpf_get_current_task_btf` (since 5.11).
#[unsafe(no_mangle)]
pub static HAVE_TASK_BTF: u64 = 0;

/// Where in `css_set.subsys` the controller is whose hierarchy of cgroups is
/// looked at; ABSENT: the unified hierarchy.
#[unsafe(no_mangle)]
pub static CGROUP_SUBSYS: u64 = 0;
/// That hierarchy's number.
#[unsafe(no_mangle)]
pub static CGROUP_HIERARCHY: u64 = 0;
/// Where the pids controller is; ABSENT: this kernel has none.
#[unsafe(no_mangle)]
pub static PIDS_SUBSYS: u64 = 0;

/// The value that the loader set. The compiler must not believe the zero it
/// sees in the initializer.
#[inline(always)]
pub fn get(global: &'static u64) -> u64 {
    // SAFETY: a reference to a static is valid for reads.
    unsafe { core::ptr::read_volatile(global) }
}
