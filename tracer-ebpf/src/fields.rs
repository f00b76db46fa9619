//! Offsets of kernel fields, as globals that the loader sets from the running
//! kernel's BTF (see `tracer_common::fields`).

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

/// 1 if the kernel passes `group_dead`: `sched_process_exit(task, group_dead)`,
/// since 6.18.
#[unsafe(no_mangle)]
pub static HAVE_GROUP_DEAD: u64 = 0;
/// 1 if the kernel passes the task: `mark_victim(task, uid)`, earlier
/// `mark_victim(pid)`.
#[unsafe(no_mangle)]
pub static HAVE_VICTIM_TASK: u64 = 0;

/// 1 if the kernel has the helper `bpf_get_current_task_btf` (since 5.11).
#[unsafe(no_mangle)]
pub static HAVE_TASK_BTF: u64 = 0;

/// Index in `css_set.subsys` of the controller whose cgroup hierarchy is traced;
/// ABSENT: the unified hierarchy.
#[unsafe(no_mangle)]
pub static CGROUP_SUBSYS: u64 = 0;
/// ID of the traced hierarchy.
#[unsafe(no_mangle)]
pub static CGROUP_HIERARCHY: u64 = 0;
/// Index in `css_set.subsys` of the pids controller; ABSENT: the kernel has none.
#[unsafe(no_mangle)]
pub static PIDS_SUBSYS: u64 = 0;

/// Returns the value that the loader set. The volatile read keeps the compiler from
/// using the zero in the initializer.
#[inline(always)]
pub fn get(global: &'static u64) -> u64 {
    // SAFETY: a reference to a static is valid for reads.
    unsafe { core::ptr::read_volatile(global) }
}
