//! The user's side of a command that is not a dashboard: exit codes, standard
//! output, notices, progress bars and signals. Imports no other submodule of `session`.

pub mod diagnostics;
pub mod exit;
pub mod file_size_limit;
pub mod notice;
pub mod output;
pub mod progress;
pub mod report;
pub mod stop_signals;
pub mod time_zone;
mod unanswered;
