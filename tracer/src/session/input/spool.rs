//! Standard input as a file, so that playback can seek in a piped recording.
//!
//! A thread copies it to a temporary file without a name.

use std::{
    env,
    fs::File,
    io::{self, IsTerminal as _},
    os::fd::AsRawFd as _,
    path::PathBuf,
    thread,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    event::file_name,
    {recording, source::replay::STDIN_IS_TERMINAL},
};

/// Copy of standard input.
pub struct Spool {
    /// Keeps the file, and so the path, valid.
    file: File,
}

impl Spool {
    /// Starts to copy. The file counts as being written until the pipe ends.
    pub fn begin() -> Result<Spool> {
        let (spool, mut to) = Spool::create()?;
        thread::Builder::new()
            .name("tracer-spool".to_owned())
            .spawn(move || {
                if let Err(error) = io::copy(&mut io::stdin().lock(), &mut to) {
                    log::error!("standard input: {error}");
                }
            })
            .context("standard input cannot be read")?;
        Ok(spool)
    }

    /// Copies everything, until the pipe ends.
    pub fn complete() -> Result<Spool> {
        let (spool, mut to) = Spool::create()?;
        io::copy(&mut io::stdin().lock(), &mut to).context("standard input cannot be read")?;
        Ok(spool)
    }

    /// Creates the file. Returns the copy and the file to write to.
    fn create() -> Result<(Spool, File)> {
        ensure!(!io::stdin().is_terminal(), STDIN_IS_TERMINAL);
        let create = || -> io::Result<_> {
            // It has no name, so that no other process can open or replace it.
            let to = tempfile::tempfile()?;
            recording::lock(&to)?;
            let file = File::open(path_of(&to))?;
            Ok((Spool { file }, to))
        };
        create().with_context(|| {
            let folder = env::temp_dir();
            format!("standard input cannot be stored in {}", file_name(&folder))
        })
    }

    /// Returns a path by which the file can be opened any number of times.
    pub fn path(&self) -> PathBuf {
        path_of(&self.file)
    }
}

fn path_of(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}
