//! Work on memory: touching and copying pages.

use std::{io, ptr};

use anyhow::{Result, ensure};

use crate::tasks::wait;

const PAGE: usize = 4096;
/// Fresh pages per round.
const TOUCHED: usize = 4096;
/// Pages that a child copies.
const COPIED: usize = 1024;

/// Private memory in small pages.
struct Pages {
    at: *mut u8,
    count: usize,
}

impl Pages {
    fn new(count: usize) -> Result<Pages> {
        let (protection, flags) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping wherever there is room.
        let at = unsafe { libc::mmap(ptr::null_mut(), count * PAGE, protection, flags, -1, 0) };
        ensure!(
            at != libc::MAP_FAILED,
            "mmap: {}",
            io::Error::last_os_error()
        );
        // SAFETY: a mapping of this object.
        unsafe { libc::madvise(at, count * PAGE, libc::MADV_NOHUGEPAGE) };
        Ok(Pages {
            at: at.cast(),
            count,
        })
    }

    fn write(&self) {
        for page in 0..self.count {
            // SAFETY: inside the mapping, which only this code writes.
            unsafe { self.at.add(page * PAGE).write_volatile(1) };
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: a mapping of this object, to which no reference is left.
        unsafe { libc::munmap(self.at.cast(), self.count * PAGE) };
    }
}

/// Causes one page fault for each of 4,096 new pages.
pub fn touch() -> Result<()> {
    Pages::new(TOUCHED)?.write();
    Ok(())
}

/// Forks a child that writes 1,024 pages shared with its parent.
pub fn copy_on_write() -> Result<impl FnMut() -> Result<()>> {
    let pages = Pages::new(COPIED)?;
    pages.write();
    Ok(move || {
        // SAFETY: the child writes memory and ends.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            pages.write();
            // SAFETY: ends the process.
            unsafe { libc::_exit(0) };
        }
        wait(pid)
    })
}
