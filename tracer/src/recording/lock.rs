//! Who writes holds a lock on what is written, so that whoever reads can tell a
//! recorder that is at work from one that was killed: the kernel lets go of the
//! locks of the dead.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

/// Locks a file that is written, for as long as it is open; false if another
/// has it. Where the file system knows no locks, nobody has it.
pub(super) fn acquire(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether a file is being written; none: that cannot be told.
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
