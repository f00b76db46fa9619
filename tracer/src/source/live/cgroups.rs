//! Chooses the cgroup hierarchy that is traced, and lists its existing cgroups.
//!
//! On a host with only the unified hierarchy (v2), that one is traced. On a host where
//! controllers have hierarchies of their own (v1), containers are in all of them, and
//! the one with the most cgroups is traced.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
};

use tracer_common::fields::ABSENT;

use super::btf::Btf;
use crate::event::{Cgroup, Text};

/// Controllers that container runtimes use, the most common first.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuset"];

/// The traced cgroup hierarchy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroups {
    /// Controller of the hierarchy; None for the unified one.
    controller: Option<&'static str>,
    /// Number of the hierarchy in /proc/cgroups; 0 for the unified one.
    hierarchy: u64,
    /// Mount point.
    mount: Option<PathBuf>,
}

impl Cgroups {
    /// Chooses the hierarchy for this host.
    pub fn of_this_host() -> Cgroups {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Cgroups::choose(&read("/proc/cgroups"), &read("/proc/self/mountinfo"))
    }

    fn choose(controllers: &str, mounts: &str) -> Cgroups {
        // `#subsys_name hierarchy num_cgroups enabled`
        let own = |name: &'static str| {
            let lines = controllers.lines();
            let mut rows = lines.map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
            let row = rows.find(|row| row.first() == Some(&name))?;
            let (hierarchy, count): (u64, u64) =
                (row.get(1)?.parse().ok()?, row.get(2)?.parse().ok()?);
            (hierarchy != 0 && count > 1).then_some((count, hierarchy, name))
        };
        let rows = CONTROLLERS.into_iter().rev().filter_map(own);
        let most = rows.max_by_key(|&(count, ..)| count);
        let controller = most.map(|(_, _, name)| name);
        Cgroups {
            controller,
            hierarchy: most.map_or(0, |(_, hierarchy, _)| hierarchy),
            mount: mounts.lines().find_map(|line| mount(line, controller)),
        }
    }

    /// Returns the values of the kernel side's globals.
    pub fn globals(&self, btf: &Btf) -> [(&'static str, u64); 3] {
        let subsys = |name: &str| {
            let place = btf.enumerator("cgroup_subsys_id", &format!("{name}_cgrp_id"));
            place.map_or(ABSENT, u64::from)
        };
        [
            ("CGROUP_SUBSYS", self.controller.map_or(ABSENT, subsys)),
            ("CGROUP_HIERARCHY", self.hierarchy),
            ("PIDS_SUBSYS", subsys("pids")),
        ]
    }

    /// Returns the inode number of a process's cgroup, from `/proc/PID/cgroup`
    /// (proc_pid_cgroup(5)). Costs one read and one stat.
    ///
    /// None for a dying process under v1: there every zombie is shown in the root cgroup
    /// (`proc_cgroup_show`, kernel/cgroup/cgroup.c).
    pub fn of_process(&self, pid: u32, is_dying: bool) -> Option<u64> {
        if is_dying && self.controller.is_some() {
            return None;
        }
        let lines = fs::read(format!("/proc/{pid}/cgroup")).ok()?;
        let mut lines = lines.split(|&byte| byte == b'\n');
        let path = lines.find_map(|line| self.path(line))?;
        let below = path.strip_prefix(b"/")?;
        let directory = self.mount.as_ref()?.join(OsStr::from_bytes(below));
        Some(fs::metadata(directory).ok()?.ino())
    }

    /// Returns the path in a line `hierarchy:controllers:path` of the traced hierarchy.
    fn path<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let mut fields = line.splitn(3, |&byte| byte == b':');
        let (number, controllers) = (fields.next()?, fields.next()?);
        let wanted = match self.controller {
            None => number == b"0",
            Some(name) => {
                let mut controllers = controllers.split(|&byte| byte == b',');
                controllers.any(|controller| controller == name.as_bytes())
            }
        };
        fields.next().filter(|_| wanted)
    }

    /// Lists every existing cgroup. Linear in those.
    pub fn existing(&self) -> Vec<Cgroup> {
        let Some(mount) = &self.mount else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut pending = vec![mount.clone()];
        while let Some(directory) = pending.pop() {
            // The cgroup was removed meanwhile.
            let Ok(metadata) = fs::metadata(&directory) else {
                continue;
            };
            let below = directory.strip_prefix(mount).unwrap_or(Path::new(""));
            let path = [b"/", below.as_os_str().as_bytes()].concat();
            found.push(Cgroup {
                id: metadata.ino(),
                path: Text::new(&path),
            });
            let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
            let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            pending.extend(inner.map(|entry| entry.path()));
        }
        found
    }
}

/// Returns the mount point in a line of mountinfo (proc_pid_mountinfo(5)) that mounts
/// the hierarchy of a controller, or the unified one.
fn mount(line: &str, controller: Option<&str>) -> Option<PathBuf> {
    let (place, filesystem) = line.split_once(" - ")?;
    let point = place.split(' ').nth(4)?;
    let mut fields = filesystem.split(' ');
    let (kind, options) = (fields.next()?, fields.nth(1)?);
    let wanted = match controller {
        None => kind == "cgroup2",
        Some(name) => kind == "cgroup" && options.split(',').any(|option| option == name),
    };
    wanted.then(|| PathBuf::from(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
    const V1: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
                      32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                      35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn the_hierarchy_with_the_most_cgroups_is_chosen() {
        let unified = Cgroups::choose("cpu 0 90 1\nmemory 0 90 1\npids 0 90 1", V2);
        assert_eq!((unified.controller, unified.hierarchy), (None, 0));
        assert_eq!(unified.mount, Some("/sys/fs/cgroup".into()));

        let v1 = Cgroups::choose("cpu 1 7 1\nmemory 4 10 1\npids 8 10 1", V1);
        assert_eq!((v1.controller, v1.hierarchy), (Some("memory"), 4));
        assert_eq!(v1.mount, Some("/sys/fs/cgroup/memory".into()));

        let unused = Cgroups::choose("cpu 1 1 1\nmemory 4 1 1", V1);
        assert_eq!(unused.mount, Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(Cgroups::choose("", "").mount, None);
    }

    #[test]
    fn the_line_of_the_chosen_hierarchy_is_read() {
        let v1 = Cgroups::choose("memory 4 10 1", V1);
        let unified = Cgroups::choose("", V2);
        assert_eq!(v1.path(b"4:memory:/a:b,c"), Some(&b"/a:b,c"[..]));
        assert_eq!(v1.path(b"1:cpu,memory:/"), Some(&b"/"[..]));
        assert_eq!(v1.path(b"9:name=memory:/"), None);
        assert_eq!(v1.path(b"0::/x"), None);
        assert_eq!(unified.path(b"0::/x"), Some(&b"/x"[..]));
        assert_eq!(unified.path(b"4:memory:/a"), None);
        assert_eq!(unified.path(b""), None);
    }
}
