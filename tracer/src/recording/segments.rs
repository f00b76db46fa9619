//! A directory of segments, as whoever writes or reads one sees it: which files
//! are segments, in which order, and who may write. What is in a segment and
//! when one has to go this file must not know.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::lock;
use crate::event::Utc;

/// Held by the recorder for as long as it is at work.
const LOCK: &str = ".lock";

const SUFFIX: &str = ".trace";

const SIDE: &str = ".index";

/// A segment by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentFile {
    /// What the order is by: clocks are set, numbers only rise.
    pub number: u64,
    pub path: PathBuf,
}

/// What is in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In their order.
    pub segments: Vec<SegmentFile>,
    /// How many other files there are.
    pub foreign: usize,
}

impl SegmentFile {
    /// The name of a segment that is begun at that moment.
    pub fn new(dir: &Path, number: u64, at: Utc) -> SegmentFile {
        let date = at.to_string().replace(['-', ':'], "");
        SegmentFile {
            number,
            path: dir.join(format!("{number:06}-{date}{SUFFIX}")),
        }
    }
}

/// What is known of a recording beside it: see docs/recording-format.md. It goes
/// when its recording goes.
pub fn side_file_path(recording: &Path) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(SIDE);
    name.into()
}

/// The number of a segment's name; none: it is not one.
fn number(name: &str) -> Option<u64> {
    let (number, date) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let digits = number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && !date.is_empty()).then(|| number.parse().ok())?
}

/// Of a segment, also one that is being written.
fn is_side_file(name: &OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.split_once(SIDE));
    name.is_some_and(|(segment, _)| number(segment).is_some())
}

/// Looks through a directory. Linear in its files.
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

/// Takes a directory for writing, until what is returned is dropped; none if
/// another recorder has it.
pub fn lock(dir: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(dir.join(LOCK))?;
    Ok(lock::acquire(&file)?.then_some(file))
}

/// Whether a recorder is at work in a directory; none: that cannot be told.
pub fn is_locked(dir: &Path) -> Option<bool> {
    lock::is_being_written(&dir.join(LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_give_the_order_whatever_the_clock_says() {
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
