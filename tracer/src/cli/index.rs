//! `tracer index`: builds the index of a recording ahead of time.

use std::path::PathBuf;

use super::files::MemoryArgs;
use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Index};

#[derive(Args)]
#[command(after_help = "\
The index is written to FILE.index; in a directory, one beside each segment of the latest
trace. It is optional: the dashboard builds one in the background, and a recording without
an index is read from its beginning. Other versions of tracer ignore the index.

Examples:
  tracer index build.trace
  tracer index /var/lib/tracer                  index the latest trace of a flight recorder

Exit codes: 0 the index was written; 1 the recording cannot be read, or the index cannot
be written; 2 wrong usage; 3 the index was written, but a part of the recording is damaged
or missing.")]
pub struct IndexArgs {
    /// The recording, or a flight recorder's directory
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
    #[command(flatten)]
    memory: MemoryArgs,
}

impl IndexArgs {
    /// Runs the command and returns the exit code.
    pub fn run(self) -> Result<Exit> {
        self.memory.apply();
        session::index(&Index { path: self.file })
    }
}
