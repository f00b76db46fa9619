//! Rights that a command of tracer keeps: what it reads and where it writes.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::paths;
use crate::confinement::{Capability, Rights, Writes};

/// Capabilities with which root opens files of other users, and gives them its own.
const FILES: [Capability; 4] = [
    Capability::CAP_CHOWN,
    Capability::CAP_DAC_OVERRIDE,
    Capability::CAP_DAC_READ_SEARCH,
    Capability::CAP_FOWNER,
];

/// Returns the rights of a command that reads recordings and prints.
pub fn reader<'a>(inputs: impl IntoIterator<Item = &'a PathBuf>) -> Rights {
    rewriter(inputs, Path::new("-"))
}

/// Returns the rights of a command that reads recordings and writes another file. `-` is
/// standard input and output.
pub fn rewriter<'a>(inputs: impl IntoIterator<Item = &'a PathBuf>, to: &Path) -> Rights {
    let standard = |path: &Path| path == Path::new("-");
    // Standard input may have to be copied, to be read twice.
    let copies = inputs.into_iter().any(|path| standard(path));
    let mut folders: Vec<_> = copies.then(env::temp_dir).into_iter().collect();
    if !standard(to) {
        // The file may be a link to another folder, as /dev/stdout is.
        folders.extend([folder_of(to), to.to_owned()]);
    }
    Rights {
        capabilities: FILES.to_vec(),
        reads: true,
        writes: match folders.is_empty() {
            true => Writes::None,
            false => Writes::Beneath(folders),
        },
        ..Rights::default()
    }
}

/// Returns the rights of the thread that writes a recording that is open, or the segments in
/// a folder.
pub fn writer(segments: Option<&Path>) -> Rights {
    match segments {
        None => Rights::default(),
        Some(folder) => Rights {
            capabilities: vec![Capability::CAP_DAC_OVERRIDE],
            writes: Writes::Beneath(vec![folder.to_owned()]),
            ..Rights::default()
        },
    }
}

/// Returns where a dashboard writes: exports in the current folder, its state and the saved
/// filters, whose folders are created, and in `others`.
pub fn dashboard_writes(others: impl IntoIterator<Item = PathBuf>) -> Writes {
    let own = [paths::state("dashboard"), paths::config("filters")];
    let own = own.into_iter().flatten().filter(|file| {
        // Where the folder cannot be made, saving fails later, with the reason.
        paths::folder_of(file).is_ok()
    });
    let own = own.filter_map(|file| Some(file.parent()?.to_owned()));
    let current = env::current_dir().ok();
    Writes::Beneath(current.into_iter().chain(own).chain(others).collect())
}

/// Returns the folder of a file, also of one named without a folder.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => env::current_dir().unwrap_or_else(|_| ".".into()),
    }
}
