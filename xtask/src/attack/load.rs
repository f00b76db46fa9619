//! Loads: processes of an unprivileged user.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use xtask::process;

use super::attacks::{CGROUPS, Load};

/// User that the loads run as: nobody.
const USER: u32 = 65534;

/// Limit for the processes of a load to be gone.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running load. Dropping it kills all its processes.
pub struct Running {
    child: Child,
    cgroup: Option<Cgroup>,
}

impl Running {
    /// Starts a load in a process group of its own.
    pub fn start(workload: &Path, (scenario, n): Load) -> Result<Running> {
        let cgroup = (scenario == CGROUPS).then(Cgroup::create).transpose()?;
        let user = USER.to_string();
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", &user, "--regid", &user, "--clear-groups"])
            .arg(workload)
            .args([scenario, &n.to_string()])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(cgroup) = &cgroup {
            command.env("TRACER_ATTACK_CGROUP", &cgroup.0);
        }
        let child = command.spawn();
        let child =
            child.with_context(|| format!("`{}` could not be started", process::show(&command)))?;
        Ok(Running { child, cgroup })
    }

    /// Fails if the load has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "a load ended by itself: {ended:?}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The kernel signals all processes of a group at once, so that none forks another.
        let group = format!("-{}", self.child.id());
        let kill = || {
            let mut kill = Command::new("kill");
            kill.args(["-s", "KILL", "--", &group]);
            kill.stderr(Stdio::null()).status()
        };
        let began = Instant::now();
        while kill().is_ok_and(|status| status.success()) && began.elapsed() < TIMEOUT {
            let _ = self.child.try_wait();
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.wait();
        drop(self.cgroup.take());
    }
}

/// A cgroup of the unprivileged user, removed with those below it when this is dropped.
struct Cgroup(PathBuf);

impl Cgroup {
    /// Creates it in the hierarchy that tracer traces: that of the memory controller, or the
    /// unified one.
    fn create() -> Result<Cgroup> {
        let root = Path::new("/sys/fs/cgroup");
        let memory = root.join("memory");
        let root = if memory.is_dir() { &memory } else { root };
        let folder = root.join(format!("tracer-attack-{}", std::process::id()));
        fs::create_dir(&folder)
            .with_context(|| format!("the cgroup {} cannot be created", folder.display()))?;
        let cgroup = Cgroup(folder);
        for file in ["", "cgroup.procs", "tasks"] {
            let file = cgroup.0.join(file);
            if file.exists() {
                chown(&file, Some(USER), Some(USER))?;
            }
        }
        Ok(cgroup)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes a cgroup and those below it.
fn remove(cgroup: &Path) {
    let below = fs::read_dir(cgroup).into_iter().flatten().flatten();
    let folders = below.filter(|it| it.file_type().is_ok_and(|it| it.is_dir()));
    folders.for_each(|folder| remove(&folder.path()));
    let _ = fs::remove_dir(cgroup);
}
