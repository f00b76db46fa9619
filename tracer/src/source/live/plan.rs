//! Plans which hook serves which purpose: a table of rungs ([`LADDER`]), best first, and
//! a pure choice by what the host offers and the user denies.
//!
//! It must not know the kernel's version, and it does not touch the kernel.

use std::{fmt, str::FromStr};

use super::procfs::ProcView;
use crate::event::Purpose;

/// One way to serve a purpose.
#[derive(Debug)]
pub struct Rung {
    /// Purpose that it serves.
    pub purpose: Purpose,
    /// Kind of hook.
    pub method: Method,
    /// Programs of the eBPF object. Empty if another purpose's hook does the work.
    pub programs: &'static [Program],
    /// Arguments that the kernel must pass, at least.
    pub arguments: &'static [Argument],
    /// Information that a better rung would give; empty for none.
    pub loses: &'static str,
}

/// A program of the eBPF object and where it attaches.
#[derive(Debug)]
pub struct Program {
    /// Name of the program.
    pub name: &'static str,
    /// Function or tracepoint that it attaches to.
    pub at: &'static str,
}

/// Type of an argument, as far as programs depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    Pointer,
    Value,
}

/// Kind of hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Entry or return of a kernel function, by a BTF trampoline (fentry, fexit).
    Fentry,
    /// Entry or return of a kernel function, by a breakpoint or ftrace.
    Kprobe,
    /// A BTF tracepoint.
    TpBtf,
    /// A raw tracepoint: the same moment, but memory is read by a helper.
    RawTp,
    /// Perf tracepoints of system calls.
    Syscall,
    /// The task iterator.
    Iterator,
    /// `/proc`, which is read instead of a hook.
    Proc,
}

impl Method {
    /// All kinds.
    pub const ALL: [Method; 7] = [
        Method::Fentry,
        Method::Kprobe,
        Method::TpBtf,
        Method::RawTp,
        Method::Syscall,
        Method::Iterator,
        Method::Proc,
    ];

    /// Returns its name in `--without`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Fentry => "fentry",
            Method::Kprobe => "kprobe",
            Method::TpBtf => "tp_btf",
            Method::RawTp => "raw_tp",
            Method::Syscall => "syscalls",
            Method::Iterator => "iter",
            Method::Proc => "proc",
        }
    }
}

impl Method {
    /// Returns true if the kernel checks the program's arguments against its own types.
    fn needs_own_btf(self) -> bool {
        match self {
            Method::Fentry | Method::TpBtf | Method::Iterator => true,
            Method::Kprobe | Method::RawTp | Method::Syscall | Method::Proc => false,
        }
    }
}

use Argument::{Pointer, Value};

const NONE: &str = "";
const GUESSED_DEAD: &str = "which thread was the last of its process: it is inferred from the \
                            exits of the others";
const LATE_EXIT: &str = "the start of do_exit: the exit's own hook dates it, up to 6.12 \
                         after the memory was torn down";
const NO_CHILD_SIGNAL: &str =
    "a child without an exit signal: its zombie is dated by its last switch";
const NO_SIGINFO: &str = "a reap by waitid without siginfo: only its free is seen";
const OLD_FORK: &str = "clone flags, and io_uring workers";
const SWAP_CACHE: &str = "pages from the swap cache: they count as zero fills";
const NO_MAPPING: &str = "the mapping: file and zero page are not distinguished, nor are regions \
                          other than heap and stack; faults by get_user_pages";
const NO_PAGE: &str = "the outcome of a fault that slept half way; copies of huge pages; writes \
                       to shared mappings that only notify count as reuse, private copies of file \
                       pages that were read before count as COW copies";
const CALL_TIME: &str = "the time of copy_process alone: the rest of the system call is included";
const NO_EARLY: &str = "calls refused before copy_process: invalid arguments of clone3";
const COARSE: &str = "exact starts of tasks that already ran (10 ms instead); their SA_NOCLDWAIT; without CAP_SYS_PTRACE, zombies of other users";

/// Builds the ladder from rows `method purpose [program at place] (arguments), loss;`.
macro_rules! ladder {
    ($($method:ident $purpose:ident [$($program:literal at $at:literal),*] $(($($argument:ident),*))?, $loses:expr;)*) => {
        &[$(Rung {
            purpose: Purpose::$purpose,
            method: Method::$method,
            programs: &[$(Program { name: $program, at: $at }),*],
            arguments: &[$($($argument),*)?],
            loses: $loses,
        }),*]
    };
}

