//! The directory of a flight recorder while it is written: the current segment
//! and the removal of old ones.
//!
//! The oldest segments are removed first: those above the age limit, those above
//! the size limit, and on a full disk as many as needed. This file must not know
//! the contents of a segment.

use std::{
    collections::VecDeque,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::fs::{FileType, OFlags};

use super::{
    disk::sync_directory,
    target::{FlightRecorder, Trust},
};
use crate::{
    event::Utc,
    recording::{
        lock,
        segments::{self, SegmentFile},
    },
    session::{
        console::notice::notify,
        files::folder::{Folder, Weakness},
        input::segment::SegmentHead,
    },
    source::live,
};

/// Inverse of the largest share of the size limit that one segment may take.
const SHARE: u64 = 8;

/// Directory of a flight recorder, locked, with its current segment.
pub struct Segments {
    ring: FlightRecorder,
    folder: Folder,
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
    match Folder::open(&ring.dir, ring.trust) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        folder => match folder.with_context(|| cannot_hold(&ring.dir))?.weakness() {
            Some(weakness) if !ring.insecure => bail!(insecure(&ring.dir, weakness)),
            _ => {}
        },
    }
    if segments::is_locked(&ring.dir) == Some(true) {
        return Err(busy(&ring.dir));
    }
    Ok(())
}

fn cannot_hold(dir: &Path) -> String {
    format!("{} cannot hold recordings", dir.display())
}

fn insecure(dir: &Path, weakness: &Weakness) -> anyhow::Error {
    anyhow!(
        "{}: {weakness}: choose a directory that only you and root can change, or accept that \
         others can remove and replace segments with --insecure-dir",
        cannot_hold(dir)
    )
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
        let cannot = || cannot_hold(dir);
        let folder = match Folder::create(dir, ring.trust, ring.insecure) {
            Err(error) => match Weakness::of(&error) {
                Some(weakness) => bail!(insecure(dir, weakness)),
                None => return Err(error).with_context(cannot),
            },
            Ok(folder) => folder,
        };
        let Some(lock) = lock_folder(&folder, ring.trust).with_context(cannot)? else {
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
        let (current, file) = begin(ring, &folder, number, &mut finished).with_context(cannot)?;
        Ok(Segments {
            ring: ring.clone(),
            folder,
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

    /// Returns true if later segments belong to the user that started tracer.
    pub fn are_given(&self) -> bool {
        self.ring.trust == Trust::Invoker
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
        let number = self.current.number + 1;
        let next = begin(&self.ring, &self.folder, number, &mut self.finished)?;
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
            remove_oldest(&self.folder, &mut self.finished)?;
        }
        Ok(())
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Err(error)
                    if is_disk_full(&error) && remove_oldest(&self.folder, &mut self.finished)? => {
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Locks the directory until the returned file is dropped. Returns `None` if another
/// recorder holds the lock. What is in the place of the lock file and could not be one, such
/// as a link, is removed.
fn lock_folder(folder: &Folder, trust: Trust) -> io::Result<Option<File>> {
    let name = OsStr::new(segments::LOCK);
    let file = loop {
        match folder.create_new(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let entry = folder.entry(name)?;
                let is_file = FileType::from_raw_mode(entry.st_mode) == FileType::RegularFile;
                if is_file && trust.includes(entry.st_uid) {
                    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK;
                    break folder.open_entry(name, flags)?;
                }
                folder.remove(name)?;
            }
            file => break file?,
        }
    };
    Ok(lock(&file)?.then_some(file))
}

/// Creates the file of a segment, with the next number if another file has its name.
fn begin(
    ring: &FlightRecorder,
    folder: &Folder,
    mut number: u64,
    finished: &mut VecDeque<Finished>,
) -> io::Result<(SegmentFile, File)> {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX));
    loop {
        let segment = SegmentFile::new(&ring.dir, number, now);
        let name = segment.path.file_name().unwrap_or_default();
        match folder.create_new(name) {
            Err(error) if is_disk_full(&error) && remove_oldest(folder, finished)? => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            file => {
                let file = file?;
                // No other recorder knows it.
                lock(&file)?;
                sync_directory(&segment.path);
                return Ok((segment, file));
            }
        }
    }
}

/// Returns true if the disk or the user's quota is full.
fn is_disk_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

/// Removes the oldest finished segment. Returns false if there is none.
fn remove_oldest(folder: &Folder, finished: &mut VecDeque<Finished>) -> io::Result<bool> {
    let Some(oldest) = finished.pop_front() else {
        return Ok(false);
    };
    // The index is useless without its recording. Most segments have none.
    let name = |path: &Path| path.file_name().unwrap_or_default().to_owned();
    let _ = folder.remove(&name(&segments::side_file_path(&oldest.path)));
    match folder.remove(&name(&oldest.path)) {
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
        let metadata = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
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
