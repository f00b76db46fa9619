//! `tracer record`: the kernel's events in a file, with a status line; until
//! Ctrl-C, for a while, or while a command runs.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::Result;

use crate::{
    session::{
        console::exit::Exit,
        display::frontend::Frontend,
        files::paths,
        recorder::target::Target,
        trace::{
            account::{Account, RunAs},
            pump::{Plan, trace},
        },
    },
    source::live::Options,
};

/// Options of `tracer record`.
pub struct Record {
    /// Options of the kernel source.
    pub kernel: Options,
    /// Destination of the recording.
    pub save: Target,
    /// Maximum duration of the trace.
    pub limit: Option<Duration>,
    /// Command to run. The trace ends with it and takes its exit code.
    pub command: Option<Vec<OsString>>,
    /// User that the command runs as.
    pub run_as: RunAs,
}

/// Records until the command ends, a signal arrives, or the limit has passed.
pub fn record(record: Record) -> Result<Exit> {
    let account = match &record.command {
        Some(_) => Account::find(&record.run_as)?,
        None => None,
    };
    let frontend = Frontend::status(&record.save, record.command.is_some());
    let Record {
        mut kernel,
        save,
        limit,
        command,
        run_as: _,
    } = record;
    kernel.arguments = save.arguments();
    trace(
        Plan {
            kernel,
            save: Some(save),
            limit,
            history: false,
            command,
            account,
        },
        frontend,
    )
}

/// Returns the default file name, `tracer-20261121T031500Z.trace` with the time in
/// UTC.
pub fn default_file() -> PathBuf {
    format!("tracer-{}.trace", paths::timestamp()).into()
}
