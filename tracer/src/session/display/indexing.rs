//! The pass that indexes a recording while the dashboard shows it, in a thread of
//! its own. The player takes over its saved states and marks as they arrive.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Result;

use crate::{
    model::Retention,
    playback::{IndexPass, States, TimelineMark},
    recording::Span,
    session::input::{
        recording::Input,
        side_file::{self, StoredIndex},
    },
    source::replay,
};

/// Events read between two updates of the progress.
const BATCH: usize = 20_000;

/// Progress of the pass.
#[derive(Default)]
pub struct Progress {
    /// Summary of each slice of the recording, for the timeline.
    pub parts: Vec<TimelineMark>,
    /// Saved states, if there are more than in the last update.
    pub states: Option<States>,
    /// Number of events read.
    pub events: u64,
    /// True once the pass has ended.
    pub done: bool,
}

/// Pass that runs until it ends or this is dropped.
pub struct Indexing {
    latest: Arc<Mutex<Option<Progress>>>,
    cancelled: Arc<AtomicBool>,
}

impl Indexing {
    /// Returns a finished pass with an index from side files.
    pub fn done(index: StoredIndex) -> Indexing {
        let progress = Progress {
            parts: index.marks,
            states: Some(index.states),
            events: index.events,
            done: true,
        };
        Indexing {
            latest: Arc::new(Mutex::new(Some(progress))),
            cancelled: Arc::default(),
        }
    }

    /// Starts a pass over a recording with that span. With `save`, the result is
    /// written to the side files.
    pub fn begin(input: Input, span: Span, retention: Retention, save: bool) -> Indexing {
        let indexing = Indexing {
            latest: Arc::default(),
            cancelled: Arc::default(),
        };
        let (latest, cancelled) = (indexing.latest.clone(), indexing.cancelled.clone());
        thread::spawn(move || {
            let pass = pass(&input, span, retention, &latest, &cancelled);
            let done = pass.and_then(|pass| match pass {
                Some(pass) if save => side_file::write(&input, &pass, retention),
                Some(_) | None => Ok(()),
            });
            if let Err(error) = done {
                log::info!("{} has no index beside it: {error:#}", input.path.display());
                put(&latest, |progress| progress.done = true);
            }
        });
        indexing
    }

    /// Returns the progress since the last call, if there is any.
    pub fn take_update(&self) -> Option<Progress> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.take()
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Runs the pass. Returns `None` if it was cancelled.
fn pass(
    input: &Input,
    span: Span,
    retention: Retention,
    latest: &Mutex<Option<Progress>>,
    cancelled: &AtomicBool,
) -> Result<Option<IndexPass<replay::Bytes>>> {
    let mut pass = IndexPass::new(input.chain()?.0, span, retention);
    let mut reported = 0;
    loop {
        let goes_on = pass.advance(BATCH)?;
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let states = pass.states();
        // Each new state lies behind the earlier ones.
        let end = states.last().map_or(0, |state| state.place.events());
        let new = (end > reported).then(|| states.clone());
        reported = end;
        put(latest, |progress| {
            progress.parts = pass.marks().to_vec();
            progress.states = new.or(progress.states.take());
            progress.events = pass.events();
            progress.done = !goes_on;
        });
        if !goes_on {
            return Ok(Some(pass));
        }
    }
}

fn put(latest: &Mutex<Option<Progress>>, update: impl FnOnce(&mut Progress)) {
    let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
    update(latest.get_or_insert_default());
}
