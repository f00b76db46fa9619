//! Creates the file of a recording, or opens the pipe or device in its place.
//!
//! A file that exists is replaced only on request, by a new one under the same name: what had
//! the old one open, under this name or another, keeps the old contents.

use std::{
    ffi::OsStr,
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rustix::fs::{FileType, OFlags, Stat};

use super::{
    folder::{Folder, Trust},
    invoker::{give, invoker},
};
use crate::{
    event::file_name,
    recording::{is_locked, lock},
    session::console::notice::notify,
};

/// Open destination of a recording.
pub enum Created {
    /// New file, locked for as long as it is open.
    File(File),
    /// Pipe or device.
    Stream(File),
}

/// What a path leads to before it is written.
enum Existing {
    File,
    Stream,
}

/// Checks the conditions of [`create`] without creating anything.
pub fn may_create(path: &Path, force: bool) -> Result<()> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    ensure!(force, exists(path));
    let (folder, name) = split(path)?;
    examine(path, &folder, name).map(drop)
}

/// Creates a file, or opens a pipe or a device. An existing one is used only with `force`.
///
/// # Errors
///
/// Fails if the file exists and may not be replaced, is being written, or cannot be created.
pub fn create(path: &Path, force: bool) -> Result<Created> {
    let cannot = || format!("{} cannot be created", file_name(path));
    let mut options = OpenOptions::new();
    let file = match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            ensure!(force, exists(path));
            let (folder, name) = split(path)?;
            match examine(path, &folder, name)? {
                Existing::Stream => return open_stream(path, &folder, name),
                Existing::File => folder.replace(name, |file| take_lock(file)),
            }
        }
        file => file.and_then(|file| {
            take_lock(&file)?;
            give(&file)?;
            Ok(file)
        }),
    };
    let file = file.with_context(cannot)?;
    if let Some(user) = invoker() {
        let (path, by) = (file_name(path), user.by);
        notify(format_args!("{path} belongs to {user}, the user of {by}"));
    }
    Ok(Created::File(file))
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow!(
        "{} exists: choose another name, or replace it with --force",
        file_name(path)
    )
}

fn take_lock(file: &File) -> io::Result<()> {
    match lock(file)? {
        true => Ok(()),
        false => Err(ErrorKind::ResourceBusy.into()),
    }
}

/// Returns the folder of a file, and the file's name in it.
fn split(path: &Path) -> Result<(Folder, &OsStr)> {
    let name = path.file_name();
    let name = name.ok_or_else(|| is_folder(path))?;
    let parent = path.parent().unwrap_or(Path::new(""));
    let folder = Folder::open(parent, Trust::Invoker);
    let folder = folder.with_context(|| format!("{} cannot be replaced", file_name(path)))?;
    Ok((folder, name))
}

fn is_folder(path: &Path) -> anyhow::Error {
    anyhow!("{} is a directory: name a file in it", file_name(path))
}

/// Returns what has the name of the recording now. Fails if it must not be written.
fn examine(path: &Path, folder: &Folder, name: &OsStr) -> Result<Existing> {
    let shown = file_name(path);
    let cannot = || format!("{shown} cannot be replaced");
    let entry = folder.entry(name).with_context(cannot)?;
    folder.check_owner(&entry).with_context(cannot)?;
    match kind(&entry) {
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
            // A file that cannot be read is not one that a recorder of ours writes.
            let old = folder.open_entry(name, flags).ok();
            let is_busy = old.and_then(|old| is_locked(&old)) == Some(true);
            ensure!(!is_busy, "{shown}: another tracer is writing it");
            Ok(Existing::File)
        }
        FileType::Directory => bail!(is_folder(path)),
        // As /dev/stderr is.
        FileType::Symlink if folder.target(name).is_ok_and(|it| is_stream(&it)) => {
            Ok(Existing::Stream)
        }
        FileType::Symlink => bail!(
            "{shown} is a symbolic link, and only a file is replaced: name the file that it \
             leads to, or remove the link"
        ),
        _ => Ok(Existing::Stream),
    }
}

fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

fn is_stream(stat: &Stat) -> bool {
    !matches!(kind(stat), FileType::RegularFile | FileType::Directory)
}

/// Opens a pipe or a device. Of a named pipe, waits for the reader.
fn open_stream(path: &Path, folder: &Folder, name: &OsStr) -> Result<Created> {
    let stream = folder.open_entry(name, OFlags::WRONLY);
    let stream = stream.with_context(|| format!("{} cannot be written", file_name(path)))?;
    // It may have been replaced since it was examined.
    ensure!(
        !stream.metadata()?.is_file(),
        "{} has changed meanwhile: try again",
        file_name(path)
    );
    Ok(Created::Stream(stream))
}

#[cfg(test)]
mod tests;