/// All rungs. Those of one purpose are adjacent, best first.
#[rustfmt::skip]
pub const LADDER: &[Rung] = ladder! {
    Fentry   ForkStart ["fentry_copy_process" at "copy_process"] (Pointer, Value, Value, Pointer), NONE;
    Kprobe   ForkStart ["kprobe_copy_process" at "copy_process"], NONE;
    Syscall  ForkStart [
        "sys_enter_clone" at "sys_enter_clone", "sys_enter_clone3" at "sys_enter_clone3",
        "sys_enter_fork" at "sys_enter_fork", "sys_enter_vfork" at "sys_enter_vfork"
    ], CALL_TIME;

    TpBtf    Fork ["task_newtask" at "task_newtask"] (Pointer, Value), NONE;
    RawTp    Fork ["raw_task_newtask" at "task_newtask"] (Pointer, Value), NONE;
    TpBtf    Fork ["sched_process_fork" at "sched_process_fork"] (Pointer, Pointer), OLD_FORK;
    RawTp    Fork ["raw_sched_process_fork" at "sched_process_fork"] (Pointer, Pointer), OLD_FORK;

    TpBtf    WakeupNew ["sched_wakeup_new" at "sched_wakeup_new"] (Pointer), NONE;
    RawTp    WakeupNew ["raw_sched_wakeup_new" at "sched_wakeup_new"] (Pointer), NONE;

    TpBtf    Switch ["sched_switch" at "sched_switch"] (Value, Pointer, Pointer), NONE;
    RawTp    Switch ["raw_sched_switch" at "sched_switch"] (Value, Pointer, Pointer), NONE;
    Kprobe   Switch ["finish_task_switch" at "finish_task_switch"], NONE;

    TpBtf    Exec ["sched_process_exec" at "sched_process_exec"] (Pointer, Value, Pointer), NONE;
    RawTp    Exec ["raw_sched_process_exec" at "sched_process_exec"] (Pointer, Value, Pointer), NONE;

    TpBtf    Comm ["task_rename" at "task_rename"] (Pointer, Pointer), NONE;
    RawTp    Comm ["raw_task_rename" at "task_rename"] (Pointer, Pointer), NONE;

    Fentry   ExitStart ["fentry_do_exit" at "do_exit"] (Value), NONE;
    Kprobe   ExitStart ["kprobe_do_exit" at "do_exit"], NONE;
    TpBtf    ExitStart [], LATE_EXIT;
    RawTp    ExitStart [], LATE_EXIT;

    TpBtf    Exit ["sched_process_exit" at "sched_process_exit"] (Pointer, Value), NONE;
    RawTp    Exit ["raw_sched_process_exit" at "sched_process_exit"] (Pointer, Value), NONE;
    Fentry   Exit ["fentry_taskstats_exit" at "taskstats_exit"] (Pointer, Value), NONE;
    Kprobe   Exit ["kprobe_taskstats_exit" at "taskstats_exit"], NONE;
    TpBtf    Exit ["sched_process_exit" at "sched_process_exit"] (Pointer), GUESSED_DEAD;
    RawTp    Exit ["raw_sched_process_exit" at "sched_process_exit"] (Pointer), GUESSED_DEAD;

    Fentry   Zombie ["fentry_do_notify_parent" at "do_notify_parent"] (Pointer, Value), NONE;
    Kprobe   Zombie ["kprobe_do_notify_parent" at "do_notify_parent"], NONE;
    TpBtf    Zombie ["notify_parent" at "signal_generate"] (Value, Pointer, Pointer), NO_CHILD_SIGNAL;
    RawTp    Zombie ["raw_notify_parent" at "signal_generate"] (Value, Pointer, Pointer), NO_CHILD_SIGNAL;

    Fentry   Reap ["fentry_release_task" at "release_task"] (Pointer), NONE;
    Kprobe   Reap ["kprobe_release_task" at "release_task"], NONE;
    Syscall  Reap [
        "sys_exit_wait4" at "sys_exit_wait4", "sys_enter_waitid" at "sys_enter_waitid",
        "sys_exit_waitid" at "sys_exit_waitid"
    ], NO_SIGINFO;

    Fentry   ForkFailed ["fexit_copy_process" at "copy_process"] (Pointer, Value, Value, Pointer), NO_EARLY;
    Kprobe   ForkFailed ["kretprobe_copy_process" at "copy_process"], NO_EARLY;
    Syscall  ForkFailed [
        "sys_exit_clone" at "sys_exit_clone", "sys_exit_clone3" at "sys_exit_clone3",
        "sys_exit_fork" at "sys_exit_fork", "sys_exit_vfork" at "sys_exit_vfork"
    ], NONE;

    TpBtf    Cgroup ["cgroup_mkdir" at "cgroup_mkdir", "cgroup_attach_task" at "cgroup_attach_task"] (Pointer, Pointer), NONE;
    RawTp    Cgroup ["raw_cgroup_mkdir" at "cgroup_mkdir", "raw_cgroup_attach_task" at "cgroup_attach_task"] (Pointer, Pointer), NONE;

    TpBtf    Waits ["sched_process_wait" at "sched_process_wait"] (Pointer), NONE;
    RawTp    Waits ["raw_sched_process_wait" at "sched_process_wait"] (Pointer), NONE;

    TpBtf    Free ["sched_process_free" at "sched_process_free"] (Pointer), NONE;
    RawTp    Free ["raw_sched_process_free" at "sched_process_free"] (Pointer), NONE;

    TpBtf    Signal ["signal_generate" at "signal_generate"] (Value, Pointer, Pointer, Value, Value), NONE;
    RawTp    Signal ["raw_signal_generate" at "signal_generate"] (Value, Pointer, Pointer, Value, Value), NONE;

    TpBtf    Oom ["mark_victim" at "mark_victim"] (Pointer), NONE;
    RawTp    Oom ["raw_mark_victim" at "mark_victim"] (Pointer), NONE;

    Fentry   Faults ["fexit_handle_mm_fault" at "handle_mm_fault"] (Pointer, Value, Value, Pointer), SWAP_CACHE;
    TpBtf    Faults [
        "page_fault_user" at "page_fault_user", "page_fault_kernel" at "page_fault_kernel"
    ] (Value, Pointer, Value), NO_MAPPING;
    RawTp    Faults [
        "raw_page_fault_user" at "page_fault_user", "raw_page_fault_kernel" at "page_fault_kernel"
    ] (Value, Pointer, Value), NO_MAPPING;

    Fentry   Cow ["fexit_do_wp_page" at "do_wp_page"] (Pointer), NONE;
    Kprobe   Cow ["kprobe_do_wp_page" at "do_wp_page", "kretprobe_do_wp_page" at "do_wp_page"], NONE;
    TpBtf    Cow ["mm_page_alloc" at "mm_page_alloc"] (Pointer, Value, Value), NO_PAGE;
    RawTp    Cow ["raw_mm_page_alloc" at "mm_page_alloc"] (Pointer, Value, Value), NO_PAGE;

    TpBtf    Wakeup ["states_wakeup" at "sched_wakeup", "states_wakeup_new" at "sched_wakeup_new"] (Pointer), NONE;
    RawTp    Wakeup ["raw_states_wakeup" at "sched_wakeup", "raw_states_wakeup_new" at "sched_wakeup_new"] (Pointer), NONE;

    TpBtf    States ["states_switch" at "sched_switch"] (Value, Pointer, Pointer), NONE;
    RawTp    States ["raw_states_switch" at "sched_switch"] (Value, Pointer, Pointer), NONE;

    Iterator Snapshot ["task_iterator" at "task"], NONE;
    Proc     Snapshot [], COARSE;
};

