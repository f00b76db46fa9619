//! One recording that is merged: its next event, and the beginning in which it
//! describes the processes that exist already.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::{
    event::{Event, Session, What, file_name},
    recording::Chain,
    session::input::{completeness::Completeness, read, recording::Input, window::Window},
    source::replay::Bytes,
};

/// Recording that is merged.
pub struct MergeInput {
    /// Path as given on the command line.
    pub path: PathBuf,
    /// Recording behind the path.
    pub input: Input,
    /// Session of the recording.
    pub session: Box<Session>,
    /// Time at which its events begin, ns since boot. A part of a trace first
    /// describes the processes that existed then, with the times of earlier events.
    pub began: u64,
    /// Number of events still to come of that description.
    pub description: usize,
    /// True once it has listed all processes that existed when it began.
    pub is_described: bool,
    /// How much of the recording could be read.
    pub completeness: Completeness,
    /// State of the merge.
    pub phase: Phase,
    chain: Chain<Bytes>,
    /// Next event that is not the session.
    head: Option<Event>,
}

/// State of an input in the merge.
#[derive(Clone, Copy, PartialEq)]
pub enum Phase {
    /// None of its events has been merged.
    Waiting,
    /// Some of its events have been merged.
    Active,
    /// Its last event was at that time, ns since boot.
    Ended(u64),
}

impl MergeInput {
    /// Opens a recording. Reads it once to find the end of its description.
    pub fn open(path: &Path) -> Result<MergeInput> {
        let cannot = || format!("{} cannot be merged", file_name(path));
        ensure!(
            path.as_os_str() != "-",
            "standard input cannot be merged, because each recording is read twice"
        );
        let input = Input::find(path, &Window::default())?;
        let (mut number, mut description, mut began) = (0, 0, None);
        let mut session = None;
        let completeness = read::read_input(&input, |event| {
            began.get_or_insert(event.at);
            number += 1;
            match event.what {
                What::Session(first) => session = session.take().or(Some(first)),
                What::Summary(summary) if description == 0 => {
                    began = Some(summary.began);
                    description = number;
                }
                _ => {}
            }
            Ok(())
        })?;
        let session = session.with_context(|| {
            let path = file_name(path);
            format!("{path} cannot be merged: it does not record its boot")
        })?;
        let mut input = MergeInput {
            path: path.to_owned(),
            chain: input.chain()?.0,
            input,
            completeness,
            session,
            head: None,
            began: began.unwrap_or(0),
            description,
            is_described: false,
            phase: Phase::Waiting,
        };
        input.next().with_context(cannot)?;
        Ok(input)
    }

    /// Returns the next event and reads the one after it.
    pub fn next(&mut self) -> Result<Option<Event>> {
        let cannot = || format!("{} cannot be read", file_name(&self.path));
        let next = self.chain.next_event().with_context(cannot)?;
        Ok(std::mem::replace(&mut self.head, next))
    }

    /// Returns true if all events have been taken.
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Returns the time at which the next event is merged, ns since boot.
    pub fn time(&self) -> Option<u64> {
        let at = self.head.as_ref()?.at;
        Some(if self.description > 0 {
            self.began
        } else {
            at.max(self.began)
        })
    }

    /// Returns the read position in its current file, in bytes.
    pub fn position(&self) -> u64 {
        self.chain.place().1
    }
}
