//! The first event: what machine this is and what serves each purpose.

use std::fs;

use super::{clock, facts::Facts};
use crate::event::{Hook, Session, Text};

pub fn describe(facts: &Facts, hooks: Vec<Hook>) -> Session {
    let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    Session {
        tracer_version: env!("CARGO_PKG_VERSION").to_owned(),
        kernel_release: line("/proc/sys/kernel/osrelease"),
        hostname: line("/proc/sys/kernel/hostname"),
        boot_id: line("/proc/sys/kernel/random/boot_id"),
        realtime_offset: clock::realtime_offset(),
        page_size: sysconf(libc::_SC_PAGESIZE),
        ticks: sysconf(libc::_SC_CLK_TCK),
        cpus: sysconf(libc::_SC_NPROCESSORS_ONLN) as u32,
        task_struct_size: facts.btf.size_of("task_struct").map(u64::from),
        kernel_stack_size: stack_size(),
        command: Text::new(&fs::read("/proc/self/cmdline").unwrap_or_default()),
        tracer_pid: std::process::id(),
        hooks,
    }
}

fn sysconf(name: libc::c_int) -> u64 {
    // SAFETY: no pointers; the three names exist on every Linux.
    unsafe { libc::sysconf(name) }.try_into().unwrap_or(0)
}

/// THREAD_SIZE, which BTF does not name: the memory in kernel stacks over the
/// number of tasks, to the nearest power of two.
fn stack_size() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let stacks = meminfo.lines().find_map(|line| line.strip_prefix("KernelStack:"))?;
    let kib: u64 = stacks.trim().strip_suffix(" kB")?.parse().ok()?;
    let loadavg = fs::read_to_string("/proc/loadavg").ok()?;
    let tasks: u64 = loadavg.split([' ', '/']).nth(4)?.parse().ok()?;
    let per_task = (kib * 1024).checked_div(tasks)?;
    // Within an eighth of it: a task or two may have come or gone between.
    let size = (per_task - per_task / 8).checked_next_power_of_two()?;
    (size.abs_diff(per_task) <= size / 8).then_some(size)
}
