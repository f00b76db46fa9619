//! Scans a recording in steps and creates the saved states, from which seeks start, and the
//! timeline marks.

use std::io::Read;

use super::{
    states::{SavedState, StatePlace, States},
    timeline_marks::{TimelineMark, TimelineMarks},
};
use crate::{
    model::{Archive, Model, Retention},
    recording::{Chain, Error, PartReport, Span},
};

/// The rule for when the next state is due, based on the cost of the last one.
#[derive(Clone, Copy, Debug)]
pub struct StateSpacing {
    /// Minimum number of events between two states.
    min_events: u64,
    /// Minimum ratio of the size of the recording to the size of its states.
    share: u64,
    /// Events before the last state.
    events: u64,
    /// Bytes of the recording before the last state.
    bytes: u64,
    /// Bytes of the last state.
    cost: u64,
}

impl Default for StateSpacing {
    fn default() -> Self {
        StateSpacing::new(100_000, 2)
    }
}

impl StateSpacing {
    /// Returns a rule that keeps states at least `min_events` events apart, and the recording
    /// at least `share` times as large as its states.
    pub fn new(min_events: u64, share: u64) -> StateSpacing {
        StateSpacing {
            min_events,
            share,
            events: 0,
            bytes: 0,
            cost: 0,
        }
    }

    /// Returns true if a state is due after `events` events and `bytes` bytes. `spread` is
    /// [`States::spread`].
    pub fn is_due(&self, events: u64, bytes: u64, spread: u64) -> bool {
        let since = events.saturating_sub(self.events);
        let written = bytes.saturating_sub(self.bytes);
        since >= self.min_events.saturating_mul(spread)
            && written >= self.cost.saturating_mul(self.share)
    }

    /// Notes that a state of `cost` bytes was made after `events` events and `bytes` bytes.
    pub fn made(&mut self, events: u64, bytes: u64, cost: usize) {
        (self.events, self.bytes, self.cost) = (events, bytes, cost as u64);
    }
}

/// A pass over a recording that makes its states and timeline marks.
pub struct IndexPass<R> {
    chain: Chain<R>,
    model: Model,
    timeline: TimelineMarks,
    states: States,
    spacing: StateSpacing,
    /// The part that was read last, and the offset in it.
    place: (usize, u64),
    /// Bytes of the parts before that one.
    before: u64,
    complete: bool,
}

impl<R: Read> IndexPass<R> {
    /// Starts at the beginning of `chain`, whose events lie in `span`.
    pub fn new(chain: Chain<R>, span: Span, retention: Retention) -> IndexPass<R> {
        IndexPass {
            chain,
            model: Model::new(retention),
            timeline: TimelineMarks::new(span),
            states: States::new(retention),
            spacing: StateSpacing::default(),
            place: (0, 0),
            before: 0,
            complete: false,
        }
    }

    /// Sets the rule for making states. Call it before the first event.
    pub fn spaced(mut self, spacing: StateSpacing) -> IndexPass<R> {
        self.spacing = spacing;
        self
    }

    /// Sets the archive for evicted processes, which is empty. Call it before the first event.
    pub fn archiving(mut self, archive: Archive) -> IndexPass<R> {
        self.model.set_archive(archive);
        self
    }

    /// See [`Chain::part_reports`].
    pub fn part_reports(&self) -> impl Iterator<Item = (usize, PartReport)> + '_ {
        self.chain.part_reports()
    }

    /// Returns the archive, which covers the whole recording at the end.
    pub fn archive(&self) -> &Archive {
        self.model.archive()
    }

    /// Reads at most `events` more events. Returns false at the end.
    pub fn advance(&mut self, events: usize) -> Result<bool, Error> {
        for _ in 0..events {
            let Some(event) = self.chain.next_event()? else {
                self.timeline.end();
                self.complete = true;
                break;
            };
            self.model.apply(&event);
            if self.chain.is_outside_stream() {
                continue;
            }
            self.timeline.take(&event);
            let bytes = self.bytes();
            let number = self.chain.number();
            if self.spacing.is_due(number, bytes, self.states.spread())
                && let Some(position) = self.chain.position()
            {
                let state = SavedState::of(&self.model, StatePlace::Chain(position))?;
                self.spacing.made(number, bytes, state.packed_size());
                self.states.push(state);
            }
        }
        Ok(!self.complete)
    }

    /// Returns the number of bytes read so far.
    pub fn bytes(&mut self) -> u64 {
        let (part, offset) = self.chain.place();
        if part != self.place.0 {
            self.before += self.place.1;
        }
        self.place = (part, offset);
        self.before + offset
    }

    /// Returns the number of events read so far.
    pub fn events(&self) -> u64 {
        self.chain.number()
    }

    /// Returns the states made so far.
    pub fn states(&self) -> &States {
        &self.states
    }

    /// Returns the marks of the timeline. They are complete at the end.
    pub fn marks(&self) -> &[TimelineMark] {
        self.timeline.marks()
    }
}
