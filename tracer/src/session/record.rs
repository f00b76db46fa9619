//! `tracer record`: the kernel into a file, with one line that says how it is
//! going; until Ctrl-C, for a while, or while a command runs.

use std::{
    ffi::OsString,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::Result;

use crate::event::Utc;

use super::{
    Exit, KernelOptions, Target,
    trace::{Plan, trace},
    view::View,
};

pub struct Record {
    pub kernel: KernelOptions,
    pub save: Target,
    pub limit: Option<Duration>,
    pub command: Option<Vec<OsString>>,
}

pub fn record(record: Record) -> Result<Exit> {
    let view = View::status(&record.save, record.command.is_some());
    let Record {
        kernel,
        save,
        limit,
        command,
    } = record;
    trace(
        Plan {
            kernel,
            save: Some(save),
            limit,
            past: false,
            command,
        },
        view,
    )
}

/// `tracer-20261121T031500Z.trace`, by the time in UTC.
pub fn default_file() -> PathBuf {
    format!("tracer-{}.trace", stamp()).into()
}

/// The time in UTC, as it is put into names of files.
pub fn stamp() -> String {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX)).to_string();
    now.replace(['-', ':'], "")
}
