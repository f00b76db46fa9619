//! Runs commands as root: apt-get, `install` and tracer. Cargo never runs as root,
//! because it would leave root's files in the user's caches.

use std::{
    ffi::OsStr,
    fs,
    io::{self, IsTerminal as _},
    os::unix::fs::MetadataExt as _,
    process::Command,
};

use anyhow::{Result, bail};

use crate::process;

/// Returns true if this process is root: its /proc entry belongs to its effective user.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

/// Returns a command that runs `program` as root, through sudo if needed.
pub fn as_root(program: impl AsRef<OsStr>) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(program));
    }
    if process::find_on_path("sudo").is_none() {
        bail!(
            "{} must run as root, and sudo is not on PATH: run it from a root shell",
            program.as_ref().display()
        );
    }
    let mut command = Command::new("sudo");
    command.arg("--").arg(program);
    Ok(command)
}

/// Makes sure that commands can run as root, or returns the reason why they cannot.
/// May ask for the sudo password.
pub fn obtain() -> Result<(), String> {
    if is_root() {
        return Ok(());
    }
    if process::find_on_path("sudo").is_none() {
        return Err("not root, and sudo is not on PATH".into());
    }
    if process::capture(Command::new("sudo").args(["-n", "true"])).is_ok() {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err("not root, and sudo needs a password but there is no terminal".into());
    }
    process::run(Command::new("sudo").arg("-v")).map_err(|error| format!("not root, and {error:#}"))
}
