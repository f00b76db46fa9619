//! `tracer index`: makes the side file of a recording ahead of time.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use super::{Exit, OK, progress::Progress, side, story::Story, window::Window};
use crate::{model::Retention, playback::IndexPass};

/// So many events are read between two looks at how long it takes.
const AT_ONCE: usize = 20_000;

pub struct Index {
    /// A recording, or a directory of segments.
    pub path: PathBuf,
}

pub fn index(index: &Index) -> Result<Exit> {
    let path = &index.path;
    ensure!(
        path.is_file() || path.is_dir(),
        "{} is neither a recording nor a directory of segments",
        path.display()
    );
    let story = Story::find(path, &Window::default())?;
    let span = story.playback(false)?.span();
    let span = span.with_context(|| format!("{} is empty", path.display()))?;
    let retention = Retention::default();
    let mut pass = IndexPass::new(story.chain()?.0, span, retention);
    let mut progress = Progress::new("indexing", path, Some(story.length()));
    while pass.advance(AT_ONCE)? {
        progress.show(pass.bytes());
    }
    drop(progress);
    side::write(&story, &pass, retention)?;
    let states = pass.states();
    eprintln!(
        "tracer: {}: {} events, {} states in {} KiB",
        path.display(),
        pass.events(),
        states.iter().len(),
        states.size() >> 10
    );
    Ok(OK)
}
