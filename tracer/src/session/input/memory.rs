//! The memory that a recording may take: a limit for everything that a command holds, and
//! within it the part for exited processes.

use std::{fs, path::Path, sync::OnceLock};

use crate::recording::MemoryLimit;

/// Maximum of the default, bytes.
const MOST: u64 = 2 << 30;

/// Memory of a command beside what a recording makes it hold, bytes: buffers, and the processes
/// that every model retains.
const OWN: u64 = 32 << 20;

static ALLOWED: OnceLock<u64> = OnceLock::new();

/// Sets the memory that recordings may take, bytes. Only the first call has an effect.
pub fn allow_memory(bytes: u64) {
    // Fails only on a second call, which is documented to do nothing.
    let _ = ALLOWED.set(bytes);
}

/// Returns the memory that recordings may take, bytes.
fn allowed() -> u64 {
    *ALLOWED.get_or_init(default_memory)
}

/// Returns the limit for everything that a command holds of recordings.
pub fn limit() -> MemoryLimit {
    MemoryLimit {
        bytes: allowed(),
        in_use: || resident().saturating_sub(OWN),
    }
}

/// Returns the memory for exited processes, bytes. It leaves room for the others.
pub fn for_exited() -> usize {
    let bytes = allowed() - allowed() / 4;
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Returns the resident memory of this program that no file holds, bytes (`proc_pid_statm`,
/// fs/proc/array.c); 0 if it is unknown.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut pages = statm.split(' ').skip(1).map(|pages| pages.parse().ok());
    let [resident, shared] = [(); 2].map(|()| pages.next().flatten().unwrap_or(0_u64));
    resident.saturating_sub(shared).saturating_mul(page_size())
}

fn page_size() -> u64 {
    // SAFETY: sysconf reads a constant.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(bytes).unwrap_or(4096)
}

/// Returns the default: a quarter of the memory that this process may use, at most 2 GiB.
fn default_memory() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = cgroup_limits(&cgroup, Path::new("/sys/fs/cgroup"));
    let available = total(&meminfo).into_iter().chain(limits).min();
    available.map_or(MOST, |bytes| (bytes / 4).min(MOST))
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

    /// Other tests allocate and free memory meanwhile, so a difference would say nothing.
    #[test]
    fn resident_memory_includes_what_is_held() {
        let held = std::hint::black_box(vec![1_u8; 32 << 20]);
        let machine = total(&fs::read_to_string("/proc/meminfo").unwrap()).unwrap();
        assert!((held.len() as u64..machine).contains(&resident()));
        drop(std::hint::black_box(held));
    }
}
