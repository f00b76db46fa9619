//! Acting as root. Only apt-get, `install` and tracer itself come this way;
//! cargo never does, or it would leave root's files in the user's caches.

use std::{
    ffi::OsStr,
    fs,
    io::{self, IsTerminal as _},
    os::unix::fs::MetadataExt as _,
    process::Command,
};

use anyhow::{Result, bail};

use crate::process;

/// Whether this process is root: its /proc entry belongs to its effective user.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
}

/// A command that runs as root: `program` itself, or sudo in front of it.
pub fn as_root(program: impl AsRef<OsStr>) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(program));
    }
    if process::find_on_path("sudo").is_none() {
        bail!(
            "{} must run as root, and there is no sudo on PATH: run it from a root shell",
            program.as_ref().display()
        );
    }
    let mut command = Command::new("sudo");
    command.arg("--").arg(program);
    Ok(command)
}

/// Why root is not to be had, if it is not. May ask for the sudo password.
pub fn obtain() -> Result<(), String> {
    if is_root() {
        return Ok(());
    }
    if process::find_on_path("sudo").is_none() {
        return Err("not root, and there is no sudo on PATH".into());
    }
    if process::capture(Command::new("sudo").args(["-n", "true"])).is_ok() {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err("not root, and sudo wants a password with no terminal to ask on".into());
    }
    process::run(Command::new("sudo").arg("-v")).map_err(|error| format!("not root, and {error:#}"))
}
