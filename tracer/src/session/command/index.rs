//! `tracer index`: writes the side files of a recording ahead of time.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::{
    confinement,
    event::file_name,
    model::Retention,
    playback::IndexPass,
    session::{
        console::{exit::Exit, notice::notify, progress::Progress},
        files::rights,
        input::{
            read::{self, Notices},
            recording::Input,
            side_file,
            window::Window,
        },
    },
};

/// Events read between two updates of the progress bar.
const BATCH: usize = 20_000;

/// Options of `tracer index`.
pub struct Index {
    /// Recording, or directory of segments.
    pub path: PathBuf,
}

/// Reads the recording and writes its index.
pub fn index(index: &Index) -> Result<Exit> {
    let path = &index.path;
    ensure!(
        path.is_file() || path.is_dir(),
        "{} is neither a recording nor a directory of segments",
        file_name(path)
    );
    // The index is written beside each file, in the folder.
    let beside = match path.is_dir() {
        true => path.join("index"),
        false => path.clone(),
    };
    confinement::keep(&rights::rewriter([path], &beside));
    let input = Input::find(path, &Window::default())?;
    let span = input.playback(false)?.span();
    let span = span.with_context(|| format!("{} is empty", file_name(path)))?;
    let retention = Retention::default();
    let mut pass = IndexPass::new(input.chain()?.0, span, retention);
    let mut progress = Progress::new("indexing", path, Some(input.length()));
    let cannot = || format!("{} cannot be read", file_name(path));
    while pass.advance(BATCH).with_context(cannot)? {
        progress.show(pass.bytes());
    }
    drop(progress);
    side_file::write(&input, &pass, retention)?;
    let states = pass.states();
    notify(format_args!(
        "{}: {} events, {} states in {} KiB",
        file_name(path),
        pass.events(),
        states.iter().len(),
        states.size() >> 10
    ));
    let completeness = read::report(&input, pass.part_reports(), Notices::Emit);
    Ok(completeness.exit())
}
