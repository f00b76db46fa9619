//! Directories of segments, as the flight recorder writes them: which files are segments, their order,
//! and the lock of the recorder. This file must not know what segments contain or when they are
//! removed.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::lock;
use crate::event::Utc;

/// Name of the file that the recorder locks while it runs.
const LOCK: &str = ".lock";

/// Suffix of segments.
const SUFFIX: &str = ".trace";

/// Suffix that a side file adds to the name of its recording.
const SIDE: &str = ".index";

/// A segment file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentFile {
    /// Number that defines the order. It only rises, while clocks can be set back.
    pub number: u64,
    /// Path of the file.
    pub path: PathBuf,
}

/// The contents of a directory of segments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Segments in order.
    pub segments: Vec<SegmentFile>,
    /// Number of files that are neither segments nor belong to tracer.
    pub foreign: usize,
}

impl SegmentFile {
    /// Returns the segment with this number that begins at `at`.
    pub fn new(dir: &Path, number: u64, at: Utc) -> SegmentFile {
        let date = at.to_string().replace(['-', ':'], "");
        SegmentFile {
            number,
            path: dir.join(format!("{number:06}-{date}{SUFFIX}")),
        }
    }
}

/// Returns the path of a recording's side file. docs/recording-format.md specifies side files. Remove
/// it together with the recording.
pub fn side_file_path(recording: &Path) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(SIDE);
    name.into()
}

/// Returns the number in the name of a segment, or none if it is not a segment.
fn number(name: &str) -> Option<u64> {
    let (number, date) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let digits = number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !date.is_empty()).then(|| number.parse().ok())?
}

/// Returns true for the side file of a segment, even one that is being written.
fn is_side_file(name: &OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.split_once(SIDE));
    name.is_some_and(|(segment, _)| number(segment).is_some())
}

/// Lists a directory of segments. The cost is linear in the number of files.
pub fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        match name.to_str().and_then(number) {
            Some(number) => listing.segments.push(SegmentFile {
                number,
                path: entry.path(),
            }),
            None => {
                let is_own = name == LOCK || is_side_file(&name);
                listing.foreign += usize::from(!is_own);
            }
        }
    }
    listing.segments.sort();
    Ok(listing)
}

/// Locks a directory for writing until the returned file is dropped. Returns none if another recorder
/// holds the lock.
pub fn lock(dir: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(dir.join(LOCK))?;
    Ok(lock::acquire(&file)?.then_some(file))
}

/// Returns true if a recorder is running in the directory, or none if that cannot be determined.
pub fn is_locked(dir: &Path) -> Option<bool> {
    lock::is_being_written(&dir.join(LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_ordered_by_number() {
        let dir = std::env::temp_dir().join(format!("tracer-ring-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let later = SegmentFile::new(&dir, 999_999, Utc(1_800_000_000_000_000_000));
        let last = SegmentFile::new(&dir, 1_000_000, Utc(0));
        assert!(last.path.ends_with("1000000-19700101T000000Z.trace"));
        for path in [&later.path, &last.path] {
            File::create(path).unwrap();
        }
        for foreign in ["notes.txt", "12-x.trace", "000001.trace", "00000a-x.trace"] {
            File::create(dir.join(foreign)).unwrap();
        }
        for own in [&later.path, &last.path] {
            File::create(side_file_path(own)).unwrap();
        }
        File::create(side_file_path(&last.path).with_extension("index.7")).unwrap();
        let held = lock(&dir).unwrap().unwrap();
        assert!(lock(&dir).unwrap().is_none());
        assert_eq!(is_locked(&dir), Some(true));
        drop(held);
        assert_eq!(is_locked(&dir), Some(false));
        let listing = list(&dir).unwrap();
        assert_eq!(listing.segments, [later, last]);
        assert_eq!(listing.foreign, 4);
        fs::remove_dir_all(&dir).unwrap();
    }
}
