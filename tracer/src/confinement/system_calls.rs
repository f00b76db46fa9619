//! System calls that a thread may make (seccomp(2)).
//!
//! The list names what the Rust, glibc and musl libraries use for memory, threads, time,
//! files, pipes and terminals. Any other call fails with ENOSYS, as on a kernel without it,
//! so that a library takes its fallback and tracer goes on. What matters is absent:
//! executing programs, creating processes and sockets, tracing, namespaces, mounts, modules,
//! changing users, io_uring, and mapping executable memory.

use std::{collections::BTreeMap, env::consts::ARCH, process};

use libc::c_int;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};

use super::rights::{Rights, Writes};

/// Calls that are harmless with any arguments.
const ALLOWED: &[i64] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads and signal handlers.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_setitimer,
    libc::SYS_sigaltstack,
    // Its child.
    libc::SYS_wait4,
    libc::SYS_waitid,
    // Time.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_times,
    // Open files.
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_copy_file_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_fchown,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_preadv2,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_pwritev2,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendfile,
    libc::SYS_shutdown,
    libc::SYS_splice,
    libc::SYS_write,
    libc::SYS_writev,
    // Waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    // Looking at the file system.
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_umask,
    // The process and the machine.
    libc::SYS_capget,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_getsid,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
];

/// The older calls of x86, which have successors on the list.
#[cfg(target_arch = "x86_64")]
const ALLOWED_OLD: &[i64] = &[
    libc::SYS_access,
    libc::SYS_alarm,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_getdents,
    libc::SYS_getpgrp,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_pause,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_OLD: &[i64] = &[];

/// Calls that create, rename and remove files.
const WRITES: &[i64] = &[
    libc::SYS_linkat,
    libc::SYS_mkdirat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
];
#[cfg(target_arch = "x86_64")]
const WRITES_OLD: &[i64] = &[
    libc::SYS_link,
    libc::SYS_mkdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_rmdir,
    libc::SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
const WRITES_OLD: &[i64] = &[libc::SYS_renameat];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const WRITES_OLD: &[i64] = &[];

/// Commands of bpf(2) for maps and links that exist, and to run the task iterator
/// (`enum bpf_cmd`, include/uapi/linux/bpf.h). Those that load programs are absent.
const BPF_COMMANDS: [u64; 10] = [
    1,  // BPF_MAP_LOOKUP_ELEM
    2,  // BPF_MAP_UPDATE_ELEM
    3,  // BPF_MAP_DELETE_ELEM
    4,  // BPF_MAP_GET_NEXT_KEY
    15, // BPF_OBJ_GET_INFO_BY_FD
    21, // BPF_MAP_LOOKUP_AND_DELETE_ELEM
    24, // BPF_MAP_LOOKUP_BATCH
    28, // BPF_LINK_CREATE
    33, // BPF_ITER_CREATE
    34, // BPF_LINK_DETACH
];

/// Names a memory area (PR_SET_VMA, include/uapi/linux/prctl.h), which glibc does.
const PR_SET_VMA: c_int = 0x5356_4d41;

/// Commands of ioctl(2) that type into a terminal as if its user did.
const TYPES_INTO_TERMINAL: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Limits the calling thread. Returns the limit in force, or why there is none.
pub fn keep(rights: &Rights) -> Result<String, String> {
    let limit = || -> Result<usize, seccompiler::Error> {
        let rules = rules(rights)?;
        let count = rules.len();
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Errno(libc::ENOSYS as u32),
            SeccompAction::Allow,
            ARCH.try_into()?,
        )?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter(&program)?;
        Ok(count)
    };
    match limit() {
        Ok(count) => Ok(format!(
            "{count} allowed, without exec, fork, sockets, ptrace and mount (seccomp)"
        )),
        Err(error) => Err(format!("not limited: seccomp: {error}")),
    }
}

fn rules(rights: &Rights) -> Result<Rules, BackendError> {
    // Calls without rules are allowed with any arguments.
    let any = |calls: &[i64]| {
        calls
            .iter()
            .map(|&call| (call, Vec::new()))
            .collect::<Rules>()
    };
    let mut rules = any(ALLOWED);
    rules.extend(any(ALLOWED_OLD));
    let own = u64::from(process::id());
    let mut signalled = vec![own];
    signalled.extend(rights.signals.map(u64::from));
    rules.extend([
        (libc::SYS_mmap, vec![without(2, libc::PROT_EXEC)?]),
        (libc::SYS_mprotect, vec![without(2, libc::PROT_EXEC)?]),
        // Threads, not processes. The flags of clone3 are out of a filter's sight.
        (libc::SYS_clone, vec![with(0, libc::CLONE_THREAD)?]),
        (libc::SYS_kill, one_of(0, signalled)?),
        (libc::SYS_tgkill, one_of(0, [own])?),
        (libc::SYS_tkill, one_of(0, [own])?),
        (
            libc::SYS_prctl,
            one_of(0, [libc::PR_SET_NAME as u64, PR_SET_VMA as u64])?,
        ),
        // Reads limits and sets none.
        (libc::SYS_prlimit64, vec![null(2)?]),
        // For wake-ups within the process.
        (libc::SYS_socketpair, one_of(0, [libc::AF_UNIX as u64])?),
        (libc::SYS_sendto, vec![null(4)?]),
        (libc::SYS_ioctl, vec![none_of(1, TYPES_INTO_TERMINAL)?]),
    ]);
    if rights.bpf {
        rules.insert(libc::SYS_bpf, one_of(0, BPF_COMMANDS)?);
    }
    let writes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC;
    let open = |flags: u8| match rights.writes {
        Writes::None => Ok(vec![without(flags, writes)?]),
        Writes::Beneath(_) => Ok(Vec::new()),
    };
    rules.insert(libc::SYS_openat, open(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, open(1)?);
    if rights.writes != Writes::None {
        rules.extend(any(WRITES));
        rules.extend(any(WRITES_OLD));
    }
    Ok(rules)
}

/// Allows a call if an argument has none of these bits.
fn without(argument: u8, bits: c_int) -> Result<SeccompRule, BackendError> {
    masked(argument, bits, 0)
}

/// Allows a call if an argument has all of these bits.
fn with(argument: u8, bits: c_int) -> Result<SeccompRule, BackendError> {
    masked(argument, bits, bits)
}

fn masked(argument: u8, mask: c_int, value: c_int) -> Result<SeccompRule, BackendError> {
    let [mask, value] = [mask, value].map(|bits| u64::from(bits.cast_unsigned()));
    let compare = SeccompCmpOp::MaskedEq(mask);
    SeccompRule::new(vec![SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        compare,
        value,
    )?])
}

/// Allows a call if an argument of 32 bits has one of these values.
fn one_of(
    argument: u8,
    values: impl IntoIterator<Item = u64>,
) -> Result<Vec<SeccompRule>, BackendError> {
    let rule = |value| SeccompRule::new(vec![number(argument, SeccompCmpOp::Eq, value)?]);
    values.into_iter().map(rule).collect()
}

/// Allows a call if an argument of 32 bits has none of these values.
fn none_of(argument: u8, values: [u64; 2]) -> Result<SeccompRule, BackendError> {
    let conditions = values.map(|value| number(argument, SeccompCmpOp::Ne, value));
    SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
}

fn number(
    argument: u8,
    compare: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)
}

/// Allows a call if a pointer is null.
fn null(argument: u8) -> Result<SeccompRule, BackendError> {
    let is_null = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    SeccompRule::new(vec![is_null])
}
