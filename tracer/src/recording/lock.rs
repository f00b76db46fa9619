//! Locks (flock) on recordings that are being written. A reader uses them to distinguish a running
//! recorder from one that was killed, because the kernel releases the locks of an exited process.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// Locks a file for as long as it is open. Returns false if another process holds the lock. On a file
/// system without locks it always succeeds.
pub(super) fn acquire(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Returns true if a recorder is writing the file, or none if that cannot be determined.
pub fn is_being_written(path: &Path) -> Option<bool> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}
