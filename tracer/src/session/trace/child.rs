//! The command that `tracer record FILE -- CMD` runs. tracer exits with its exit
//! code.

use std::{ffi::OsString, io, os::unix::process::ExitStatusExt as _};

use anyhow::{Result, anyhow};

use crate::session::console::{exit::Exit, notice::notify, stop_signals::StopReason};

/// Exit code of a shell that cannot run a command.
const CANNOT_RUN: Exit = 126;
/// Exit code of a shell that cannot find a command.
const NOT_FOUND: Exit = 127;
/// Exit code of a shell for a command killed by signal n, minus n.
const BY_SIGNAL: i32 = 128;

/// Command of a trace.
pub enum Child {
    /// It was started.
    Running(tokio::process::Child),
    /// It could not be started. Holds tracer's exit code.
    Failed(Exit),
}

impl Child {
    /// Starts a command: the program and its arguments.
    ///
    /// A command that cannot be started is a notice and an exit code, not an error.
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
                notify(format_args!("{} cannot be run: {error}", program.display()));
                let missing = error.kind() == io::ErrorKind::NotFound;
                Ok(Child::Failed(if missing { NOT_FOUND } else { CANNOT_RUN }))
            }
        }
    }

    /// Waits for the end of the command and returns its exit code. Waits forever if
    /// there is no command. It is cancel safe.
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

    /// Asks the command to end, unless the terminal has signalled it already.
    pub fn forward(&mut self, reason: StopReason) {
        let Child::Running(child) = self else { return };
        match reason {
            StopReason::Interrupt => {}
            StopReason::Terminate | StopReason::TimeLimit => {
                if let Some(pid) = child.id() {
                    // SAFETY: kill takes no pointers. The child has not been waited
                    // for, so the PID still refers to it.
                    unsafe { libc::kill(pid.cast_signed(), libc::SIGTERM) };
                }
            }
        }
    }
}
