//! What this host offers. Facts only: what follows from them is the plan's.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::{
    btf::Btf,
    plan::{Argument, Offers},
};

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

pub struct Facts {
    pub btf: Btf,
    /// The file that it was read from.
    pub btf_source: String,
    /// This process lives in a pid namespace other than the initial one.
    pub nested: bool,
    /// tracefs can be read: perf tracepoints have numbers.
    pub tracefs: bool,
}

impl Facts {
    /// `btf`: a file with the kernel's types, instead of the kernel's own word.
    pub fn of_this_host(btf: Option<&Path>) -> Result<Facts> {
        let path = btf.unwrap_or(Path::new(VMLINUX));
        let data = fs::read(path).with_context(|| match btf {
            Some(path) => format!("{} cannot be read", path.display()),
            None => format!(
                "tracer reads the layout of kernel structs from {VMLINUX}, which this kernel does not offer: \
                 it must be built with CONFIG_DEBUG_INFO_BTF=y, as those of distributions are; or \
                 give its types with --btf FILE (pahole makes it)"
            ),
        })?;
        let btf_source = path.display().to_string();
        let btf = Btf::parse(data).with_context(|| format!("reading {btf_source}"))?;
        Ok(Facts {
            btf,
            btf_source,
            nested: nested(),
            tracefs: tracefs(),
        })
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

impl Offers for Facts {
    fn tracepoint(&self, name: &str) -> Option<Vec<Argument>> {
        self.btf.tracepoint(name)
    }

    fn function(&self, name: &str) -> Option<Vec<Argument>> {
        self.btf.function(name)
    }

    fn symbol(&self, name: &str) -> Option<String> {
        let symbols = fs::read_to_string("/proc/kallsyms").ok()?;
        // `address type name`, and the module's name behind those of modules.
        let names = symbols
            .lines()
            .filter_map(|line| line.split_ascii_whitespace().nth(2));
        best_symbol(names, name).map(str::to_owned)
    }

    fn kprobes(&self) -> bool {
        Path::new("/sys/bus/event_source/devices/kprobe").exists()
    }

    fn tracefs(&self) -> bool {
        self.tracefs
    }
}

/// The symbol of a function: its plain name, else the one that the compiler
/// gave it when it changed its arguments. A part split off (`.cold`) is
/// another function.
fn best_symbol<'a>(names: impl Iterator<Item = &'a str>, wanted: &str) -> Option<&'a str> {
    let mut suffixed = None;
    for name in names {
        match name.strip_prefix(wanted) {
            Some("") => return Some(name),
            Some(suffix) if suffix.starts_with(".isra.") || suffix.starts_with(".constprop.") => {
                suffixed = Some(name);
            }
            _ => {}
        }
    }
    suffixed
}

/// The initial pid namespace has a number of its own
/// (PROC_PID_INIT_INO, include/linux/proc_ns.h).
fn nested() -> bool {
    let own = fs::read_link("/proc/self/ns/pid").ok();
    own.is_some_and(|own| own != Path::new("pid:[4026531836]"))
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

#[cfg(test)]
mod tests {
    use super::best_symbol;

    #[test]
    fn a_function_is_found_under_the_compilers_name_for_it() {
        let find =
            |names: &[&'static str]| best_symbol(names.iter().copied(), "finish_task_switch");
        assert_eq!(
            find(&["finish_task_switch.isra.0"]),
            Some("finish_task_switch.isra.0")
        );
        assert_eq!(
            find(&["finish_task_switch.isra.0", "finish_task_switch"]),
            Some("finish_task_switch")
        );
        assert_eq!(
            find(&["finish_task_switch.cold", "finish_task_switches"]),
            None
        );
    }
}
