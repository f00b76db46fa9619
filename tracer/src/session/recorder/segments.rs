//! The directory of a flight recorder while it is written: its current segment.
//!
//! Room is made before anything is written, so that all segments and side files
//! together stay within the size limit. This file must not know the contents of a
//! segment.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write},
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::fs::{FileType, OFlags};

use super::{
    disk::sync_directory,
    removable::{Finished, Moment, Removable},
    target::{FlightRecorder, Trust},
    watched_file::WatchedFile,
};
use crate::{
    event::{Utc, file_name},
    recording::{
        lock,
        segments::{self, SegmentFile},
    },
    session::{
        console::notice::notify,
        files::folder::{Folder, Weakness},
    },
};

/// Inverse of the share of the size limit at which a segment ends.
const SHARE: u64 = 8;

/// Directory of a flight recorder, locked, with its current segment.
pub struct Segments {
    ring: FlightRecorder,
    _lock: File,
    removable: Removable,
    current: SegmentFile,
    file: WatchedFile,
    /// Beginning of the current segment.
    began: Moment,
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
    format!("{} cannot hold recordings", file_name(dir))
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
        file_name(dir)
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
                file_name(dir)
            ));
        }
        let number = listing.segments.last().map_or(1, |last| last.number + 1);
        let mut removable = Removable::new(folder, dir, listing).with_context(cannot)?;
        // An earlier recorder may have had a larger limit.
        removable.make_room(ring.max_size).with_context(cannot)?;
        let (current, file) = begin(ring, number, &mut removable).with_context(cannot)?;
        Ok(Segments {
            ring: ring.clone(),
            _lock: lock,
            removable,
            current,
            file,
            began: Moment::now(),
        })
    }

    /// Returns the finished segments, the latest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Path> {
        self.removable.latest_first()
    }

    /// Returns the limits of the directory.
    pub fn ring(&self) -> &FlightRecorder {
        &self.ring
    }

    /// Returns true if later segments belong to the user that started tracer.
    pub fn are_given(&self) -> bool {
        self.ring.trust == Trust::Invoker
    }

    /// Returns the file of the current segment.
    pub fn file(&self) -> &WatchedFile {
        &self.file
    }

    /// Returns true if the current segment, which began with a snapshot of `opening`
    /// bytes, has reached its share of the directory.
    pub fn is_full(&self, opening: u64) -> bool {
        let limit = self.ring.max_size;
        self.file.written() >= (limit / SHARE).max(2 * opening).min(limit / 2)
    }

    /// Returns the time that all segments cover.
    pub fn history(&self) -> Duration {
        self.removable.oldest().unwrap_or(&self.began).age()
    }

    /// Returns true if a segment was removed before its age limit.
    pub fn is_shortened(&self) -> bool {
        self.removable.youngest_removed() < self.ring.keep
    }

    /// Ends the current segment and begins the next one.
    pub fn turn(&mut self) -> io::Result<()> {
        self.file.end()?;
        let next = begin(&self.ring, self.current.number + 1, &mut self.removable)?;
        let path = std::mem::replace(&mut self.current, next.0).path;
        let bytes = std::mem::replace(&mut self.file, next.1).written();
        self.removable.push(Finished {
            path,
            bytes,
            began: std::mem::replace(&mut self.began, Moment::now()),
            ended: Moment::now(),
        });
        Ok(())
    }

    /// Removes finished segments above the age limit.
    pub fn trim(&mut self) -> io::Result<()> {
        self.removable.trim(self.ring.keep)
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.file.written() + bytes.len() as u64;
        let limit = self.ring.max_size;
        self.removable.make_room(limit.saturating_sub(needed))?;
        loop {
            match self.file.write(bytes) {
                Err(error) if is_disk_full(&error) && self.removable.remove_one()? => {}
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
    mut number: u64,
    removable: &mut Removable,
) -> io::Result<(SegmentFile, WatchedFile)> {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX));
    loop {
        let segment = SegmentFile::new(&ring.dir, number, now);
        let name = segment.path.file_name().unwrap_or_default();
        match removable.folder().create_new(name) {
            Err(error) if is_disk_full(&error) && removable.remove_one()? => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            file => {
                let file = file?;
                // No other recorder knows it.
                lock(&file)?;
                sync_directory(&segment.path);
                let file = WatchedFile::new(file, &segment.path);
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
