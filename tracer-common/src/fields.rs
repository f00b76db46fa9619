//! The table of kernel fields that the programs read.
//!
//! Objects built by Rust carry no CO-RE relocations. Instead each field is a `u64`
//! in the object's `.rodata`, which the loader sets from the running kernel's BTF
//! before the program is verified. The verifier treats it as a constant and prunes
//! code that depends on an absent field.

/// Calls `$each!` with one row per field:
/// `GLOBAL: "struct", "member", "member on older kernels", …;`
///
/// The member `sizeof` stands for the size of the type.
#[macro_export]
macro_rules! kernel_fields {
    ($each:ident) => {
        $each! {
            TASK_PID: "task_struct", "pid";
            TASK_TGID: "task_struct", "tgid";
            TASK_FLAGS: "task_struct", "flags";
            // Named `state` until 5.14, which renamed it to catch direct accesses
            // (commit 2f064a59a11f).
            TASK_STATE: "task_struct", "__state", "state";
            TASK_ON_CPU: "task_struct", "on_cpu";
            TASK_EXIT_STATE: "task_struct", "exit_state";
            TASK_EXIT_CODE: "task_struct", "exit_code";
            TASK_EXIT_SIGNAL: "task_struct", "exit_signal";
            TASK_START: "task_struct", "start_boottime";
            TASK_COMM: "task_struct", "comm";
            TASK_REAL_PARENT: "task_struct", "real_parent";
            TASK_PARENT: "task_struct", "parent";
            TASK_PTRACE: "task_struct", "ptrace";
            TASK_GROUP_LEADER: "task_struct", "group_leader";
            TASK_CHILDREN: "task_struct", "children";
            TASK_THREAD_PID: "task_struct", "thread_pid";
            TASK_SIGNAL: "task_struct", "signal";
            TASK_SIGHAND: "task_struct", "sighand";
            TASK_MM: "task_struct", "mm";
            TASK_UTIME: "task_struct", "utime";
            TASK_STIME: "task_struct", "stime";
            TASK_RUNTIME: "task_struct", "se.sum_exec_runtime";
            TASK_NVCSW: "task_struct", "nvcsw";
            TASK_NIVCSW: "task_struct", "nivcsw";
            TASK_MIN_FLT: "task_struct", "min_flt";
            TASK_MAJ_FLT: "task_struct", "maj_flt";
            TASK_IN_EXECVE: "task_struct", "in_execve";
            TASK_BLOCKED: "task_struct", "blocked";
            TASK_REAL_BLOCKED: "task_struct", "real_blocked";
            SIGNAL_LIVE: "signal_struct", "live";
            SIGNAL_FLAGS: "signal_struct", "flags";
            SIGNAL_GROUP_EXIT_CODE: "signal_struct", "group_exit_code";
            SIGNAL_IS_SUBREAPER: "signal_struct", "is_child_subreaper";
            SIGNAL_HAS_SUBREAPER: "signal_struct", "has_child_subreaper";
            SIGNAL_UTIME: "signal_struct", "utime";
            SIGNAL_STIME: "signal_struct", "stime";
            SIGNAL_RUNTIME: "signal_struct", "sum_sched_runtime";
            SIGNAL_NVCSW: "signal_struct", "nvcsw";
            SIGNAL_NIVCSW: "signal_struct", "nivcsw";
            SIGNAL_MIN_FLT: "signal_struct", "min_flt";
            SIGNAL_MAJ_FLT: "signal_struct", "maj_flt";
            SIGNAL_MAXRSS: "signal_struct", "maxrss";
            SIGNAL_CUTIME: "signal_struct", "cutime";
            SIGNAL_CSTIME: "signal_struct", "cstime";
            SIGNAL_CNVCSW: "signal_struct", "cnvcsw";
            SIGNAL_CNIVCSW: "signal_struct", "cnivcsw";
            SIGNAL_CMIN_FLT: "signal_struct", "cmin_flt";
            SIGNAL_CMAJ_FLT: "signal_struct", "cmaj_flt";
            SIGNAL_CMAXRSS: "signal_struct", "cmaxrss";
            SIGNAL_PIDS: "signal_struct", "pids";
            SIGNAL_RLIM: "signal_struct", "rlim";
            TASK_REAL_CRED: "task_struct", "real_cred";
            TASK_CGROUPS: "task_struct", "cgroups";
            CRED_UCOUNTS: "cred", "ucounts";
            CRED_USER: "cred", "user";
            CRED_UID: "cred", "uid";
            CRED_EUID: "cred", "euid";
            // Since 5.14 tasks are counted per user and namespace (commit
            // 21d1c5e386bc), since 5.19 in a separate array.
            UCOUNTS_RLIMIT: "ucounts", "rlimit";
            USER_PROCESSES: "user_struct", "processes";
            CSSET_DFL: "css_set", "dfl_cgrp";
            CSSET_SUBSYS: "css_set", "subsys";
            CSS_CGROUP: "cgroup_subsys_state", "cgroup";
            CSS_PARENT: "cgroup_subsys_state", "parent";
            PIDS_COUNTER: "pids_cgroup", "counter";
            PIDS_LIMIT: "pids_cgroup", "limit";
            CGROUP_KN: "cgroup", "kn";
            CGROUP_ROOT: "cgroup", "root";
            ROOT_HIERARCHY: "cgroup_root", "hierarchy_id";
            KN_ID: "kernfs_node", "id";
            SIGHAND_ACTION: "sighand_struct", "action";
            SIGACTION_HANDLER: "sigaction", "sa_handler";
            SIGACTION_FLAGS: "sigaction", "sa_flags";
            K_SIGACTION_SIZE: "k_sigaction", "sizeof";
            SIGINFO_CODE: "kernel_siginfo", "si_code";
            SIGINFO_FIELDS: "kernel_siginfo", "_sifields";
            PID_LEVEL: "pid", "level";
            PID_NUMBERS: "pid", "numbers";
            UPID_SIZE: "upid", "sizeof";
            UPID_NS: "upid", "ns";
            PIDNS_CHILD_REAPER: "pid_namespace", "child_reaper";
            MM_ARG_START: "mm_struct", "arg_start";
            MM_ARG_END: "mm_struct", "arg_end";
            MM_START_BRK: "mm_struct", "start_brk";
            MM_BRK: "mm_struct", "brk";
            MM_START_STACK: "mm_struct", "start_stack";
            MM_PGTABLES_BYTES: "mm_struct", "pgtables_bytes";
            MM_RSS_STAT: "mm_struct", "rss_stat";
            // `rss_stat` was a `mm_rss_stat` until 6.2, which made it an array of
            // `percpu_counter` (commit f1a7941243c1).
            RSS_STAT_SIZE: "mm_rss_stat", "sizeof";
            RSS_COUNTER_SIZE: "percpu_counter", "sizeof";
            RSS_COUNTER_COUNT: "percpu_counter", "count";
            VMA_START: "vm_area_struct", "vm_start";
            VMA_END: "vm_area_struct", "vm_end";
            VMA_MM: "vm_area_struct", "vm_mm";
            VMA_FLAGS: "vm_area_struct", "vm_flags", "flags";
            VMA_OPS: "vm_area_struct", "vm_ops";
            FAULT_VMA: "vm_fault", "vma";
            FAULT_FLAGS: "vm_fault", "flags";
            FAULT_ADDRESS: "vm_fault", "address";
            FAULT_PTE: "vm_fault", "pte";
            FAULT_ORIG_PTE: "vm_fault", "orig_pte";
            FAULT_PAGE: "vm_fault", "page";
            PAGE_MAPPING: "page", "mapping";
            REGS_SP: "pt_regs", "sp";
            REGS_ORIG_AX: "pt_regs", "orig_ax";
            BPRM_FILENAME: "linux_binprm", "filename";
        }
    };
}

/// Value of a field that the running kernel does not have.
pub const ABSENT: u64 = u64::MAX;

/// Packs a field into one number: its byte offset and, for a bit field, the mask
/// within that byte.
pub const fn pack(offset: u32, mask: u8) -> u64 {
    offset as u64 | (mask as u64) << 32
}

/// Returns the byte offset of a packed field.
#[inline(always)]
pub const fn offset(field: u64) -> usize {
    field as u32 as usize
}

/// Returns the mask of a packed bit field.
#[inline(always)]
pub const fn mask(field: u64) -> u8 {
    (field >> 32) as u8
}
