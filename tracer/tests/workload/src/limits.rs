//! Scenarios of cgroup limits, with the cgroup's own counters.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    facts::{reaped, say, with},
    system::{Pipe, exit, fork, pid, wait},
};

const MIB: usize = 1 << 20;

/// Starts a child that uses more memory than the `n` MiB of its cgroup.
pub fn out_of_memory(n: usize) {
    let group = Group::new("memory", "memory.limit_in_bytes", "memory.max", n * MIB);
    let child = fork(|| {
        group.join();
        black_box(vec![1_u8; 4 * n * MIB]);
        exit(0)
    });
    let fact = reaped("out_of_memory", child, &wait(child));
    let kills = group.count(&["memory.oom_control", "memory.events"], "oom_kill");
    say(&with(
        fact,
        json!({"cgroup": group.path, "oom_kills": kills}),
    ));
}

/// Starts a child that forks more tasks than the `n` of its cgroup.
pub fn too_many_tasks(n: usize) {
    let group = Group::new("pids", "pids.max", "pids.max", n);
    let pipe = Pipe::new();
    let child = fork(|| {
        group.join();
        let mut made = Vec::new();
        let errno = loop {
            // SAFETY: the process has one thread, and the child only exits.
            match unsafe { libc::fork() } {
                0 => exit(0),
                -1 => break std::io::Error::last_os_error(),
                child => made.push(child),
            }
        };
        pipe.send(made.len() as i64);
        pipe.send(errno.raw_os_error().unwrap_or(0).into());
        // Until then they count as tasks of the cgroup.
        for child in made {
            wait(child);
        }
        exit(0)
    });
    let (made, errno) = (pipe.receive(), pipe.receive());
    let fact = reaped("too_many_tasks", child, &wait(child));
    let refusals = group.count(&["pids.events"], "max");
    say(&with(
        fact,
        json!({"made": made, "errno": errno, "max": n, "refusals": refusals}),
    ));
}

/// A cgroup with a limit, removed when this is dropped.
struct Group {
    directory: PathBuf,
    /// Path below the hierarchy's root.
    path: String,
}

impl Group {
    /// Creates it. The file of the limit has another name in a hierarchy of the controller
    /// (v1) than in the unified one (v2).
    fn new(controller: &str, v1: &str, v2: &str, limit: usize) -> Group {
        let (mount, unified) = hierarchy(controller);
        if unified {
            let enabled = mount.join("cgroup.subtree_control");
            fs::write(enabled, format!("+{controller}")).unwrap();
        }
        let path = format!("/tracer-test-{}", pid());
        let directory = mount.join(&path[1..]);
        fs::create_dir(&directory).unwrap();
        let file = if unified { v2 } else { v1 };
        fs::write(directory.join(file), limit.to_string()).unwrap();
        Group { directory, path }
    }

    fn join(&self) {
        fs::write(self.directory.join("cgroup.procs"), "0").unwrap();
    }

    /// Returns the number after a word in the first of the files that exists.
    fn count(&self, files: &[&str], word: &str) -> Option<u64> {
        let read = |file: &&str| fs::read_to_string(self.directory.join(file)).ok();
        let text = files.iter().find_map(read)?;
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(name, _)| *name == word)?.1.parse().ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        fs::remove_dir(&self.directory).unwrap();
    }
}

/// Returns the mount point of a controller's hierarchy, and true if it is the unified
/// one.
fn hierarchy(controller: &str) -> (PathBuf, bool) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mut found = mounts.lines().filter_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let at = Path::new(mount.split(' ').nth(4)?);
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        let has = |list: &str, sign| list.trim().split(sign).any(|it| it == controller);
        let offered = || fs::read_to_string(at.join("cgroup.controllers")).unwrap_or_default();
        match kind {
            "cgroup" if has(options, ',') => Some((at.to_owned(), false)),
            "cgroup2" if has(&offered(), ' ') => Some((at.to_owned(), true)),
            _ => None,
        }
    });
    let found = found.next();
    found.unwrap_or_else(|| panic!("no cgroup hierarchy has the controller {controller}"))
}
