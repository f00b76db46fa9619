//! The table of attacks by load.

use std::path::PathBuf;

/// Programs of an attack.
pub struct Attacked {
    pub tracer: PathBuf,
    pub workload: PathBuf,
}

/// An attack by load.
pub struct Attack {
    pub name: &'static str,
    /// What it does, for the table.
    pub about: &'static str,
    /// Scenarios of the workload that run at the same time, each of them endlessly, as an
    /// unprivileged user.
    pub loads: &'static [Load],
}

/// A scenario of the workload, and its N: the number of repetitions, or of processes.
pub type Load = (&'static str, u64);

/// Number of repetitions of a scenario that runs until it is killed.
pub const ENDLESS: u64 = 1_000_000_000_000;

/// Scenario that needs a cgroup in which the user may create others.
pub const CGROUPS: &str = "cgroups";

/// Name of the attack that runs all others at once.
pub const TOGETHER: &str = "together";

#[rustfmt::skip]
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "renames", about: "two processes change their names, a third one forks",
        loads: &[("renames", ENDLESS), ("renames", ENDLESS), ("storm", ENDLESS)],
    },
    Attack {
        name: "signals", about: "a process takes blocked signals by sigwait",
        loads: &[("blocked_signals", ENDLESS)],
    },
    Attack {
        name: "failed forks", about: "clone with flags that the kernel refuses",
        loads: &[("refused_forks", ENDLESS), ("storm", ENDLESS)],
    },
    Attack {
        name: "exec loop", about: "a process executes itself with 4,000 random bytes",
        loads: &[("exec_loop", ENDLESS)],
    },
    Attack {
        name: "fork relay", about: "a process at a time forks the next one and exits",
        loads: &[("relay", ENDLESS)],
    },
    Attack {
        name: "chains", about: "20 generations, the last one killed, the others exit after it",
        loads: &[("chains", ENDLESS)],
    },
    Attack {
        name: "kinds", about: "processes of 10,000 names with every exit code",
        loads: &[("kinds", ENDLESS)],
    },
    Attack {
        name: "storm", about: "two processes that vfork",
        loads: &[("storm", ENDLESS), ("storm", ENDLESS)],
    },
    Attack {
        name: "crowd", about: "3,000 processes with 4,000 random bytes each, and a storm",
        loads: &[("crowd", 3000), ("storm", ENDLESS)],
    },
    Attack {
        name: "threads", about: "10,000 idle threads in a process, and others that come and go",
        loads: &[("crew", ENDLESS)],
    },
    Attack {
        name: "cgroups", about: "1,000 cgroups with long paths come and go",
        loads: &[(CGROUPS, ENDLESS)],
    },
];
