//! The file or pipe that a recording is written to.
//!
//! A file is readable by its owner only and synced, so that it survives a power
//! cut. What other processes do to it is noticed ([`super::watched_file`]).

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd as _,
    path::PathBuf,
};

use anyhow::{Context as _, Result, ensure};

use super::{
    disk::sync_directory,
    segments::Segments,
    target::{Save, is_standard_output},
    watched_file::WatchedFile,
};
use crate::session::files::create::{self, Created};

/// Open destination of a recording.
pub enum Output {
    /// File on a disk.
    File(WatchedFile),
    /// Pipe or device, which cannot be synced.
    Stream(File),
    /// Segments of a flight recorder, written one after the other.
    Segments(Box<Segments>),
}

/// Checks the conditions of [`Output::create`] without creating anything.
pub fn may_create(save: &Save) -> Result<()> {
    if is_standard_output(&save.path) {
        ensure!(
            !io::stdout().is_terminal(),
            "standard output is a terminal, and a recording is not text: name a file, or pipe it"
        );
        return Ok(());
    }
    create::may_create(&save.path, save.force)
}

impl Output {
    /// Creates the file or takes standard output.
    pub fn create(save: &Save) -> Result<Output> {
        let path = &save.path;
        if is_standard_output(path) {
            // std's handle flushes at line ends, which a recording does not have.
            let stdout = io::stdout().as_fd().try_clone_to_owned();
            let stdout = stdout.context("standard output cannot be written")?;
            return Ok(Output::Stream(stdout.into()));
        }
        Ok(match create::create(path, save.force)? {
            Created::Stream(stream) => Output::Stream(stream),
            Created::File(file) => {
                sync_directory(path);
                Output::File(WatchedFile::new(file, path))
            }
        })
    }

    /// Syncs the file, so that everything written so far survives a power cut.
    ///
    /// # Errors
    ///
    /// Fails if the file was removed or truncated meanwhile.
    pub fn sync(&self) -> io::Result<()> {
        match self {
            Output::File(file) => file.sync(),
            Output::Segments(segments) => segments.file().sync(),
            Output::Stream(_) => Ok(()),
        }
    }

    /// Syncs the file after its last byte. Returns its new name, if it was renamed.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::sync`] does, and if another process has extended the file.
    pub fn end(&self) -> io::Result<Option<PathBuf>> {
        match self {
            Output::File(file) => file.end(),
            Output::Segments(segments) => segments.file().end().map(|_| None),
            Output::Stream(_) => Ok(None),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::File(file) => file.write(bytes),
            Output::Stream(file) => file.write(bytes),
            Output::Segments(segments) => segments.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
