//! The input of all views: one moment of the stream, through the active filter.

use crate::{
    event::{DoctorCheck, Zone},
    model::Model,
    tui::{
        state::{active_filter::ActiveFilter, log::Log},
        style::glyphs::Glyphs,
    },
};

/// The source of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The running kernel.
    Live,
    /// A recording.
    Replay {
        /// The recording's name, for the header.
        file: String,
    },
}

/// Cost of tracer itself, measured live.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OwnCost {
    /// Share of one CPU; 1.0 is all of it.
    pub cpu: Option<f64>,
    /// Fill level of the ring buffer; at 1.0 the kernel loses records.
    pub ring_fill: Option<f64>,
}

/// One moment of the stream: the present, or the frozen picture of a pause.
pub struct Data<'a> {
    /// The model at that moment.
    pub model: &'a Model,
    /// The latest events at that moment.
    pub log: &'a Log,
    /// The filter that all views apply.
    pub filter: &'a ActiveFilter,
    /// The reader's time, ns since boot. Never before the latest event.
    pub now: u64,
    /// Cost of tracer itself; `None` in a recording.
    pub own: Option<OwnCost>,
    /// What limits tracer itself.
    pub confinement: &'a [DoctorCheck],
    /// True if events may still arrive.
    pub live: bool,
    /// True at the end of a recording that is complete: nothing more will happen.
    pub over: bool,
    /// True if the screen is redrawn soon, without a key being pressed.
    pub redraws: bool,
    /// Time zone of all times of day.
    pub zone: &'a Zone,
    /// Glyphs for the text.
    pub glyphs: &'static Glyphs,
}

impl Data<'_> {
    /// Returns a version that is equal for equal models seen through the same filter.
    pub fn version(&self) -> (u64, u64) {
        (self.model.totals().events, self.filter.generation())
    }

    /// Returns true if there are too many processes to visit them all for every frame.
    pub fn is_crowded(&self) -> bool {
        const MANY: usize = 5_000;
        self.live && self.model.process_count() > MANY
    }

    /// Returns a version for work that visits every process. In a crowded live model it changes
    /// once a second, otherwise with every event.
    pub fn slow_version(&self) -> (u64, u64) {
        if self.is_crowded() {
            (0, self.now / 1_000_000_000)
        } else {
            (self.model.totals().events, 0)
        }
    }
}
