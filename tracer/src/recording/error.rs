//! Errors that prevent a recording from being read at all. Damage is not among them: a reader
//! reports it and continues.

use std::{fmt, io};

use super::version::VERSION;
use crate::event::units;

/// Error returned when a recording cannot be read.
#[derive(Debug)]
pub enum Error {
    /// Reading failed.
    Io(io::Error),
    /// The input is not a recording.
    NotARecording,
    /// The recording ends before its first block.
    Empty,
    /// The session at the beginning of a segment is damaged, so its trace is unknown.
    Beginning,
    /// Its contents take more memory than [`MemoryLimit`](super::MemoryLimit) allows.
    OverMemoryLimit {
        /// The limit in bytes.
        bytes: u64,
    },
    /// The format version is not supported by this version of tracer.
    Version(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "it cannot be read: {error}"),
            Error::NotARecording => write!(
                f,
                "it is not a recording: `tracer record` and `tracer live --save` make those"
            ),
            Error::Empty => write!(
                f,
                "the recording is empty: tracer was stopped before it had written anything"
            ),
            Error::Beginning => write!(
                f,
                "its beginning is damaged, so the trace that it belongs to is unknown"
            ),
            Error::OverMemoryLimit { bytes } => write!(
                f,
                "its contents take more memory than allowed ({}): --memory SIZE allows more",
                units::bytes(*bytes),
            ),
            Error::Version(version) => write!(
                f,
                "the recording has format version {version}, but this tracer ({}) reads versions \
                 up to {VERSION}: use the tracer that recorded it, or a later one",
                env!("CARGO_PKG_VERSION"),
            ),
        }
    }
}

// `Display` includes the cause, so there is no `source`.
impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}
