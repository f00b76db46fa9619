//! The limit that most likely made a fork fail, derived from the figures read at
//! that moment.

use std::fmt;

use super::{ForkFailed, errno_name};

const EAGAIN: i32 = 11;
const ENOMEM: i32 = 12;

/// A limit that keeps a process from forking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// RLIMIT_NPROC: the user has too many tasks (setrlimit(2)).
    Nproc,
    /// `pids.max` of a cgroup above the process.
    CgroupPids,
    /// The system's number of PIDs or tasks: kernel.pid_max, kernel.threads-max.
    System,
    /// Memory, or a pid namespace with an exited init (pid_namespaces(7)).
    Memory,
}

impl Limit {
    /// Returns the name used in JSON.
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
    /// Returns the limit that most likely caused the failure; none if the errno
    /// belongs to no limit.
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
                ": most likely the system's limit on tasks (kernel.pid_max, kernel.threads-max)",
            ),
            Some(Limit::Memory) => {
                f.write_str(": no memory, or the init of its pid namespace has exited")
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_limit_follows_from_the_figures() {
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
