//! The command that `tracer record FILE -- CMD` runs. tracer exits with its exit
//! code.

use std::{
    env,
    ffi::{CString, OsStr, OsString},
    io,
    os::unix::{ffi::OsStrExt as _, process::ExitStatusExt as _},
    path::Path,
};

use anyhow::{Result, anyhow};

use super::account::Account;
use crate::{
    event::file_name,
    session::console::{exit::Exit, notice::notify},
};

/// Exit code of a shell that cannot run a command.
const CANNOT_RUN: Exit = 126;
/// Exit code of a shell that cannot find a command.
const NOT_FOUND: Exit = 127;
/// Exit code of a shell for a command killed by signal n, minus n.
const BY_SIGNAL: i32 = 128;

/// Folders of programs if PATH is not set (execvp(3)).
const USUAL_PATH: &str = "/bin:/usr/bin";

/// Command of a trace.
pub enum Child {
    /// It was started.
    Running(tokio::process::Child),
    /// It could not be started. Holds tracer's exit code.
    Failed(Exit),
}

impl Child {
    /// Returns the exit code for a command whose program cannot be found or executed, with
    /// a notice, before anything is traced. `execve` has the last word.
    pub fn obstacle(command: &[OsString]) -> Option<Exit> {
        let program = command.first()?;
        let error = executable(program).err()?;
        Some(cannot_be_run(program, &error))
    }

    /// Starts a command: the program and its arguments, as the user of `account` or else as
    /// tracer's own.
    ///
    /// A command that cannot be started is a notice and an exit code, not an error.
    pub fn spawn(command: &[OsString], account: Option<&Account>) -> Result<Child> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| anyhow!("no command given"))?;
        let mut command = tokio::process::Command::new(program);
        command.args(arguments);
        if let Some(account) = account {
            account.apply(&mut command);
            notify(format_args!("{} runs as {account}", file_name(program)));
        }
        match command.spawn() {
            Ok(child) => Ok(Child::Running(child)),
            Err(error) => Ok(Child::Failed(cannot_be_run(program, &error))),
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

    /// Returns its PID unless it has been waited for.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Child::Running(child) => child.id(),
            Child::Failed(_) => None,
        }
    }

    /// Asks the command to end, if it runs.
    pub fn terminate(&self) {
        if let Some(pid) = self.pid() {
            // SAFETY: kill takes no pointers. The child has not been waited for, so the
            // PID still refers to it.
            unsafe { libc::kill(pid.cast_signed(), libc::SIGTERM) };
        }
    }
}

/// Emits the notice about a command that does not start. Returns tracer's exit code.
fn cannot_be_run(program: &OsStr, error: &io::Error) -> Exit {
    notify(format_args!(
        "{} cannot be run: {error}",
        file_name(program)
    ));
    match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => CANNOT_RUN,
    }
}

/// Checks that a program can be found and executed, as `execvp` looks for it: in the
/// folders of PATH unless its name has a slash.
///
/// # Errors
///
/// Returns the error of the last folder that has the program, else
/// [`io::ErrorKind::NotFound`].
fn executable(program: &OsStr) -> io::Result<()> {
    if program.as_bytes().contains(&b'/') {
        return may_execute(Path::new(program));
    }
    let folders = env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
    let mut missing = io::Error::from_raw_os_error(libc::ENOENT);
    for folder in env::split_paths(&folders) {
        match may_execute(&folder.join(program)) {
            Ok(()) => return Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EACCES) => missing = error,
            Err(_) => {}
        }
    }
    Err(missing)
}

fn may_execute(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EACCES));
    }
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the pointer is to a string that ends with a null byte.
    match unsafe { libc::access(path.as_ptr(), libc::X_OK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
