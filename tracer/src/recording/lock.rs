//! Locks (flock) on recordings that are being written. A reader uses them to distinguish a running
//! recorder from one that was killed, because the kernel releases the locks of an exited process.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a regular file for reading. Never waits, as an open of a named pipe does.
///
/// # Errors
///
/// Fails if the path leads to something else than a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = options.read(true).custom_flags(flags).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

/// Locks a file for as long as it is open. Returns false if another process holds the lock. On a file
/// system without locks it always succeeds.
pub fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Returns true if a recorder is writing the file, or none if that cannot be determined.
pub fn is_being_written(path: &Path) -> Option<bool> {
    is_locked(&open_regular(path).ok()?)
}

/// Returns true if a recorder holds the lock of an open file, or none if that cannot be determined.
pub fn is_locked(file: &File) -> Option<bool> {
    match file.try_lock_shared() {
        Ok(()) => {
            // The caller may keep the file open.
            let _ = file.unlock();
            Some(false)
        }
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}
