//! Privileges of this process: checks those that tracing needs before the kernel
//! answers EPERM, raises the limit of locked memory, and lists what is needed later.

use std::io;

use caps::CapSet;

use super::error::{Error, Result};
use crate::confinement::{Capability, Rights};

/// Capability numbers (include/uapi/linux/capability.h).
const NEEDED: [(u8, &str); 2] = [(38, "CAP_PERFMON"), (39, "CAP_BPF")];
const CAP_SYS_ADMIN: u8 = 21;

/// Returns an error if this process lacks a capability that tracing needs.
pub fn check() -> Result<()> {
    match missing_here() {
        Some(missing) if !missing.is_empty() => Err(Error::Privilege(missing)),
        // If /proc does not show them, the kernel decides.
        _ => Ok(()),
    }
}

/// Returns the capabilities that tracing needs and this process lacks. None if /proc
/// does not show them.
pub fn missing_here() -> Option<Vec<&'static str>> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    effective(&status).map(missing)
}

/// Raises RLIMIT_MEMLOCK while maps and programs are created. Dropping it restores the
/// limit, so that a traced command runs under its own.
///
/// Kernels before 5.11 count maps and programs as locked memory (commit d5299b67dd59),
/// and the usual limit is 64 KiB.
pub struct Memlock {
    was: libc::rlimit,
    /// Limit in force meanwhile, in bytes.
    now: libc::rlim_t,
}

impl Memlock {
    /// Raises the limit as far as allowed: beyond the hard limit only with
    /// CAP_SYS_RESOURCE.
    pub fn raise() -> Memlock {
        let was = limit();
        for wish in [libc::RLIM_INFINITY, was.rlim_max] {
            let limit = libc::rlimit {
                rlim_cur: wish,
                rlim_max: wish,
            };
            // SAFETY: the pointer is to an rlimit of our own.
            if unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) } == 0 {
                return Memlock { was, now: wish };
            }
        }
        Memlock {
            was,
            now: was.rlim_cur,
        }
    }

    /// Returns advice to append to an error that the limit may have caused. The kernel
    /// reports only EPERM.
    pub fn hint(&self, error: &(dyn std::error::Error + 'static)) -> Option<String> {
        let mut causes = std::iter::successors(Some(error), |error| error.source());
        let refused = causes.any(|cause| {
            let cause = cause.downcast_ref::<io::Error>();
            cause.is_some_and(|cause| cause.raw_os_error() == Some(libc::EPERM))
        });
        (refused && self.now != libc::RLIM_INFINITY && counts_maps()).then(|| {
            format!(
                " (it counts them as locked memory, which is limited to {} KiB for this process \
                 and cannot be raised without CAP_SYS_RESOURCE: run `ulimit -l unlimited` as \
                 root first, or give tracer CAP_SYS_RESOURCE)",
                self.now / 1024
            )
        })
    }
}

impl Drop for Memlock {
    fn drop(&mut self) {
        // Lowering a limit is always allowed.
        // SAFETY: the pointer is to an rlimit of our own.
        unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const self.was) };
    }
}

fn limit() -> libc::rlimit {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the pointer is to an rlimit of our own; the call cannot fail.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
    limit
}

/// RLIMIT_MEMLOCK in bytes. None means unlimited.
pub struct Limit {
    pub soft: Option<u64>,
    pub hard: Option<u64>,
}

/// Returns the limits in force.
pub fn memlock() -> Limit {
    let known = |limit| Some(limit).filter(|&limit| limit != libc::RLIM_INFINITY);
    let libc::rlimit { rlim_cur, rlim_max } = limit();
    Limit {
        soft: known(rlim_cur),
        hard: known(rlim_max),
    }
}

/// Returns true if this kernel counts maps and programs as locked memory. Later kernels
/// charge them to the cgroup.
///
/// The kernel's version is good enough here: it only selects advice.
pub fn counts_maps() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split('.').map_while(|number| number.parse().ok());
    (numbers.next(), numbers.next()) < (Some(5), Some(11))
}

/// Returns the rights that tracing needs once everything is attached: to read the ring buffer
/// and counters, and to take a new snapshot after a gap. `/proc` shows a zombie's exit code
/// only to a process that may trace it (CAP_SYS_PTRACE).
pub fn needed(reads_proc: bool) -> Rights {
    let mut capabilities = vec![Capability::CAP_BPF, Capability::CAP_PERFMON];
    let has = |capability| caps::has_cap(None, CapSet::Permitted, capability).unwrap_or(false);
    if !capabilities.iter().all(|&capability| has(capability)) {
        // The older capability that implies both.
        capabilities.push(Capability::CAP_SYS_ADMIN);
    }
    if reads_proc {
        capabilities.push(Capability::CAP_SYS_PTRACE);
    }
    Rights {
        capabilities,
        bpf: true,
        reads: true,
        traces: reads_proc,
        ..Rights::default()
    }
}

/// Returns the effective capabilities in the text of /proc/PID/status, as a bit set.
fn effective(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

fn missing(set: u64) -> Vec<&'static str> {
    let has = |capability: u8| set & (1 << capability) != 0;
    if has(CAP_SYS_ADMIN) {
        return Vec::new();
    }
    NEEDED
        .iter()
        .filter(|&&(number, _)| !has(number))
        .map(|&(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_capability_is_named() {
        assert_eq!(
            missing(effective("CapEff:\t0000000000000000").unwrap()).len(),
            2
        );
        assert_eq!(missing(1 << 38), ["CAP_BPF"]);
        assert!(missing(1 << 38 | 1 << 39).is_empty());
        assert!(missing(effective("Name:\tx\nCapEff:\t000001ffffffffff\n").unwrap()).is_empty());
    }
}
