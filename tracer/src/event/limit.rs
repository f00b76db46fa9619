//! UnknownReason a fork failed: which limit was in its way, as far as the figures of that
//! moment tell.

use std::fmt;

use super::{ForkFailed, errno_name};

const EAGAIN: i32 = 11;
const ENOMEM: i32 = 12;

/// What keeps a process from forking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// RLIMIT_NPROC: its user has too many tasks (setrlimit(2)).
    Nproc,
    /// pids.max of a cgroup above it.
    CgroupPids,
    /// Of numbers or of tasks in all: kernel.pid_max, kernel.threads-max.
    System,
    /// Memory, or a pid namespace whose init has died (pid_namespaces(7)).
    Memory,
}

impl Limit {
    pub fn name(self) -> &'static str {
        match self {
            Limit::Nproc => "nproc",
            Limit::CgroupPids => "cgroup_pids",
            Limit::System => "system",
            Limit::Memory => "memory",
        }
    }
}

impl ForkFailed {
    /// What most likely failed it; none for an errno that is no limit's.
    pub fn likely_limit(&self) -> Option<Limit> {
        let reached = |count: Option<u64>, max: Option<u64>| match (count, max) {
            (Some(count), Some(max)) => count >= max,
            _ => false,
        };
        match self.errno {
            EAGAIN if reached(self.pids, self.max_pids) => Some(Limit::CgroupPids),
            EAGAIN if reached(self.processes, self.max_processes) => Some(Limit::Nproc),
            EAGAIN => Some(Limit::System),
            ENOMEM => Some(Limit::Memory),
            _ => None,
        }
    }
}

impl fmt::Display for ForkFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match errno_name(self.errno) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "errno {}", self.errno)?,
        }
        let of = |max: Option<u64>| max.map_or(String::new(), |max| format!(" {max}"));
        match self.likely_limit() {
            Some(Limit::Nproc) => {
                write!(
                    f,
                    ": its user has reached RLIMIT_NPROC{}",
                    of(self.max_processes)
                )
            }
            Some(Limit::CgroupPids) => {
                write!(
                    f,
                    ": a cgroup has reached its pids.max{}",
                    of(self.max_pids)
                )
            }
            Some(Limit::System) => f.write_str(
                ": most likely the system's limit of tasks (kernel.pid_max, kernel.threads-max)",
            ),
            Some(Limit::Memory) => {
                f.write_str(": no memory, or the init of its pid namespace is dead")
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_told_by_the_figures_of_that_moment() {
        let failed = |errno, user: [u64; 2], cgroup: [u64; 2]| ForkFailed {
            errno,
            processes: Some(user[0]),
            max_processes: Some(user[1]),
            pids: Some(cgroup[0]),
            max_pids: Some(cgroup[1]),
            ..ForkFailed::default()
        };
        for (failed, likely) in [
            (failed(EAGAIN, [100, 100], [7, 50]), Some(Limit::Nproc)),
            (failed(EAGAIN, [40, 100], [50, 50]), Some(Limit::CgroupPids)),
            (failed(EAGAIN, [40, 100], [7, 50]), Some(Limit::System)),
            (failed(ENOMEM, [100, 100], [50, 50]), Some(Limit::Memory)),
            (failed(22, [100, 100], [50, 50]), None),
        ] {
            assert_eq!(failed.likely_limit(), likely, "{failed}");
        }
        let unknown = ForkFailed {
            errno: EAGAIN,
            ..ForkFailed::default()
        };
        assert_eq!(unknown.likely_limit(), Some(Limit::System));
    }
}
