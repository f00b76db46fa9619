//! Exit codes of tracer's commands.

/// Exit code of a command.
pub type Exit = u8;

/// Exit code of a command that succeeded.
pub const OK: Exit = 0;

/// Exit code for an incomplete recording: it ends before the trace did, a part of
/// it cannot be read, or something follows its end. The rest was read or written.
pub const RECORDING_INCOMPLETE: Exit = 3;
