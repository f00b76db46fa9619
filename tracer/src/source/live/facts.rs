//! What this host offers. Facts only: what follows from them is the plan's.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::btf::{Argument, Btf};

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

pub struct Facts {
    pub btf: Btf,
    /// tracefs can be read: perf tracepoints have numbers.
    pub tracefs: bool,
}

impl Facts {
    pub fn of_this_host() -> Result<Facts> {
        let data = std::fs::read(VMLINUX).with_context(|| {
            format!(
                "tracer reads the layout of kernel structs from {VMLINUX}, which this kernel does not offer: \
                 it must be built with CONFIG_DEBUG_INFO_BTF=y, as the kernels of Debian 11, Ubuntu 20.10, \
                 Fedora 31, RHEL 8.2 and later are"
            )
        })?;
        let btf = Btf::parse(data).with_context(|| format!("reading {VMLINUX}"))?;
        Ok(Facts {
            btf,
            tracefs: tracefs(),
        })
    }

    /// The kernel has this tracepoint, with BTF for its arguments.
    pub fn has_tracepoint(&self, name: &str) -> bool {
        self.btf.tracepoint(name).is_some()
    }

    /// `sched_process_exit` passes `group_dead` (since 6.18).
    pub fn exit_says_group_dead(&self) -> bool {
        self.btf
            .tracepoint("sched_process_exit")
            .is_some_and(|arguments| arguments.len() >= 2)
    }

    /// `mark_victim` passes the task, not only its pid.
    pub fn oom_says_task(&self) -> bool {
        let arguments = self.btf.tracepoint("mark_victim").unwrap_or_default();
        arguments.first() == Some(&Argument::Pointer)
    }
}

/// Whether tracefs is there. systemd mounts it at boot; where nobody did, we
/// do, as perf does.
fn tracefs() -> bool {
    let mounted = || {
        TRACEFS
            .iter()
            .any(|path| Path::new(path).join("events").exists())
    };
    if mounted() {
        return true;
    }
    // SAFETY: the strings end in NUL; a null pointer is allowed as data.
    let failed = unsafe {
        libc::mount(
            c"tracefs".as_ptr(),
            c"/sys/kernel/tracing".as_ptr(),
            c"tracefs".as_ptr(),
            0,
            std::ptr::null(),
        )
    };
    log::info!("mounted tracefs on /sys/kernel/tracing: {}", failed == 0);
    mounted()
}
