//! The error of every decoder of payload bytes.

/// Error returned when bytes cannot have been produced by any writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;
