//! Builds the first event: facts about the machine and the hooks in use.

use std::fs;

use super::{clock, facts::Facts, procfs::ProcView, users};
use crate::event::{Hook, Label, Session, Text};

/// Returns the session. `own` is tracer's PID in the initial pid namespace, if known.
pub fn describe(facts: &Facts, view: ProcView, own: Option<u32>, hooks: Vec<Hook>) -> Session {
    Session {
        tracer_version: env!("CARGO_PKG_VERSION").into(),
        kernel_release: line("/proc/sys/kernel/osrelease"),
        hostname: line("/proc/sys/kernel/hostname"),
        boot_id: boot_id(),
        realtime_offset: clock::realtime_offset(),
        page_size: sysconf(libc::_SC_PAGESIZE),
        ticks: sysconf(libc::_SC_CLK_TCK),
        cpus: sysconf(libc::_SC_NPROCESSORS_ONLN) as u32,
        task_struct_size: facts.btf.size_of("task_struct").map(u64::from),
        kernel_stack_size: Some(stack_size(facts)),
        command: Text::new(&fs::read("/proc/self/cmdline").unwrap_or_default()),
        tracer_pid: own.unwrap_or(0),
        hooks,
        segment: None,
        users: users::names(view),
    }
}

/// Returns the kernel's boot id, which differs between boots and machines.
pub fn boot_id() -> Label {
    line("/proc/sys/kernel/random/boot_id")
}

fn line(path: &str) -> Label {
    let line = fs::read_to_string(path).unwrap_or_default();
    line.trim().into()
}

fn sysconf(name: libc::c_int) -> u64 {
    // SAFETY: no pointers; the three names exist on every Linux.
    unsafe { libc::sysconf(name) }.try_into().unwrap_or(0)
}

/// Returns THREAD_SIZE in bytes, which is not in BTF: 16 KiB, twice that under KASAN
/// (arch/x86/include/asm/page_64_types.h).
fn stack_size(facts: &Facts) -> u64 {
    let kasan = facts.btf.member("kmem_cache", "kasan_info").is_some();
    if kasan { 32 << 10 } else { 16 << 10 }
}
