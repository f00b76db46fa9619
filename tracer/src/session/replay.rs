//! `tracer replay`: a recording in the same dashboard, or as text.

use std::{io::IsTerminal as _, path::PathBuf};

use anyhow::Result;

use super::{Exit, OK, output};
use crate::{export, model::Model, report, source, tui};

pub struct Replay {
    /// `-` is standard input.
    pub path: PathBuf,
    /// None: the dashboard, or a report where there is no terminal.
    pub format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A summary for a human.
    Report,
    /// One JSON object per process.
    ProcessesJson,
    /// The event log.
    Events,
    /// One JSON object per event.
    EventsJson,
}
