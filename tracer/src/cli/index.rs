//! `index`: what makes jumps in a recording quick, ahead of time.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use tracer::session::{self, Exit, Index};

#[derive(Args)]
#[command(after_help = "\
The index is written to FILE.index, for a directory beside each segment. It is never
needed: the dashboard makes it too, and a recording without one is read from its
beginning. Only the tracer version that wrote it uses it.

Examples:
  tracer index build.trace
  tracer index /var/lib/tracer                  the segments of a flight recorder")]
pub struct IndexArgs {
    /// The recording, or a directory with segments
    #[arg(value_hint = ValueHint::AnyPath)]
    file: PathBuf,
}

impl IndexArgs {
    pub fn run(self) -> Result<Exit> {
        session::index(&Index { path: self.file })
    }
}
