//! The command that `tracer record FILE -- CMD` runs: its exit code becomes
//! ours.

use std::{ffi::OsString, io, os::unix::process::ExitStatusExt as _};

use anyhow::{Result, anyhow};

use super::{Exit, stop::Asked};

/// What a shell exits with when it cannot run a command.
const CANNOT_RUN: Exit = 126;
const NOT_FOUND: Exit = 127;
/// A shell's exit code for death by signal n is this plus n.
const BY_SIGNAL: i32 = 128;

pub enum Child {
    Running(tokio::process::Child),
    /// It could not be started; the code to exit with.
    Failed(Exit),
}

impl Child {
    /// `command` is the program and its arguments.
    pub fn spawn(command: &[OsString]) -> Result<Child> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| anyhow!("no command given"))?;
        match tokio::process::Command::new(program)
            .args(arguments)
            .spawn()
        {
            Ok(child) => Ok(Child::Running(child)),
            Err(error) => {
                eprintln!("tracer: {} cannot be run: {error}", program.display());
                let missing = error.kind() == io::ErrorKind::NotFound;
                Ok(Child::Failed(if missing { NOT_FOUND } else { CANNOT_RUN }))
            }
        }
    }

    /// Returns the exit code of the child when there is one and it ends.
    pub async fn ended(child: &mut Option<Child>) -> Result<Exit> {
        match child {
            None => std::future::pending().await,
            Some(Child::Failed(code)) => Ok(*code),
            Some(Child::Running(child)) => {
                let status = child.wait().await?;
                let code = status
                    .code()
                    .or(status.signal().map(|signal| BY_SIGNAL + signal));
                Ok(code
                    .and_then(|code| code.try_into().ok())
                    .unwrap_or(CANNOT_RUN))
            }
        }
    }

    /// Lets the command know of what was meant for tracer alone.
    pub fn pass_on(&mut self, asked: Asked) {
        let Child::Running(child) = self else { return };
        match asked {
            Asked::Interrupt => {}
            Asked::Terminate | Asked::TimeIsUp => {
                if let Some(pid) = child.id() {
                    // SAFETY: no pointers; the child has not been waited for,
                    // so the number is still its own.
                    unsafe { libc::kill(pid.cast_signed(), libc::SIGTERM) };
                }
            }
        }
    }
}
