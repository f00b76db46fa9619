//! One pass over all of a recording, piece by piece: it makes the states that
//! landings go on from, and the marks along the bar.

use std::io::Read;

use super::{
    states::{SavedState, StatePlace, States},
    survey::{Part, Survey},
};
use crate::{
    model::{Model, Retention},
    recording::{Chain, Error, Span},
};

/// When the next state is due, by what the states before it cost.
#[derive(Clone, Copy, Debug)]
pub struct Spacing {
    /// Fewer events do not lie between two states.
    least: u64,
    /// The recording takes so many times what its states take, at least.
    share: u64,
    /// Events, and bytes of the recording, before the last state.
    events: u64,
    bytes: u64,
    /// Bytes of the last state.
    cost: u64,
}

impl Default for Spacing {
    fn default() -> Self {
        Spacing::new(100_000, 2)
    }
}

impl Spacing {
    /// At least so many events apart, and the recording takes at least `share`
    /// times what its states take.
    pub fn new(least: u64, share: u64) -> Spacing {
        Spacing {
            least,
            share,
            events: 0,
            bytes: 0,
            cost: 0,
        }
    }

    /// `spread`: see [`States::spread`].
    pub fn is_due(&self, events: u64, bytes: u64, spread: u64) -> bool {
        let since = events.saturating_sub(self.events);
        let written = bytes.saturating_sub(self.bytes);
        since >= self.least.saturating_mul(spread)
            && written >= self.cost.saturating_mul(self.share)
    }

    /// A state was made there that takes so many bytes.
    pub fn made(&mut self, events: u64, bytes: u64, cost: usize) {
        (self.events, self.bytes, self.cost) = (events, bytes, cost as u64);
    }
}

pub struct Pass<R> {
    chain: Chain<R>,
    model: Model,
    survey: Survey,
    states: States,
    spacing: Spacing,
    /// Which part was read last, how far, and how many bytes those before have.
    place: (usize, u64),
    before: u64,
    complete: bool,
}

impl<R: Read> Pass<R> {
    /// Begins at the beginning of the chain, which lies in that span of time.
    pub fn new(chain: Chain<R>, span: Span, retention: Retention) -> Pass<R> {
        Pass {
            chain,
            model: Model::new(retention),
            survey: Survey::new(span),
            states: States::new(retention),
            spacing: Spacing::default(),
            place: (0, 0),
            before: 0,
            complete: false,
        }
    }

    /// Makes states by this rule. To be said before the first event.
    pub fn spaced(mut self, spacing: Spacing) -> Pass<R> {
        self.spacing = spacing;
        self
    }

    /// Takes so many events more; false when there are no more.
    pub fn go_on(&mut self, events: usize) -> Result<bool, Error> {
        for _ in 0..events {
            let Some(event) = self.chain.next_event()? else {
                self.survey.end();
                self.complete = true;
                break;
            };
            self.model.apply(&event);
            if self.chain.is_recalling() {
                continue;
            }
            self.survey.take(&event);
            let bytes = self.bytes();
            let number = self.chain.number();
            if self.spacing.is_due(number, bytes, self.states.spread())
                && let Some(position) = self.chain.position()
            {
                let state = SavedState::of(&self.model, StatePlace::Read(position))?;
                self.spacing.made(number, bytes, state.size());
                self.states.push(state);
            }
        }
        Ok(!self.complete)
    }

    /// How many bytes have been read.
    pub fn bytes(&mut self) -> u64 {
        let (part, offset) = self.chain.place();
        if part != self.place.0 {
            self.before += self.place.1;
        }
        self.place = (part, offset);
        self.before + offset
    }

    /// How many events have been read.
    pub fn events(&self) -> u64 {
        self.chain.number()
    }

    pub fn states(&self) -> &States {
        &self.states
    }

    /// What happened when, as far as it has come.
    pub fn parts(&self) -> &[Part] {
        self.survey.parts()
    }
}
