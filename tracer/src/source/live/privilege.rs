//! Whether this process may trace, said before the kernel says EPERM.

use anyhow::{Result, bail};

/// Capability numbers (include/uapi/linux/capability.h).
const NEEDED: [(u8, &str); 2] = [(38, "CAP_PERFMON"), (39, "CAP_BPF")];
const CAP_SYS_ADMIN: u8 = 21;

pub fn check() -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    match effective(&status) {
        // Where /proc does not say, the kernel will.
        None => Ok(()),
        Some(set) => match missing(set) {
            missing if missing.is_empty() => Ok(()),
            missing => bail!(
                "tracing needs {}, which this process lacks: run it as root, for example `sudo tracer live`",
                missing.join(" and ")
            ),
        },
    }
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
