//! Growth of a recording that is still written: what comes next, and in which
//! file.
//!
//! The recorder holds a file lock while it runs. The kernel releases the lock
//! when the recorder is killed, which distinguishes that case from a slow recorder.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{recording::Input, segment::SegmentHead};
use crate::recording::{is_being_written, is_locked, open_regular, segments};

/// Tracks a recording that is still written.
pub struct Growth {
    /// Path as given on the command line.
    path: PathBuf,
    /// Segment that is written. `None` if the whole trace is in one file.
    last: Option<SegmentHead>,
    /// File that is written. Another one may take its name, which must not look as if this
    /// one grew.
    file: Option<File>,
    /// True if the reader has looked once more since the lock was released.
    checked_after_unlock: bool,
}

/// Result of looking for more.
pub enum Growing {
    /// Nothing yet.
    Nothing,
    /// Another segment.
    Segment(SegmentHead),
    /// Nothing more will come. `killed`: the recorder was killed before it could
    /// write the end mark.
    Ended {
        /// True if the recorder was killed.
        killed: bool,
    },
}

impl Growth {
    /// Starts to track an input.
    pub fn of(input: &Input) -> Growth {
        Growth {
            path: input.path.clone(),
            last: input.segments.last().cloned(),
            file: open_regular(input.path_of(input.segments.len().saturating_sub(1))).ok(),
            checked_after_unlock: false,
        }
    }

    /// Returns true if a recorder runs and has not written anything yet.
    pub fn awaits_first_event(path: &Path) -> bool {
        if path.is_dir() {
            let segments = segments::list(path).map_or_else(|_| Vec::new(), |it| it.segments);
            let has_begun = segments
                .into_iter()
                .rev()
                .any(|it| SegmentHead::read(it.path).is_some());
            return !has_begun && segments::is_locked(path) == Some(true);
        }
        path.is_file()
            && SegmentHead::read(path.to_owned()).is_none()
            && is_being_written(path) == Some(true)
    }

    /// Looks for more behind what has been read. `ended`: the end mark of the
    /// last segment has been read.
    pub fn poll(&mut self, ended: bool) -> Growing {
        let written = self.file.as_ref().and_then(is_locked);
        if written == Some(true) && !ended {
            self.checked_after_unlock = false;
            return Growing::Nothing;
        }
        if let Some(next) = self.next_segment() {
            self.file = open_regular(&next.path).ok();
            self.last = Some(next.clone());
            self.checked_after_unlock = false;
            return Growing::Segment(next);
        }
        let more_files = self.path.is_dir() && segments::is_locked(&self.path) == Some(true);
        // If locks are not supported, only the end mark is an end.
        if more_files || (written.is_none() && !ended) {
            return Growing::Nothing;
        }
        // The recorder may have written between the last read and the release of
        // its lock, so read once more.
        match ended || std::mem::replace(&mut self.checked_after_unlock, true) {
            true => Growing::Ended { killed: !ended },
            false => Growing::Nothing,
        }
    }

    /// Returns the segment behind the last one, if it has begun.
    fn next_segment(&self) -> Option<SegmentHead> {
        let last = self.last.as_ref().filter(|_| self.path.is_dir())?;
        let segments = segments::list(&self.path).ok()?.segments;
        let later = segments.into_iter().filter(|it| it.path > last.path);
        later
            .filter_map(|file| SegmentHead::read(file.path))
            .find(|head| last.is_before(head))
    }
}
