//! The user's side of a command that is not a dashboard: exit codes, standard
//! output, notices, progress bars, signals, and tracer's own files. Imports no
//! other submodule of `session`.

pub mod diagnostics;
pub mod exit;
pub mod notice;
pub mod output;
pub mod paths;
pub mod progress;
pub mod report;
pub mod saved_filters;
pub mod stop_signals;
pub mod time_zone;
