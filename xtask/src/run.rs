//! `cargo xtask run`: builds tracer and replaces this process with it.

use std::{os::unix::process::CommandExt as _, process::Command};

use anyhow::{Context as _, Result};

use xtask::{
    build::{self, Profile},
    privilege, process,
};

/// Commands that load eBPF programs or query the kernel about them.
const NEED_ROOT: [&str; 3] = ["live", "record", "doctor"];

pub fn verb(args: &[String]) -> Result<()> {
    let tracer = build::tracer(Profile::Release)?;
    let needs_root = args
        .first()
        .is_some_and(|verb| NEED_ROOT.contains(&verb.as_str()));
    let mut command = if needs_root {
        privilege::as_root(tracer)?
    } else {
        Command::new(tracer)
    };
    command.args(args);
    // Returns only when it fails.
    let error = command.exec();
    Err(error).with_context(|| format!("`{}` could not be started", process::show(&command)))
}
