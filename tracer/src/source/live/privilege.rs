//! Whether this process may trace, said before the kernel says EPERM.

use anyhow::{Result, bail};
use caps::{CapSet, Capability, CapsHashSet};

/// Capability numbers (include/uapi/linux/capability.h).
const NEEDED: [(u8, &str); 2] = [(38, "CAP_PERFMON"), (39, "CAP_BPF")];
const CAP_SYS_ADMIN: u8 = 21;

pub fn check() -> Result<()> {
    match missing_here() {
        Some(missing) if !missing.is_empty() => bail!(
            "tracing needs {}, which this process lacks: run it as root, for example `sudo tracer live`",
            missing.join(" and ")
        ),
        // Where /proc does not say, the kernel will.
        _ => Ok(()),
    }
}

/// The capabilities that tracing needs and this process lacks; unknown where
/// /proc does not say.
pub fn missing_here() -> Option<Vec<&'static str>> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    effective(&status).map(missing)
}

/// Kernels before 5.11 count BPF maps as locked memory.
pub fn raise_memlock() {
    let limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the pointer is to an rlimit of our own.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const limit) };
    log::debug!("locked memory unlimited: {}", failed == 0);
}

/// Gives up what tracing does not need once everything is attached: what is
/// left reads the ring buffer and, after a gap, runs the task iterator again.
pub fn drop_the_rest() {
    let needed = [Capability::CAP_BPF, Capability::CAP_PERFMON];
    let needed: CapsHashSet = needed.into_iter().collect();
    let dropped = caps::read(None, CapSet::Permitted).and_then(|held| {
        let mut keep: CapsHashSet = held.intersection(&needed).copied().collect();
        // The older capability, which stands for both.
        if keep != needed && held.contains(&Capability::CAP_SYS_ADMIN) {
            keep.insert(Capability::CAP_SYS_ADMIN);
        }
        caps::set(None, CapSet::Effective, &keep)?;
        caps::set(None, CapSet::Permitted, &keep)
    });
    log::debug!("other capabilities dropped: {dropped:?}");
}

/// The effective capabilities in /proc/PID/status.
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