impl Rung {
    /// Returns the hook's name in recordings and reports, such as `tp_btf:task_newtask`.
    pub fn hook(&self) -> String {
        let mut places: Vec<_> = self.programs.iter().map(|program| program.at).collect();
        places.dedup();
        match places.is_empty() {
            true if self.method == Method::Proc => "proc:PID/stat".to_owned(),
            true => format!("{}:sched_process_exit", self.method.name()),
            false => format!("{}:{}", self.attachment(), places.join(",")),
        }
    }

    /// Returns `fexit` for trampolines at the return of a function, otherwise the
    /// method's name.
    fn attachment(&self) -> &'static str {
        let at_return = |program: &Program| program.name.starts_with("fexit_");
        match self.method {
            Method::Fentry if self.programs.iter().all(at_return) => "fexit",
            method => method.name(),
        }
    }
}

/// Mode of tracing page faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultMode {
    /// No hook is attached.
    Off,
    /// Counted in the kernel.
    #[default]
    Count,
    /// Counted, and a sample sent one by one.
    Stream {
        /// One of this many faults is sent.
        one_in: u64,
    },
}

impl FaultMode {
    /// Returns the sampling rate: one of this many faults is sent; 0 for none.
    pub(super) fn one_in(self) -> u64 {
        match self {
            FaultMode::Off | FaultMode::Count => 0,
            FaultMode::Stream { one_in } => one_in.max(1),
        }
    }

    /// Returns why a purpose is not wanted, if it is not.
    pub(super) fn excludes(self, purpose: Purpose) -> Option<&'static str> {
        let about_faults = matches!(purpose, Purpose::Faults | Purpose::Cow);
        (self == FaultMode::Off && about_faults).then_some("turned off by --faults=off")
    }
}

