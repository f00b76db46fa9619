//! The directory of a flight recorder while it is written: the current segment
//! and the removal of old ones.
//!
//! The oldest segments are removed first: those above the age limit, those above
//! the size limit, and on a full disk as many as needed. This file must not know
//! the contents of a segment.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, anyhow};

use super::{disk::sync_directory, target::FlightRecorder};
use crate::{
    event::Utc,
    recording::{
        create,
        segments::{self, SegmentFile},
    },
    session::{console::notice::notify, input::segment::SegmentHead},
    source::live,
};

/// Inverse of the largest share of the size limit that one segment may take.
const SHARE: u64 = 8;

/// Directory of a flight recorder, locked, with its current segment.
pub struct Segments {
    ring: FlightRecorder,
    _lock: File,
    finished: VecDeque<Finished>,
    current: SegmentFile,
    file: File,
}

/// Finished segment.
struct Finished {
    path: PathBuf,
    bytes: u64,
    ended: EndTime,
}

/// Time at which a segment ended.
///
/// Within one boot the monotonic clock counts, since the wall clock can be set.
enum EndTime {
    /// In this boot, ns since boot.
    ThisBoot(u64),
    /// In an earlier boot, by the wall clock.
    Earlier(SystemTime),
}

/// Checks the conditions of [`Segments::open`] without creating anything.
pub fn may_open(ring: &FlightRecorder) -> Result<()> {
    if segments::is_locked(&ring.dir) == Some(true) {
        return Err(busy(&ring.dir));
    }
    Ok(())
}

fn busy(dir: &Path) -> anyhow::Error {
    anyhow!(
        "{}: another tracer records there: choose another directory",
        dir.display()
    )
}

impl Segments {
    /// Begins a segment behind the existing ones. Creates the directory if it does
    /// not exist. Reads the beginning of each segment.
    pub fn open(ring: &FlightRecorder) -> Result<Segments> {
        let dir = &ring.dir;
        let cannot = || format!("{} cannot hold recordings", dir.display());
        fs::create_dir_all(dir).with_context(cannot)?;
        let Some(lock) = segments::lock(dir).with_context(cannot)? else {
            return Err(busy(dir));
        };
        let listing = segments::list(dir).with_context(cannot)?;
        if listing.foreign > 0 {
            let others = listing.foreign;
            notify(format_args!(
                "{}: {others} files in it are not segments and stay untouched",
                dir.display()
            ));
        }
        let number = listing.segments.last().map_or(1, |last| last.number + 1);
        let mut finished = finished(listing.segments).with_context(cannot)?;
        let (current, file) = begin(ring, number, &mut finished).with_context(cannot)?;
        Ok(Segments {
            ring: ring.clone(),
            _lock: lock,
            finished,
            current,
            file,
        })
    }

    /// Returns the finished segments, the latest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Path> {
        self.finished.iter().rev().map(|it| it.path.as_path())
    }

    /// Returns the file of the current segment.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns true if the current segment, which holds `bytes` and began with
    /// `opening` of them, has reached its share of the directory.
    pub fn is_full(&self, bytes: u64, opening: u64) -> bool {
        bytes >= (self.ring.max_size / SHARE).max(2 * opening)
    }

    /// Ends the current segment and begins the next one.
    pub fn turn(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let bytes = self.file.metadata()?.len();
        let next = begin(&self.ring, self.current.number + 1, &mut self.finished)?;
        let (current, file) = (
            std::mem::replace(&mut self.current, next.0),
            std::mem::replace(&mut self.file, next.1),
        );
        drop(file);
        self.finished.push_back(Finished {
            path: current.path,
            bytes,
            ended: EndTime::ThisBoot(live::now()),
        });
        Ok(())
    }

    /// Removes finished segments above the age limit, and those for which there is
    /// no room beside the current one, which holds `current` bytes.
    pub fn trim(&mut self, current: u64) -> io::Result<()> {
        let mut all: u64 = current + self.finished.iter().map(|it| it.bytes).sum::<u64>();
        while let Some(oldest) = self.finished.front() {
            if all <= self.ring.max_size && oldest.age() < self.ring.keep {
                break;
            }
            all -= oldest.bytes;
            remove_oldest(&mut self.finished)?;
        }
        Ok(())
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Err(error) if is_disk_full(&error) && remove_oldest(&mut self.finished)? => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Creates the file of a segment.
fn begin(
    ring: &FlightRecorder,
    number: u64,
    finished: &mut VecDeque<Finished>,
) -> io::Result<(SegmentFile, File)> {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX));
    let segment = SegmentFile::new(&ring.dir, number, now);
    let file = loop {
        match create(&segment.path, false) {
            Err(error) if is_disk_full(&error) && remove_oldest(finished)? => {}
            file => break file?,
        }
    };
    sync_directory(&segment.path);
    Ok((segment, file))
}

/// Returns true if the disk or the user's quota is full.
fn is_disk_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

/// Removes the oldest finished segment. Returns false if there is none.
fn remove_oldest(finished: &mut VecDeque<Finished>) -> io::Result<bool> {
    let Some(oldest) = finished.pop_front() else {
        return Ok(false);
    };
    // The index is useless without its recording. Most segments have none.
    let _ = fs::remove_file(segments::side_file_path(&oldest.path));
    match fs::remove_file(&oldest.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        // Another process has removed it.
        Err(_) | Ok(()) => Ok(true),
    }
}

/// Returns the segments of earlier recorders, with the time at which each ended.
fn finished(segments: Vec<SegmentFile>) -> io::Result<VecDeque<Finished>> {
    let boot = live::boot_id();
    let now = live::now();
    // A segment ended when the next one began. Without a next one in this boot,
    // the current time or the last write is taken.
    let mut next = Some(now);
    let mut finished = VecDeque::new();
    for SegmentFile { path, .. } in segments.into_iter().rev() {
        let metadata = fs::metadata(&path)?;
        let began = SegmentHead::read(path.clone())
            .filter(|head| head.session().boot_id == boot)
            .map(|head| head.at());
        let ended = match (began, next) {
            (Some(_), next) => EndTime::ThisBoot(next.unwrap_or(now)),
            (None, _) => EndTime::Earlier(metadata.modified()?),
        };
        next = began;
        finished.push_front(Finished {
            path,
            bytes: metadata.len(),
            ended,
        });
    }
    Ok(finished)
}

impl Finished {
    fn age(&self) -> Duration {
        match self.ended {
            EndTime::ThisBoot(at) => Duration::from_nanos(live::now().saturating_sub(at)),
            // After the clock was set back, the age counts as zero.
            EndTime::Earlier(at) => at.elapsed().unwrap_or_default(),
        }
    }
}
