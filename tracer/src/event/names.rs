//! Names of signals, errors and clone flags on x86_64. A number without a name is
//! shown as a number, never omitted.

use std::borrow::Cow;

/// signal(7) for x86_64; the index is the number minus one.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// First real-time signal that libc hands out: it reserves 32 and 33 (nptl(7)).
const SIGRTMIN: i32 = 34;
/// Last real-time signal.
const SIGRTMAX: i32 = 64;

/// Returns the name of a signal, or none if the kernel has no such signal.
pub fn signal_name(sig: i32) -> Option<Cow<'static, str>> {
    Some(match sig {
        1..=31 => Cow::Borrowed(SIGNALS[sig as usize - 1]),
        32 | 33 => Cow::Owned(format!("SIG{sig}")),
        SIGRTMIN => Cow::Borrowed("SIGRTMIN"),
        SIGRTMAX => Cow::Borrowed("SIGRTMAX"),
        35..=63 => Cow::Owned(format!("SIGRTMIN+{}", sig - SIGRTMIN)),
        _ => return None,
    })
}

/// Returns the name of an error that fork or clone returns (clone(2)).
pub fn errno_name(errno: i32) -> Option<&'static str> {
    Some(match errno {
        1 => "EPERM",
        4 => "EINTR",
        11 => "EAGAIN",
        12 => "ENOMEM",
        13 => "EACCES",
        16 => "EBUSY",
        17 => "EEXIST",
        22 => "EINVAL",
        28 => "ENOSPC",
        87 => "EUSERS",
        95 => "EOPNOTSUPP",
        // Internal to the kernel: the call is restarted.
        513 => "ERESTARTNOINTR",
        _ => return None,
    })
}

/// include/uapi/linux/sched.h.
const CLONE_FLAGS: [(u64, &str); 27] = [
    (0x0000_0080, "CLONE_NEWTIME"),
    (0x0000_0100, "CLONE_VM"),
    (0x0000_0200, "CLONE_FS"),
    (0x0000_0400, "CLONE_FILES"),
    (0x0000_0800, "CLONE_SIGHAND"),
    (0x0000_1000, "CLONE_PIDFD"),
    (0x0000_2000, "CLONE_PTRACE"),
    (0x0000_4000, "CLONE_VFORK"),
    (0x0000_8000, "CLONE_PARENT"),
    (0x0001_0000, "CLONE_THREAD"),
    (0x0002_0000, "CLONE_NEWNS"),
    (0x0004_0000, "CLONE_SYSVSEM"),
    (0x0008_0000, "CLONE_SETTLS"),
    (0x0010_0000, "CLONE_PARENT_SETTID"),
    (0x0020_0000, "CLONE_CHILD_CLEARTID"),
    (0x0040_0000, "CLONE_DETACHED"),
    (0x0080_0000, "CLONE_UNTRACED"),
    (0x0100_0000, "CLONE_CHILD_SETTID"),
    (0x0200_0000, "CLONE_NEWCGROUP"),
    (0x0400_0000, "CLONE_NEWUTS"),
    (0x0800_0000, "CLONE_NEWIPC"),
    (0x1000_0000, "CLONE_NEWUSER"),
    (0x2000_0000, "CLONE_NEWPID"),
    (0x4000_0000, "CLONE_NEWNET"),
    (0x8000_0000, "CLONE_IO"),
    (0x1_0000_0000, "CLONE_CLEAR_SIGHAND"),
    (0x2_0000_0000, "CLONE_INTO_CGROUP"),
];

/// Returns the names of the clone flags set, in bit order. Bits without a name come
/// last, combined into one number.
pub fn clone_flag_names(flags: u64) -> Vec<Cow<'static, str>> {
    let named = CLONE_FLAGS.iter().filter(|(bit, _)| flags & bit != 0);
    let rest = named.clone().fold(flags, |rest, (bit, _)| rest & !bit);
    named
        .map(|&(_, name)| Cow::Borrowed(name))
        .chain((rest != 0).then(|| Cow::Owned(format!("{rest:#x}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_names_match_kill_l() {
        let names = [1, 9, 17, 31, 34, 36, 64].map(|sig| signal_name(sig).unwrap());
        let expected = [
            "SIGHUP",
            "SIGKILL",
            "SIGCHLD",
            "SIGSYS",
            "SIGRTMIN",
            "SIGRTMIN+2",
            "SIGRTMAX",
        ];
        assert_eq!(names, expected);
        assert_eq!(signal_name(33).unwrap(), "SIG33");
        assert_eq!([0, 65, -1].map(signal_name), [None, None, None]);
    }

    #[test]
    fn every_clone_flag_is_named() {
        assert_eq!(clone_flag_names(0), [""; 0]);
        assert_eq!(clone_flag_names(0x4100), ["CLONE_VM", "CLONE_VFORK"]);
        assert_eq!(
            clone_flag_names(1 << 40 | 0x8000_0000 | 2),
            ["CLONE_IO", "0x10000000002"]
        );
    }
}
