//! The receiver of played events, and places in a recording.

use crate::{event::Event, model::Model};

/// Receives the events of a [`Playback`](super::Playback).
pub trait Stage {
    /// Discards everything. The stream starts again from the beginning.
    fn clear(&mut self);
    /// Discards everything and continues from `model`, the result of all earlier events.
    fn restore(&mut self, model: Model);
    /// Takes the next event.
    fn take(&mut self, event: &Event);
}

/// A place in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the first event.
    Beginning,
    /// After this many events.
    Event(u64),
    /// After every event up to this time, ns since boot.
    Time(u64),
    /// After the last event.
    End,
}
