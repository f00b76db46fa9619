//! The file of a recording while it is written. Other processes may remove, replace, rename,
//! truncate or extend it; that is noticed before the next bytes and at every sync.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    os::{fd::AsRawFd as _, unix::fs::MetadataExt as _},
    path::{Path, PathBuf},
};

/// File that knows how many bytes it must have.
pub struct WatchedFile {
    file: File,
    /// Path at which it was created.
    path: PathBuf,
    /// Bytes written.
    written: u64,
}

/// What another process has done to the file. It ends the recording.
#[derive(Debug)]
pub enum Tampering {
    /// The file has no name any more.
    Removed,
    /// Bytes at its end are lost.
    Truncated {
        /// Length found, bytes.
        left: u64,
        /// Bytes written before.
        written: u64,
    },
    /// Bytes follow the end mark.
    Extended {
        /// Number of bytes.
        bytes: u64,
    },
}

impl WatchedFile {
    /// Watches a file that was created at `path` and is empty.
    pub fn new(file: File, path: &Path) -> WatchedFile {
        WatchedFile {
            file,
            path: path.to_owned(),
            written: 0,
        }
    }

    /// Returns the number of bytes written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Syncs the file, so that everything written so far survives a power cut.
    ///
    /// # Errors
    ///
    /// Fails if the file was removed or truncated meanwhile, with a [`Tampering`].
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.check().map(drop)
    }

    /// Syncs the file after its last byte. Returns its new name, if it was renamed.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::sync`] does, and if another process has extended the file.
    pub fn end(&self) -> io::Result<Option<PathBuf>> {
        self.file.sync_data()?;
        let found = self.check()?;
        if let bytes @ 1.. = found.len() - self.written {
            return Err(io::Error::other(Tampering::Extended { bytes }));
        }
        let is_there = |it: fs::Metadata| (it.dev(), it.ino()) == (found.dev(), found.ino());
        if self.path.metadata().is_ok_and(is_there) {
            return Ok(None);
        }
        // The name that the kernel knows, if the file is reached by it.
        let link = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let name = fs::read_link(link).ok();
        Ok(name.filter(|name| name.metadata().is_ok_and(is_there)))
    }

    /// Returns the file's metadata if nothing of it is lost.
    fn check(&self) -> io::Result<fs::Metadata> {
        let (found, written) = (self.file.metadata()?, self.written);
        let left = found.len();
        if found.nlink() == 0 {
            return Err(io::Error::other(Tampering::Removed));
        }
        if left < written {
            return Err(io::Error::other(Tampering::Truncated { left, written }));
        }
        Ok(found)
    }
}

impl Write for WatchedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A write behind the end of a truncated file would give it its length back.
        if self.written > 0 {
            self.check()?;
        }
        let written = self.file.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tampering::Removed => write!(
                f,
                "the file was removed or replaced while it was being written, and its contents \
                 are lost"
            ),
            Tampering::Truncated { left: 0, .. } => write!(
                f,
                "the file was truncated while it was being written, and its contents are lost"
            ),
            Tampering::Truncated { left, written } => write!(
                f,
                "the file was truncated while it was being written: {left} of {written} bytes \
                 are left, of which `tracer repair` copies what can be read"
            ),
            Tampering::Extended { bytes } => write!(
                f,
                "another process wrote {bytes} bytes behind the end mark; the recording before \
                 them is whole"
            ),
        }
    }
}

impl std::error::Error for Tampering {}

impl Tampering {
    /// Returns what happened, if that is the cause of an error.
    pub fn of(error: &io::Error) -> Option<&Tampering> {
        error.get_ref()?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes to a file, changes it, and returns what is said then and at the end.
    fn tampered(change: impl FnOnce(&Path)) -> (String, String) {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("a.trace");
        let mut file = WatchedFile::new(File::create(&path).unwrap(), &path);
        file.write_all(&[1; 100]).unwrap();
        file.sync().unwrap();
        change(&path);
        let next = file.write_all(&[2; 100]);
        let next = next.map_or_else(|error| error.to_string(), |()| "written".to_owned());
        let end = match file.end() {
            Ok(None) => "there".to_owned(),
            Ok(Some(name)) => crate::event::file_name(name.file_name().unwrap()),
            Err(error) => error.to_string(),
        };
        (next, end)
    }

    #[test]
    fn what_others_do_to_the_file_is_noticed() {
        let none = tampered(|_| ());
        assert_eq!(none, ("written".to_owned(), "there".to_owned()));
        let (next, end) = tampered(|path| fs::remove_file(path).unwrap());
        assert!(
            next.contains("removed or replaced") && end == next,
            "{next}"
        );
        let (next, end) = tampered(|path| {
            fs::write(path.with_extension("new"), "x").unwrap();
            fs::rename(path.with_extension("new"), path).unwrap();
        });
        assert!(
            next.contains("removed or replaced") && end == next,
            "{next}"
        );
        let (next, end) = tampered(|path| File::create(path).map(drop).unwrap());
        assert!(
            next.contains("truncated") && next.contains("lost"),
            "{next}"
        );
        assert_eq!(end, next);
        let (next, end) = tampered(|path| fs::write(path, [0; 40]).unwrap());
        assert!(next.contains("40 of 100 bytes") && end == next, "{next}");
        let (next, end) = tampered(|path| fs::write(path, [0; 300]).unwrap());
        assert_eq!(next, "written");
        assert!(end.contains("100 bytes behind the end mark"), "{end}");
        let (next, end) = tampered(|path| fs::rename(path, path.with_extension("old")).unwrap());
        assert_eq!((next.as_str(), end.as_str()), ("written", "a.old"));
    }
}
