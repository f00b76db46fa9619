//! The end of a recording: the writer thread writes what is left.

use std::{fmt, path::PathBuf, sync::Arc, thread::JoinHandle, time::Duration};

use anyhow::{Error, Result, anyhow};

use super::{
    watched_file::Tampering,
    writer_thread::{Complete, Failure, WriterProgress},
};
use crate::event::{file_name, units};

/// Recording whose last events are being written.
pub struct Ending {
    pub(super) path: PathBuf,
    pub(super) progress: Arc<WriterProgress>,
    pub(super) writer: JoinHandle<Result<Complete, Failure>>,
    /// Number of sessions repeated at the beginning of later segments.
    pub(super) repeated: u64,
    /// History of a flight recorder, if it is shorter than its age limit.
    pub(super) shortened: Option<ShortenedHistory>,
}

/// History of a flight recorder that is shorter than its age limit, because there was
/// no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortenedHistory {
    /// Time that the segments cover.
    pub held: Duration,
    /// Age limit.
    pub asked: Duration,
}

impl fmt::Display for ShortenedHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |of: Duration| units::duration(of.as_nanos() as u64);
        let (held, asked) = (text(self.held), text(self.asked));
        write!(f, "keeps {held} instead of {asked}: no room for more")
    }
}

/// Finished recording.
pub struct Finished {
    /// File or directory.
    pub path: PathBuf,
    /// Number of events, without repeated sessions.
    pub events: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// History of a flight recorder, if it is shorter than its age limit.
    pub shortened: Option<ShortenedHistory>,
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, size) = (file_name(&self.path), units::bytes(self.bytes));
        write!(f, "{path}: {} events, {size}", self.events)
    }
}

impl Ending {
    /// Returns true once everything is written or writing has failed.
    pub fn is_over(&self) -> bool {
        self.writer.is_finished()
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// Fails if writing failed at any time. The message says what can be read.
    pub fn join(self) -> Result<Finished> {
        let Ending {
            path,
            writer,
            repeated,
            shortened,
            ..
        } = self;
        let outcome = writer
            .join()
            .map_err(|_| anyhow!("{}: the writer thread has crashed", file_name(&path)))?;
        match outcome {
            Ok(Complete { written, renamed }) => Ok(Finished {
                path: renamed.unwrap_or(path),
                events: written.events - repeated.min(written.events),
                bytes: written.bytes,
                shortened,
            }),
            Err(Failure { why, .. }) if Tampering::of(&why).is_some() => {
                Err(anyhow!("{}: {why}", file_name(&path)))
            }
            Err(Failure { why, kept }) => Err(anyhow!(
                "{}: {why}; the {} events written before can be read with `tracer replay`",
                file_name(&path),
                kept.events - repeated.min(kept.events),
            )),
        }
    }

    /// Leaves the writer thread to itself, which the end of the process ends. Returns the
    /// error to report.
    pub fn give_up(self) -> Error {
        let events = match self.progress.backlog.events() {
            0 => "its end was".to_owned(),
            1 => "1 event was".to_owned(),
            events => format!("{events} events were"),
        };
        anyhow!(
            "{}: it takes no more data, and {events} not written; what was written before can \
             be read with `tracer replay`",
            file_name(&self.path)
        )
    }
}
