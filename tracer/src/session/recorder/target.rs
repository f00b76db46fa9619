//! Destination of a recording: a file, a pipe, or the directory of a flight
//! recorder.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

pub use crate::session::files::folder::Trust;
use crate::source::live::ArgumentBudget;

/// File or pipe that a recording is written to.
#[derive(Clone, Debug)]
pub struct Save {
    /// Path of the file; `-` is standard output.
    pub path: PathBuf,
    /// True if an existing file may be replaced.
    pub force: bool,
}

impl Save {
    /// Returns true if writing there would destroy the file `from`, under
    /// whatever name.
    pub fn replaces(&self, from: &Path) -> bool {
        let inode = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.dev(), file.ino()))
        };
        let is_stream = is_standard_output(&self.path);
        !is_stream && inode(&self.path).is_some_and(|it| inode(from) == Some(it))
    }
}

/// Directory of a flight recorder and its limits.
#[derive(Clone, Debug)]
pub struct FlightRecorder {
    /// Directory that holds the segments.
    pub dir: PathBuf,
    /// Age at which a finished segment is removed.
    pub keep: Duration,
    /// Maximum size of all segments, in bytes.
    pub max_size: u64,
    /// Duration after which the next segment begins.
    pub segment: Duration,
    /// True to accept a directory that other users can change.
    pub insecure: bool,
    /// Users that may own the directory; decides also the owner of what is created.
    pub trust: Trust,
}

impl FlightRecorder {
    /// Returns the maximum size of a snapshot, bytes before compression.
    pub fn snapshot_limit(&self) -> u64 {
        self.max_size / 4
    }

    /// Returns the budget of each user for arguments: they take at least a quarter of an
    /// hour to fill the directory.
    fn arguments(&self) -> ArgumentBudget {
        ArgumentBudget {
            burst: ArgumentBudget::default().burst.min(self.max_size / 16),
            refill: Duration::from_secs(60),
        }
    }

    /// Returns true if the blocks that wait to be written are not small against the
    /// size limit, so that each must be written before the next one is filled.
    pub fn is_small(&self) -> bool {
        self.max_size < 64 << 20
    }
}

/// Destination of a trace.
#[derive(Clone, Debug)]
pub enum Target {
    /// One file or a pipe.
    File(Save),
    /// Segments in the directory of a flight recorder.
    FlightRecorder(FlightRecorder),
}

impl Target {
    /// Returns the budget of each user for arguments.
    pub fn arguments(&self) -> ArgumentBudget {
        match self {
            Target::File(_) => ArgumentBudget::default(),
            Target::FlightRecorder(ring) => ring.arguments(),
        }
    }

    /// Returns the file or directory; `-` is standard output.
    pub fn path(&self) -> &Path {
        match self {
            Target::File(save) => &save.path,
            Target::FlightRecorder(ring) => &ring.dir,
        }
    }
}

/// Returns true for `-` and the kernel's names of standard output.
pub fn is_standard_output(path: &Path) -> bool {
    const NAMES: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
    NAMES.iter().any(|name| path == Path::new(name))
}
