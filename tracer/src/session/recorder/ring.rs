//! The directory of a flight recorder while it is written: which segment is the
//! current one, and which old ones have to go, the oldest first: those past
//! their time, those beyond the size, and on a full disk whichever it takes.
//! What is in a segment this file must not know.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, bail};

use super::{super::story::Front, output};
use crate::{
    event::Utc,
    recording::{
        create,
        segments::{self, SegmentFile},
    },
    source::live,
};

/// No segment takes a larger part of what the directory may hold.
const SHARE: u64 = 8;

/// What a flight recorder keeps.
#[derive(Clone, Debug)]
pub struct Ring {
    pub dir: PathBuf,
    /// What ended longer ago goes.
    pub keep: Duration,
    /// And what is more than so many bytes.
    pub max_size: u64,
    /// For how long a segment goes on.
    pub segment: Duration,
}

/// The directory, and the segment that is being written.
pub struct Segments {
    ring: Ring,
    _held: File,
    old: VecDeque<Old>,
    current: SegmentFile,
    file: File,
}

/// A segment that is not written any more.
struct Old {
    path: PathBuf,
    bytes: u64,
    ended: Ended,
}

/// Clocks are set, and machines booted anew: within one boot its own clock
/// counts.
enum Ended {
    /// ns since this boot.
    InThisBoot(u64),
    Before(SystemTime),
}

impl Ring {
    /// Refuses what [`Segments::open`] would refuse, and touches nothing.
    pub fn may_open(&self) -> Result<()> {
        if segments::is_locked(&self.dir) == Some(true) {
            bail!("{}", self.busy());
        }
        Ok(())
    }

    fn busy(&self) -> String {
        format!(
            "{}: another tracer records there: give this one a directory of its own",
            self.dir.display()
        )
    }
}

impl Segments {
    /// Begins a segment behind those that are there; makes the directory if
    /// there is none. Reads the beginning of each segment.
    pub fn open(ring: &Ring) -> Result<Segments> {
        let dir = &ring.dir;
        let cannot = || format!("{} cannot hold recordings", dir.display());
        fs::create_dir_all(dir).with_context(cannot)?;
        let Some(held) = segments::lock(dir).with_context(cannot)? else {
            bail!("{}", ring.busy());
        };
        let listing = segments::list(dir).with_context(cannot)?;
        if listing.foreign > 0 {
            let others = listing.foreign;
            eprintln!(
                "tracer: {}: {others} files there are no segments, and left alone",
                dir.display()
            );
        }
        let number = listing.segments.last().map_or(1, |last| last.number + 1);
        let mut old = old(listing.segments).with_context(cannot)?;
        let (current, file) = begin(ring, number, &mut old).with_context(cannot)?;
        Ok(Segments {
            ring: ring.clone(),
            _held: held,
            old,
            current,
            file,
        })
    }

    /// The segments of earlier tracers, the latest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Path> {
        self.old.iter().rev().map(|old| old.path.as_path())
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns true if the current segment, which holds `bytes` and began with
    /// `opening` of them, has reached its share of the directory.
    pub fn is_full(&self, bytes: u64, opening: u64) -> bool {
        bytes >= (self.ring.max_size / SHARE).max(2 * opening)
    }

    /// The current segment has ended: goes on with another.
    pub fn turn(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let bytes = self.file.metadata()?.len();
        let next = begin(&self.ring, self.current.number + 1, &mut self.old)?;
        let (current, file) = (
            std::mem::replace(&mut self.current, next.0),
            std::mem::replace(&mut self.file, next.1),
        );
        drop(file);
        self.old.push_back(Old {
            path: current.path,
            bytes,
            ended: Ended::InThisBoot(live::now()),
        });
        Ok(())
    }

    /// Lets go of the old segments whose time is over, and of those for which
    /// there is no room beside the current one.
    pub fn trim(&mut self, current: u64) -> io::Result<()> {
        let mut all: u64 = current + self.old.iter().map(|old| old.bytes).sum::<u64>();
        while let Some(oldest) = self.old.front() {
            if all <= self.ring.max_size && oldest.age() < self.ring.keep {
                break;
            }
            all -= oldest.bytes;
            drop_oldest(&mut self.old)?;
        }
        Ok(())
    }
}

impl Write for Segments {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.file.write(bytes) {
                Err(error) if is_full(&error) && drop_oldest(&mut self.old)? => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the file of a segment.
fn begin(ring: &Ring, number: u64, old: &mut VecDeque<Old>) -> io::Result<(SegmentFile, File)> {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let now = Utc(since.as_nanos().try_into().unwrap_or(i64::MAX));
    let segment = SegmentFile::new(&ring.dir, number, now);
    let file = loop {
        match create(&segment.path, false) {
            Err(error) if is_full(&error) && drop_oldest(old)? => {}
            file => break file?,
        }
    };
    output::sync_directory(&segment.path);
    Ok((segment, file))
}

/// The disk has no room, or this user has none on it.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

/// Removes the oldest segment; false if there is none.
fn drop_oldest(old: &mut VecDeque<Old>) -> io::Result<bool> {
    let Some(oldest) = old.pop_front() else {
        return Ok(false);
    };
    // Without its recording the index is worth nothing, and most have none.
    let _ = fs::remove_file(segments::side_file_path(&oldest.path));
    match fs::remove_file(&oldest.path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        // Somebody else has removed it: as good.
        Err(_) | Ok(()) => Ok(true),
    }
}

/// The segments of earlier tracers.
fn old(segments: Vec<SegmentFile>) -> io::Result<VecDeque<Old>> {
    let boot = live::boot_id();
    let now = live::now();
    // One ended when the next began, or later than it was last written.
    let mut next = Some(now);
    let mut old = VecDeque::new();
    for SegmentFile { path, .. } in segments.into_iter().rev() {
        let metadata = fs::metadata(&path)?;
        let began = Front::read(path.clone())
            .filter(|front| front.session().boot_id == boot)
            .map(|front| front.at());
        let ended = match (began, next) {
            (Some(_), next) => Ended::InThisBoot(next.unwrap_or(now)),
            (None, _) => Ended::Before(metadata.modified()?),
        };
        next = began;
        old.push_front(Old {
            path,
            bytes: metadata.len(),
            ended,
        });
    }
    Ok(old)
}

impl Old {
    fn age(&self) -> Duration {
        match self.ended {
            Ended::InThisBoot(at) => Duration::from_nanos(live::now().saturating_sub(at)),
            // A clock that was set back makes nothing older.
            Ended::Before(at) => at.elapsed().unwrap_or_default(),
        }
    }
}
