//! Gathers facts about this host. [`super::plan`] draws the conclusions.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    btf::{Btf, VMLINUX},
    cgroups::Cgroups,
    error::{BtfError, Error, Result},
    plan::{Argument, HostFeatures},
    procfs::ProcView,
    symbols::Symbols,
};

const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
/// Structs whose size the kernel also reports outside BTF, rounded up to a cache line,
/// and their slab caches (kernel/fork.c, `proc_caches_init`).
const SLABS: [(&str, &str); 2] = [
    ("signal_struct", "signal_cache"),
    ("sighand_struct", "sighand_cache"),
];
const CACHE_LINE: u32 = 64;

/// Facts about this host.
pub struct Facts {
    /// Types of the kernel.
    pub btf: Btf,
    /// File that they were read from.
    pub btf_source: PathBuf,
    /// True if the kernel offers its types itself, so that it accepts programs which it
    /// checks against them.
    pub own_btf: bool,
    /// Relation of `/proc` to the pid namespaces.
    pub proc: ProcView,
    /// True if tracefs can be read. The ids of perf tracepoints are in it.
    pub tracefs: bool,
    /// Symbols of the kernel.
    pub symbols: Symbols,
    /// The traced cgroup hierarchy.
    pub cgroups: Cgroups,
}

impl Facts {
    /// Gathers the facts. `btf` is a file with the kernel's types, to be used instead of
    /// the kernel's own.
    pub fn of_this_host(btf: Option<&Path>) -> Result<Facts> {
        let path = btf.unwrap_or(Path::new(VMLINUX));
        let refused = |why| Error::Btf {
            file: path.to_owned(),
            why,
        };
        let data = fs::read(path).map_err(|why| {
            refused(match btf {
                Some(_) => BtfError::Unreadable(why),
                None => BtfError::NotOffered(why),
            })
        })?;
        let parsed = Btf::parse(data).map_err(|why| refused(why.into()))?;
        if btf.is_some() {
            check_of_this_kernel(&parsed).map_err(refused)?;
        }
        Ok(Facts {
            btf: parsed,
            btf_source: path.to_owned(),
            own_btf: Path::new(VMLINUX).exists(),
            proc: ProcView::of_this_process(),
            tracefs: tracefs(),
            symbols: Symbols::default(),
            cgroups: Cgroups::of_this_host(),
        })
    }

    /// Returns true if `sched_process_exit` passes `group_dead` (since 6.18).
    pub fn exit_says_group_dead(&self) -> bool {
        self.btf
            .tracepoint("sched_process_exit")
            .is_some_and(|arguments| arguments.len() >= 2)
    }

    /// Returns true if `sched_switch` passes the state of the previous task (since 5.18).
    pub fn switch_says_state(&self) -> bool {
        self.btf
            .tracepoint("sched_switch")
            .is_some_and(|arguments| arguments.len() >= 4)
    }

    /// Returns true if `mark_victim` passes the task, not only its pid.
    pub fn oom_says_task(&self) -> bool {
        let arguments = self.btf.tracepoint("mark_victim").unwrap_or_default();
        arguments.first() == Some(&Argument::Pointer)
    }

    /// Returns true if programs can get the running task as a BTF pointer (since 5.11).
    pub fn gives_typed_task(&self) -> bool {
        self.btf
            .enumerates("bpf_func_id", "BPF_FUNC_get_current_task_btf")
    }
}

impl HostFeatures for Facts {
    fn own_btf(&self) -> bool {
        self.own_btf
    }

    fn tracepoint(&self, name: &str) -> Option<Vec<Argument>> {
        self.btf.tracepoint(name)
    }

    fn function(&self, name: &str) -> Option<Vec<Argument>> {
        self.btf.function(name)
    }

    fn symbol(&self, name: &str) -> Option<String> {
        self.symbols.find(name)
    }

    fn kprobes(&self) -> bool {
        Path::new("/sys/bus/event_source/devices/kprobe").exists()
    }

    fn tracefs(&self) -> bool {
        self.tracefs
    }

    fn proc(&self) -> ProcView {
        self.proc
    }
}

/// Returns an error if a file's types are not those of the running kernel.
///
/// With wrong types every value that programs read would be wrong, and the file does not
/// say which kernel it is from. So it is compared with the kernel's own types, or with
/// the sizes of some structs.
fn check_of_this_kernel(given: &Btf) -> Result<(), BtfError> {
    if fs::read(VMLINUX).is_ok_and(|own| own != given.bytes()) {
        return Err(BtfError::DiffersFromKernel);
    }
    for (name, cache) in SLABS {
        let size = fs::read_to_string(format!("/sys/kernel/slab/{cache}/object_size"));
        // Only root may read the size, and not every kernel has the file.
        let Some(size) = size.ok().and_then(|size| size.trim().parse::<u32>().ok()) else {
            continue;
        };
        // A cache may be shared with structs of almost the same size.
        let file = given.size_of(name);
        if !file.is_some_and(|file| (file..file + CACHE_LINE).contains(&size)) {
            return Err(BtfError::StructSize {
                name,
                kernel: size,
                file,
            });
        }
    }
    Ok(())
}

/// Returns the lockdown mode in force. None if securityfs is not mounted.
pub fn lockdown() -> Option<String> {
    // The mode is in brackets: `none [integrity] confidentiality`.
    let modes = fs::read_to_string("/sys/kernel/security/lockdown").ok()?;
    modes.split(['[', ']']).nth(1).map(str::to_owned)
}

/// Returns true if tracefs can be read. systemd mounts it at boot; if it is not mounted,
/// tracer mounts it, as perf does.
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
