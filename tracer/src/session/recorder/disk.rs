//! Durability of file names.

use std::{fs::File, path::Path};

/// Syncs the directory of a file, so that its name survives a power cut.
///
/// If a directory cannot be synced, the file system writes it later by itself.
pub fn sync_directory(of: &Path) {
    let directory = of.parent().filter(|parent| *parent != Path::new(""));
    let directory = File::open(directory.unwrap_or(Path::new(".")));
    let _ = directory.and_then(|directory| directory.sync_all());
}
