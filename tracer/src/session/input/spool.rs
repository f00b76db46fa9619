//! Standard input as a file, so that playback can seek in a piped recording.
//!
//! A thread copies it to a temporary file, which is unlinked at once.

use std::{
    env,
    fs::{self, File},
    io::{self, IsTerminal as _},
    os::fd::AsRawFd as _,
    path::PathBuf,
    process, thread,
};

use anyhow::{Context as _, Result, ensure};

use crate::{recording, source::replay::STDIN_IS_TERMINAL};

/// Copy of standard input.
pub struct Spool {
    /// Keeps the unlinked file, and so the path, valid.
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
        let path = env::temp_dir().join(format!("tracer-spool-{}", process::id()));
        let cannot = || format!("{} cannot be written", path.display());
        let to = recording::create(&path, false).with_context(cannot)?;
        let file = File::open(&path).with_context(cannot)?;
        fs::remove_file(&path).with_context(cannot)?;
        Ok((Spool { file }, to))
    }

    /// Returns a path by which the file can be opened any number of times.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }
}
