//! Why a recording cannot be read at all. Damage is not in here: a reader
//! reports it and goes on.

use std::{fmt, io};

use super::version::VERSION;

#[derive(Debug)]
pub enum Error {
    Io(io::Error),
    NotARecording,
    /// It ends before its first block.
    Empty,
    /// What it begins with, which says what it is a part of, is damaged.
    Beginning,
    /// It is in a version of the format that this tracer does not know.
    Version(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "it could not be read: {error}"),
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
                "its beginning is damaged, which says of what trace it is a part"
            ),
            Error::Version(version) => write!(
                f,
                "the recording has format version {version} and this tracer ({}) reads those up \
                 to {VERSION}: replay it with the tracer that recorded it, or a later one",
                env!("CARGO_PKG_VERSION"),
            ),
        }
    }
}

// `Display` says it all, the cause included.
impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}
