//! Directories of segments, as the flight recorder writes them: which files are segments, their order,
//! and the lock of the recorder. This file must not know what segments contain or when they are
//! removed.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use super::lock;
use crate::event::Utc;

/// Name of the file that the recorder locks while it runs.
pub const LOCK: &str = ".lock";

/// Suffix of segments.
const SUFFIX: &str = ".trace";

/// Suffix that a side file adds to the name of its recording.
const SIDE: &str = ".index";

/// Largest number of a segment: one a second for 31 million years. Files with larger numbers are
/// foreign, so that the number after the last one exists.
const MAX_NUMBER: u64 = 1_000_000_000_000_000;

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
    /// Side files of segments, finished or not, in the order of their names.
    pub side_files: Vec<PathBuf>,
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
    let number = number.parse().ok().filter(|&it| it <= MAX_NUMBER)?;
    (digits && !date.is_empty()).then_some(number)
}

/// Returns true for the side file of a segment, even one that is being written.
fn is_side_file(name: &OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.split_once(SIDE));
    name.is_some_and(|(segment, _)| number(segment).is_some())
}

/// Lists a directory of segments. Links, directories and pipes are not segments, whatever their
/// names. The cost is linear in the number of files.
pub fn list(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        match name.to_str().and_then(number).filter(|_| is_file) {
            Some(number) => listing.segments.push(SegmentFile {
                number,
                path: entry.path(),
            }),
            None if is_side_file(&name) && is_file => listing.side_files.push(entry.path()),
            None if is_side_file(&name) => {}
            None => listing.foreign += usize::from(name != LOCK),
        }
    }
    listing.segments.sort();
    listing.side_files.sort();
    Ok(listing)
}

/// Returns true if a recorder is running in the directory, or none if that cannot be determined.
pub fn is_locked(dir: &Path) -> Option<bool> {
    lock::is_being_written(&dir.join(LOCK))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        os::unix::{fs::symlink, net::UnixListener},
    };

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
        let top = format!("{}-x.trace", u64::MAX);
        for foreign in [
            "notes.txt",
            "12-x.trace",
            "000001.trace",
            "00000a-x.trace",
            &top,
        ] {
            File::create(dir.join(foreign)).unwrap();
        }
        symlink(&last.path, dir.join("2000000-link.trace")).unwrap();
        symlink("/nowhere", dir.join("2000000-dangling.trace")).unwrap();
        fs::create_dir(dir.join("2000000-folder.trace")).unwrap();
        UnixListener::bind(dir.join("2000000-socket.trace")).unwrap();
        for own in [&later.path, &last.path] {
            File::create(side_file_path(own)).unwrap();
        }
        File::create(side_file_path(&last.path).with_extension("index.7")).unwrap();
        assert_eq!(is_locked(&dir), None);
        let held = File::create(dir.join(LOCK)).unwrap();
        assert!(lock::lock(&held).unwrap());
        assert_eq!(is_locked(&dir), Some(true));
        drop(held);
        assert_eq!(is_locked(&dir), Some(false));
        let listing = list(&dir).unwrap();
        assert_eq!(listing.segments, [later, last]);
        assert_eq!((listing.side_files.len(), listing.foreign), (3, 9));
        fs::remove_dir_all(&dir).unwrap();
    }
}
