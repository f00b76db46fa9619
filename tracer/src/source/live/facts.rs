//! What this host offers. Facts only: what follows from them is the plan's.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use super::{
    btf::Btf,
    cgroups::Cgroups,
    plan::{Argument, Offers},
    procfs::View,
    symbols::Symbols,
};

const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
/// The structs whose size the kernel states beside BTF, to a cache line: the
/// names of their slab caches (kernel/fork.c, `proc_caches_init`).
const SLABS: [(&str, &str); 2] = [
    ("signal_struct", "signal_cache"),
    ("sighand_struct", "sighand_cache"),
];
const CACHE_LINE: u32 = 64;

pub struct Facts {
    pub btf: Btf,
    /// The file that it was read from.
    pub btf_source: String,
    /// The kernel offers its types itself: what it checks by them can be loaded.
    pub own_btf: bool,
    pub proc: View,
    /// tracefs can be read: perf tracepoints have numbers.
    pub tracefs: bool,
    pub symbols: Symbols,
    pub cgroups: Cgroups,
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
                 give its types with --btf FILE (pahole --btf_encode_detached makes it from a vmlinux with debug info)"
            ),
        })?;
        let btf_source = path.display().to_string();
        let parsed = Btf::parse(data).with_context(|| format!("reading {btf_source}"))?;
        if btf.is_some() {
            is_of_this_kernel(&parsed).with_context(|| btf_source.clone())?;
        }
        Ok(Facts {
            btf: parsed,
            btf_source,
            own_btf: Path::new(VMLINUX).exists(),
            proc: View::of_this_process(),
            tracefs: tracefs(),
            symbols: Symbols::default(),
            cgroups: Cgroups::of_this_host(),
        })
    }

    /// `sched_process_exit` passes `group_dead` (since 6.18).
    pub fn exit_says_group_dead(&self) -> bool {
        self.btf
            .tracepoint("sched_process_exit")
            .is_some_and(|arguments| arguments.len() >= 2)
    }

    /// `sched_switch` passes the state of the task that leaves (since 5.18).
    pub fn switch_says_state(&self) -> bool {
        self.btf
            .tracepoint("sched_switch")
            .is_some_and(|arguments| arguments.len() >= 4)
    }

    /// `mark_victim` passes the task, not only its pid.
    pub fn oom_says_task(&self) -> bool {
        let arguments = self.btf.tracepoint("mark_victim").unwrap_or_default();
        arguments.first() == Some(&Argument::Pointer)
    }

    /// Programs can ask for the running task by its type (since 5.11).
    pub fn gives_typed_task(&self) -> bool {
        self.btf
            .enumerates("bpf_func_id", "BPF_FUNC_get_current_task_btf")
    }
}

impl Offers for Facts {
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

    fn proc(&self) -> View {
        self.proc
    }
}

/// Types of another kernel would make nonsense of everything that is read, and
/// nothing in the file says whose they are. So it is held against what the
/// kernel says itself: its own types, or the sizes of some structs.
fn is_of_this_kernel(given: &Btf) -> Result<()> {
    if let Ok(own) = fs::read(VMLINUX) {
        ensure!(
            own == given.bytes(),
            "these are not the types of the running kernel, which offers its own: leave --btf out"
        );
    }
    for (name, cache) in SLABS {
        let size = fs::read_to_string(format!("/sys/kernel/slab/{cache}/object_size"));
        // Only root may read it, and not every kernel has it.
        let Some(size) = size.ok().and_then(|size| size.trim().parse::<u32>().ok()) else {
            continue;
        };
        // A cache may be shared with structs of nearly that size.
        let told = given.size_of(name);
        ensure!(
            told.is_some_and(|told| (told..told + CACHE_LINE).contains(&size)),
            "these are not the types of the running kernel: its struct {name} has some {size} bytes, there it has {}",
            told.map_or("no size".to_owned(), |told| told.to_string())
        );
    }
    Ok(())
}

/// The lockdown mode in force; unknown where securityfs is not mounted.
pub fn lockdown() -> Option<String> {
    // `none [integrity] confidentiality`: it stands in brackets.
    let modes = fs::read_to_string("/sys/kernel/security/lockdown").ok()?;
    modes.split(['[', ']']).nth(1).map(str::to_owned)
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
