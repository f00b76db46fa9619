//! `tracer record`: the kernel into a file, with one line that says how it is
//! going; until Ctrl-C, for a while, or while a command runs.

use std::{ffi::OsString, time::Duration};

use anyhow::Result;

use super::{
    Exit, KernelOptions, Save,
    trace::{Plan, trace},
    view::View,
};

pub struct Record {
    pub kernel: KernelOptions,
    pub save: Save,
    pub limit: Option<Duration>,
    pub command: Option<Vec<OsString>>,
}

pub fn record(record: Record) -> Result<Exit> {
    let view = View::status(&record.save, record.command.is_some());
    let Record { kernel, save, limit, command } = record;
    trace(Plan { kernel, save: Some(save), limit, command }, view)
}
