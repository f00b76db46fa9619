//! The pass over a recording that the dashboard shows, in a thread of its own:
//! its states and marks are taken over as they come.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Result;

use super::{
    side::{self, Known},
    story::Story,
};
use crate::{
    model::Retention,
    playback::{IndexPass, States, TimelineMark},
    recording::Span,
    source::replay,
};

/// So many events are read between two looks at what is wanted.
const AT_ONCE: usize = 20_000;

/// How far the pass has come.
#[derive(Default)]
pub struct Progress {
    /// What happened when.
    pub parts: Vec<TimelineMark>,
    /// The states, if there are more than last time.
    pub states: Option<States>,
    /// Events that have been read.
    pub events: u64,
    /// It is over.
    pub done: bool,
}

/// A pass that goes on until this is dropped.
pub struct Indexing {
    latest: Arc<Mutex<Option<Progress>>>,
    given_up: Arc<AtomicBool>,
}

impl Indexing {
    /// What is known without a pass.
    pub fn done(known: Known) -> Indexing {
        let progress = Progress {
            parts: known.marks,
            states: Some(known.states),
            events: known.events,
            done: true,
        };
        Indexing {
            latest: Arc::new(Mutex::new(Some(progress))),
            given_up: Arc::default(),
        }
    }

    /// Begins a pass over a recording that lies in that span of time; `keep`: what
    /// it finds is written beside the recording.
    pub fn begin(story: Story, span: Span, retention: Retention, keep: bool) -> Indexing {
        let indexing = Indexing {
            latest: Arc::default(),
            given_up: Arc::default(),
        };
        let (latest, given_up) = (indexing.latest.clone(), indexing.given_up.clone());
        thread::spawn(move || {
            let pass = pass(&story, span, retention, &latest, &given_up);
            let done = pass.and_then(|pass| match pass {
                Some(pass) if keep => side::write(&story, &pass, retention),
                Some(_) | None => Ok(()),
            });
            if let Err(error) = done {
                log::info!("{} has no index beside it: {error:#}", story.path.display());
                put(&latest, |progress| progress.done = true);
            }
        });
        indexing
    }

    /// What is new since this was last asked.
    pub fn news(&self) -> Option<Progress> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.take()
    }
}

impl Drop for Indexing {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

/// None if it was given up.
fn pass(
    story: &Story,
    span: Span,
    retention: Retention,
    latest: &Mutex<Option<Progress>>,
    given_up: &AtomicBool,
) -> Result<Option<IndexPass<replay::From>>> {
    let mut pass = IndexPass::new(story.chain()?.0, span, retention);
    let mut told = 0;
    loop {
        let goes_on = pass.advance(AT_ONCE)?;
        if given_up.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let states = pass.states();
        // Each new one lies behind those that were told of.
        let end = states.last().map_or(0, |state| state.place.events());
        let new = (end > told).then(|| states.clone());
        told = end;
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

fn put(latest: &Mutex<Option<Progress>>, tell: impl FnOnce(&mut Progress)) {
    let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
    tell(latest.get_or_insert_default());
}
