//! The memory that a replay may take for exited processes.

use std::{fs, path::Path};

/// Maximum of the default, bytes.
const MOST: u64 = 2 << 30;

/// Returns the default: a quarter of the memory that this process may use, at most 2 GiB.
pub fn default_memory() -> usize {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = cgroup_limits(&cgroup, Path::new("/sys/fs/cgroup"));
    let available = total(&meminfo).into_iter().chain(limits).min();
    let default = available.map_or(MOST, |bytes| (bytes / 4).min(MOST));
    usize::try_from(default).unwrap_or(usize::MAX)
}

/// Returns the machine's memory in bytes (`meminfo_proc_show`, fs/proc/meminfo.c).
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Returns the memory limits in bytes of the version 2 cgroup in `/proc/self/cgroup` and of
/// its ancestors, as far as there are any.
fn cgroup_limits(own: &str, root: &Path) -> Vec<u64> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let folders = Path::new(path.unwrap_or_default()).ancestors();
    let limit = |folder: &Path| {
        let text = fs::read_to_string(root.join(folder).join("memory.max")).ok()?;
        text.trim().parse().ok()
    };
    folders.filter_map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_that_of_the_machine_or_of_a_cgroup() {
        let meminfo = "MemTotal:       24683772 kB\nMemFree:  1 kB\n";
        assert_eq!(total(meminfo), Some(24_683_772 << 10));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("memory.max"), "max\n").unwrap();
        fs::write(root.path().join("a/memory.max"), "1048576\n").unwrap();
        assert_eq!(cgroup_limits("0::/a/b\n", root.path()), [1 << 20]);
        assert!(cgroup_limits("1:cpu:/a/b\n", root.path()).is_empty());
        assert!(default_memory() > 0);
    }
}
