//! A recording that is still being written: whether more will come, and in
//! which file. The recorder's lock tells: who is killed lets go of it.

use std::path::{Path, PathBuf};

use super::story::{Front, Story};
use crate::recording::{is_being_written, segments};

pub struct Growth {
    /// As it was asked for.
    path: PathBuf,
    /// The part that is written; none where the whole trace is in one file.
    last: Option<Front>,
    /// Nobody writes any more, and all that was written has been looked at
    /// since.
    looked: bool,
}

/// What comes after what is there.
pub enum More {
    /// Nothing yet.
    Wait,
    /// Another part.
    Part(Front),
    /// Nothing. Whether the recorder was killed, and has not ended it.
    Over { killed: bool },
}

impl Growth {
    pub fn of(story: &Story) -> Growth {
        Growth {
            path: story.path.clone(),
            last: story.fronts.last().cloned(),
            looked: false,
        }
    }

    /// A recorder is at work there and has not written anything yet.
    pub fn is_awaited(path: &Path) -> bool {
        if path.is_dir() {
            let segments = segments::list(path).map_or_else(|_| Vec::new(), |it| it.segments);
            let begun = segments
                .into_iter()
                .rev()
                .any(|it| Front::read(it.path).is_some());
            return !begun && segments::is_locked(path) == Some(true);
        }
        path.is_file()
            && Front::read(path.to_owned()).is_none()
            && is_being_written(path) == Some(true)
    }

    /// What comes behind what has been read; `ended`: the last part has its end
    /// mark.
    pub fn more(&mut self, ended: bool) -> More {
        let file = self.last.as_ref().map_or(&self.path, |last| &last.path);
        let written = is_being_written(file);
        if written == Some(true) && !ended {
            self.looked = false;
            return More::Wait;
        }
        if let Some(next) = self.next() {
            self.last = Some(next.clone());
            self.looked = false;
            return More::Part(next);
        }
        let more_files = self.path.is_dir() && segments::is_locked(&self.path) == Some(true);
        // Where no lock can be asked for, only the end mark is an end.
        if more_files || (written.is_none() && !ended) {
            return More::Wait;
        }
        match ended || std::mem::replace(&mut self.looked, true) {
            true => More::Over { killed: !ended },
            false => More::Wait,
        }
    }

    /// The part behind the last one, if there is one yet.
    fn next(&self) -> Option<Front> {
        let last = self.last.as_ref().filter(|_| self.path.is_dir())?;
        let segments = segments::list(&self.path).ok()?.segments;
        let later = segments.into_iter().filter(|it| it.path > last.path);
        later
            .filter_map(|segment| Front::read(segment.path))
            .find(|front| last.is_before(front))
    }
}
