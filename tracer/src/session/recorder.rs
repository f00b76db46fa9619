//! Keeps the stream in a file or a pipe. A full disk ends the recording, never
//! the program that is being traced, and what was written stays readable.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};

use crate::{
    event::Event,
    recording::{self, Written},
};

/// Where to, and whether a file may be replaced.
#[derive(Clone, Debug)]
pub struct Save {
    /// `-` is standard output.
    pub path: PathBuf,
    pub force: bool,
}

pub struct Recorder {
    writer: recording::Writer<Box<dyn Write>>,
    path: PathBuf,
    error: Option<io::Error>,
}

/// What came of it.
pub struct Kept {
    pub path: PathBuf,
    pub events: u64,
    pub bytes: u64,
}

impl Recorder {
    /// Refuses what [`Self::create`] would refuse, and touches nothing.
    pub fn may_create(save: &Save) -> Result<()> {
        if save.path == Path::new("-") {
            ensure!(
                !io::stdout().is_terminal(),
                "standard output is a terminal: a recording is not text; give a file, or pipe it on"
            );
        } else if !save.force && save.path.symlink_metadata().is_ok() {
            return Err(exists(&save.path));
        }
        Ok(())
    }

    pub fn create(save: &Save) -> Result<Recorder> {
        let path = save.path.clone();
        let out = open(&path, save.force)?;
        let writer = recording::Writer::new(out)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Recorder {
            writer,
            path,
            error: None,
        })
    }

    pub fn take(&mut self, event: &Event) {
        if self.error.is_none() {
            self.error = self.writer.write(event).err();
        }
    }

    /// From here on, what was taken survives a crash.
    pub fn flush(&mut self) {
        if self.error.is_none() {
            self.error = self.writer.flush().err();
        }
    }

    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    pub fn bytes(&self) -> u64 {
        self.writer.written().bytes
    }

    pub fn finish(self) -> Result<Kept> {
        let Recorder {
            writer,
            path,
            error,
        } = self;
        let before = writer.written();
        let finished = match error {
            Some(error) => Err(error),
            None => writer.finish().map(|(written, _)| written),
        };
        match finished {
            Ok(Written { events, bytes }) => Ok(Kept {
                path,
                events,
                bytes,
            }),
            Err(error) => Err(anyhow!(
                "{}: {error}; what was written before ({} events) can be read with `tracer replay`",
                path.display(),
                before.events,
            )),
        }
    }
}

fn open(path: &Path, force: bool) -> Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdout().lock()));
    }
    let file: io::Result<File> = recording::create(path, force);
    match file {
        Ok(file) => Ok(Box::new(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(error).with_context(|| format!("{} cannot be created", path.display())),
    }
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow!(
        "{} exists: choose another name, or --force to replace it",
        path.display()
    )
}
