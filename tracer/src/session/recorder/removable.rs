//! Files of a flight recorder that may be removed: side files and finished segments.
//!
//! Side files are removed first, because they can be made again; then the oldest
//! segments. This file must not know the current segment.

use std::{
    collections::VecDeque,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    recording::segments::{self, Listing, SegmentFile},
    session::{files::folder::Folder, input::segment::SegmentHead},
    source::live,
};

/// Minimum interval between two listings of side files, which readers write.
const LIST_EVERY: Duration = Duration::from_millis(500);

/// Inverse of the largest share of the time that listing may take.
const LIST_SHARE: u32 = 20;

/// Files of a flight recorder that may be removed.
pub struct Removable {
    folder: Folder,
    dir: PathBuf,
    /// Finished segments, the oldest first.
    finished: VecDeque<Finished>,
    /// Side files at the last listing and their sizes in bytes, the latest first.
    side_files: Vec<(PathBuf, u64)>,
    /// Earliest time of the next listing.
    list_at: Instant,
    /// Smallest age of a segment that was removed to make room.
    youngest_removed: Duration,
}

/// Finished segment.
pub struct Finished {
    /// File of the segment.
    pub path: PathBuf,
    /// Size in bytes.
    pub bytes: u64,
    /// Beginning of the segment.
    pub began: Moment,
    /// End of the segment.
    pub ended: Moment,
}

/// A time. Within one boot the monotonic clock counts, since the wall clock can be
/// set.
#[derive(Clone, Copy)]
pub enum Moment {
    /// In this boot, ns since boot.
    ThisBoot(u64),
    /// In an earlier boot, by the wall clock.
    Earlier(SystemTime),
}

impl Moment {
    /// Returns the current time.
    pub fn now() -> Moment {
        Moment::ThisBoot(live::now())
    }

    /// Returns the time that has passed since.
    pub fn age(&self) -> Duration {
        match *self {
            Moment::ThisBoot(at) => Duration::from_nanos(live::now().saturating_sub(at)),
            // After the clock was set back, the age counts as zero.
            Moment::Earlier(at) => at.elapsed().unwrap_or_default(),
        }
    }
}

impl Removable {
    /// Takes over what earlier recorders and readers left in the directory. Reads the
    /// beginning of each segment.
    pub fn new(folder: Folder, dir: &Path, listing: Listing) -> io::Result<Removable> {
        Ok(Removable {
            folder,
            dir: dir.to_owned(),
            finished: finished(listing.segments)?,
            side_files: sizes(listing.side_files),
            list_at: Instant::now() + LIST_EVERY,
            youngest_removed: Duration::MAX,
        })
    }

    /// Returns the directory.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Adds the segment that has just ended.
    pub fn push(&mut self, segment: Finished) {
        self.finished.push_back(segment);
    }

    /// Returns the paths of the segments, the latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = &Path> {
        self.finished.iter().rev().map(|it| it.path.as_path())
    }

    /// Returns the beginning of the oldest segment, if there is any.
    pub fn oldest(&self) -> Option<&Moment> {
        self.finished.front().map(|it| &it.began)
    }

    /// Returns the smallest age of a segment that was removed to make room;
    /// [`Duration::MAX`] if none was.
    pub fn youngest_removed(&self) -> Duration {
        self.youngest_removed
    }

    /// Removes segments that ended longer ago than `keep`.
    pub fn trim(&mut self, keep: Duration) -> io::Result<()> {
        while let Some(oldest) = self.finished.front()
            && oldest.ended.age() >= keep
        {
            self.remove_segment(&oldest.path)?;
            self.finished.pop_front();
        }
        Ok(())
    }

    /// Removes files until all of them have at most `limit` bytes.
    pub fn make_room(&mut self, limit: u64) -> io::Result<()> {
        self.list_if_due();
        while self.size() > limit && self.remove_one()? {}
        Ok(())
    }

    fn size(&self) -> u64 {
        let finished = self.finished.iter().map(|it| it.bytes);
        let side_files = self.side_files.iter().map(|(_, bytes)| bytes);
        finished.sum::<u64>() + side_files.sum::<u64>()
    }

    /// Removes a side file, or the oldest segment. Returns false if there is none.
    pub fn remove_one(&mut self) -> io::Result<bool> {
        if let Some((path, _)) = self.side_files.pop() {
            self.remove(&path)?;
        } else if let Some(oldest) = self.finished.pop_front() {
            self.youngest_removed = self.youngest_removed.min(oldest.ended.age());
            self.remove_segment(&oldest.path)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn list_if_due(&mut self) {
        let began = Instant::now();
        if began < self.list_at {
            return;
        }
        // The writer notices a directory that was removed.
        if let Ok(listing) = segments::list(&self.dir) {
            self.side_files = sizes(listing.side_files);
        }
        self.list_at = Instant::now() + LIST_EVERY.max(LIST_SHARE * began.elapsed());
    }

    /// Removes a segment and its side file.
    fn remove_segment(&self, path: &Path) -> io::Result<()> {
        // The side file is useless without its recording. Most segments have none.
        let _ = self.remove(&segments::side_file_path(path));
        self.remove(path)
    }

    /// Removes a file, which another process may have removed already.
    fn remove(&self, path: &Path) -> io::Result<()> {
        match self.folder.remove(path.file_name().unwrap_or_default()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) | Ok(()) => Ok(()),
        }
    }
}

/// Returns the sizes of the files that still exist, in reverse order.
fn sizes(files: Vec<PathBuf>) -> Vec<(PathBuf, u64)> {
    let sizes = files.into_iter().rev().filter_map(|path| {
        let bytes = fs::symlink_metadata(&path).ok()?.len();
        Some((path, bytes))
    });
    sizes.collect()
}

/// Returns the segments of earlier recorders.
fn finished(segments: Vec<SegmentFile>) -> io::Result<VecDeque<Finished>> {
    let boot = live::boot_id();
    let now = live::now();
    // A segment ended when the next one began. Without a next one in this boot,
    // the current time or the last write is taken.
    let mut next = Some(now);
    let mut finished = VecDeque::new();
    for SegmentFile { path, .. } in segments.into_iter().rev() {
        let metadata = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        let head = SegmentHead::read(path.clone());
        let wall = head.as_ref().and_then(|head| {
            let since = head.session().realtime(head.at()).try_into().ok()?;
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(since))
        });
        let at = head
            .filter(|head| head.session().boot_id == boot)
            .map(|head| head.at());
        let (began, ended) = match (at, next) {
            (Some(at), next) => (Moment::ThisBoot(at), Moment::ThisBoot(next.unwrap_or(now))),
            (None, _) => {
                let ended = metadata.modified()?;
                (
                    Moment::Earlier(wall.unwrap_or(ended)),
                    Moment::Earlier(ended),
                )
            }
        };
        next = at;
        finished.push_front(Finished {
            path,
            bytes: metadata.len(),
            began,
            ended,
        });
    }
    Ok(finished)
}
