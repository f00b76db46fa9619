//! The file or pipe that a recording goes to: made so that nobody else can
//! read it, synced so that it outlives the machine, watched so that one that
//! is removed does not go unnoticed.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::{Save, is_standard_output, ring::Segments};
use crate::recording;

pub enum Output {
    /// A file on a disk.
    File(File),
    /// A pipe or a device: what was written is out of our hands.
    Stream(File),
    /// A file of several, which are as good as one.
    Segments(Box<Segments>),
}

/// Refuses what [`Output::create`] would refuse, and touches nothing.
pub fn may_create(save: &Save) -> Result<()> {
    if is_standard_output(&save.path) {
        ensure!(
            !io::stdout().is_terminal(),
            "standard output is a terminal: a recording is not text; give a file, or pipe it on"
        );
    } else if !save.force && save.path.symlink_metadata().is_ok() {
        return Err(exists(&save.path));
    }
    Ok(())
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow!(
        "{} exists: choose another name, or --force to replace it",
        path.display()
    )
}

impl Output {
    pub fn create(save: &Save) -> Result<Output> {
        let path = &save.path;
        if is_standard_output(path) {
            // Not by way of std, which looks for line ends.
            let stdout = io::stdout().as_fd().try_clone_to_owned();
            let stdout = stdout.context("standard output cannot be written")?;
            return Ok(Output::Stream(stdout.into()));
        }
        let file = match recording::create(path, save.force) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(path)),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                return Err(anyhow!("{}: another tracer is writing it", path.display()));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be created", path.display()));
            }
        };
        if !file.metadata().is_ok_and(|file| file.is_file()) {
            return Ok(Output::Stream(file));
        }
        sync_directory(path);
        Ok(Output::File(file))
    }

    /// From here on, what was written survives a power cut.
    pub fn sync(&self) -> io::Result<()> {
        let file = match self {
            Output::File(file) => file,
            Output::Segments(segments) => segments.file(),
            Output::Stream(_) => return Ok(()),
        };
        file.sync_data()?;
        if file.metadata()?.nlink() == 0 {
            return Err(io::Error::other(
                "the file was removed while it was written, and what it held is lost",
            ));
        }
        Ok(())
    }
}

/// The name of a file must outlive the machine too. Where a directory cannot be
/// synced, the file system does it in its own time.
pub fn sync_directory(of: &Path) {
    let directory = of.parent().filter(|parent| *parent != Path::new(""));
    let directory = File::open(directory.unwrap_or(Path::new(".")));
    let _ = directory.and_then(|directory| directory.sync_all());
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::File(file) | Output::Stream(file) => file.write(bytes),
            Output::Segments(segments) => segments.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