/// Mode of tracing task states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StateMode {
    /// No hook is attached.
    #[default]
    Off,
    /// Counted in the kernel, by task.
    Count,
    /// Counted, and the transitions of some process trees sent one by one. Processes
    /// that tracer starts are always included.
    Stream {
        /// PIDs of the roots of the other trees.
        of: Vec<u32>,
    },
}

impl StateMode {
    /// Returns true if a purpose is wanted.
    pub(super) fn asks_for(&self, purpose: Purpose) -> bool {
        *self != StateMode::Off || !purpose.is_extra()
    }
}

/// Facts about a host that the ladder depends on.
pub trait HostFeatures {
    /// Returns true if the kernel has types (BTF) of its own, by which it checks programs.
    fn own_btf(&self) -> bool;
    /// Returns the arguments that a tracepoint passes, if the kernel has it.
    fn tracepoint(&self, name: &str) -> Option<Vec<Argument>>;
    /// Returns the arguments of a function, if BTF has exactly one of that name.
    fn function(&self, name: &str) -> Option<Vec<Argument>>;
    /// Returns the symbol of a function in the kernel's table, suffix included.
    fn symbol(&self, name: &str) -> Option<String>;
    /// Returns true if the kernel has kprobes.
    fn kprobes(&self) -> bool;
    /// Returns true if tracefs can be read.
    fn tracefs(&self) -> bool;
    /// Returns the relation of `/proc` to the pid namespaces.
    fn proc(&self) -> ProcView;
}

/// Returns why a rung cannot be used, if that is known without trying.
pub fn obstacle(rung: &Rung, host: &impl HostFeatures, without: &DeniedHooks) -> Option<String> {
    if without.0.contains(&rung.method) {
        return Some(format!("denied by --without {}", rung.method.name()));
    }
    if rung.method.needs_own_btf() && !host.own_btf() {
        return Some("this kernel has no BTF of its own".to_owned());
    }
    match rung.method {
        Method::TpBtf | Method::RawTp => rung.programs.iter().find_map(|program| {
            let Some(passed) = host.tracepoint(program.at) else {
                return Some(format!("this kernel has no tracepoint {}", program.at));
            };
            (!passed.starts_with(rung.arguments)).then(|| {
                format!(
                    "tracepoint {} does not pass enough on this kernel",
                    program.at
                )
            })
        }),
        Method::Fentry => rung.programs.iter().find_map(|program| {
            let takes = host.function(program.at);
            (takes.as_deref() != Some(rung.arguments)).then(|| match takes {
                None => format!("BTF does not name the function {} (once)", program.at),
                Some(_) => format!("{} takes other arguments on this kernel", program.at),
            })
        }),
        Method::Kprobe => {
            if !host.kprobes() {
                return Some("this kernel has no kprobes".to_owned());
            }
            let absent = rung
                .programs
                .iter()
                .find(|program| host.symbol(program.at).is_none())?;
            Some(format!("this kernel has no function {}", absent.at))
        }
        Method::Syscall => (!host.tracefs()).then(|| {
            "tracefs cannot be read: it is not mounted, or only root may read it (or \
                 CAP_DAC_READ_SEARCH)"
                .to_owned()
        }),
        // The iterator shows only the reader's own pid namespace.
        Method::Iterator => (host.proc().nested && host.proc().initial)
            .then(|| "tracer runs in a pid namespace of its own".to_owned()),
        Method::Proc => (!host.proc().initial)
            .then(|| "/proc shows another pid namespace than the initial one".to_owned()),
    }
}

/// Kinds of hooks that the user denies. Parses from `fentry,kprobe`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeniedHooks(Vec<Method>);

impl FromStr for DeniedHooks {
    type Err = UnknownHook;

    fn from_str(list: &str) -> Result<Self, UnknownHook> {
        let names = list.split(',').filter(|name| !name.is_empty());
        let method = |name: &str| {
            let method = Method::ALL.into_iter().find(|method| method.name() == name);
            method.ok_or_else(|| UnknownHook(name.to_owned()))
        };
        Ok(DeniedHooks(names.map(method).collect::<Result<_, _>>()?))
    }
}

/// Error returned for a kind of hook that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownHook(
    /// The name that was given.
    pub String,
);

impl fmt::Display for UnknownHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Method::ALL.map(Method::name).join(", ");
        write!(f, "no such kind of hook: {:?} (known: {known})", self.0)
    }
}

impl std::error::Error for UnknownHook {}

impl fmt::Display for DeniedHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|method| method.name()).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests;
