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
    event::file_name,
    model::{Archive, Retention},
    playback::{IndexPass, StateSpacing, States, TimelineMark},
    recording::Span,
    session::input::{
        recording::Input,
        side_file::{self, StoredIndex},
    },
};

/// Events read between two updates of the progress.
const BATCH: usize = 20_000;

/// Progress of the pass.
#[derive(Default)]
pub struct Progress {
    /// Summary of each slice of the recording, for the timeline, if it has changed.
    pub parts: Option<Vec<TimelineMark>>,
    /// Saved states, if there are more than in the last update.
    pub states: Option<States>,
    /// Archive of all evicted processes, at the end.
    pub archive: Option<Archive>,
    /// Number of events read.
    pub events: u64,
    /// True once the pass has ended.
    pub done: bool,
}

/// The purpose of a pass.
pub struct Plan {
    /// Retention of the model.
    pub retention: Retention,
    /// Empty archive, which the pass fills.
    pub archive: Archive,
    /// Index from side files, if there is one: the pass then only fills the archive.
    pub stored: Option<StoredIndex>,
    /// True to write side files.
    pub save: bool,
}

/// Pass that runs until it ends or this is dropped.
pub struct Indexing {
    latest: Arc<Mutex<Option<Progress>>>,
    cancelled: Arc<AtomicBool>,
}

impl Indexing {
    /// Starts a pass over a recording with that span.
    pub fn begin(input: Input, span: Span, plan: Plan) -> Indexing {
        let indexing = Indexing {
            latest: Arc::default(),
            cancelled: Arc::default(),
        };
        let (latest, cancelled) = (indexing.latest.clone(), indexing.cancelled.clone());
        thread::spawn(move || {
            if let Err(error) = run(&input, span, plan, &latest, &cancelled) {
                log::info!(
                    "{} has no index beside it: {error:#}",
                    file_name(&input.path)
                );
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

/// Runs the pass, unless it is cancelled.
fn run(
    input: &Input,
    span: Span,
    plan: Plan,
    latest: &Mutex<Option<Progress>>,
    cancelled: &AtomicBool,
) -> Result<()> {
    let mut pass = IndexPass::new(input.chain()?.0, span, plan.retention).archiving(plan.archive);
    if let Some(stored) = &plan.stored {
        let marks = stored.marks.clone();
        put(latest, |progress| progress.parts = Some(marks));
        // Its states are there already.
        pass = pass.spaced(StateSpacing::new(u64::MAX, 0));
    }
    let (mut reported, mut goes_on) = (0, true);
    while goes_on {
        goes_on = pass.advance(BATCH)?;
        if cancelled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let states = pass.states();
        // Each new state lies behind the earlier ones.
        let end = states.last().map_or(0, |state| state.place.events());
        let new = (end > reported).then(|| states.clone());
        reported = end;
        put(latest, |progress| {
            if plan.stored.is_none() {
                progress.parts = Some(pass.marks().to_vec());
            }
            progress.states = new.or(progress.states.take());
            progress.events = pass.events();
            progress.archive = (!goes_on).then(|| pass.archive().clone());
            progress.done = !goes_on;
        });
    }
    match plan.save {
        true => side_file::write(input, &pass, plan.retention),
        false => Ok(()),
    }
}

fn put(latest: &Mutex<Option<Progress>>, update: impl FnOnce(&mut Progress)) {
    let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
    update(latest.get_or_insert_default());
}
