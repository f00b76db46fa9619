//! The dashboard as a stage of playback.

use crate::{
    event::Event,
    model::Model,
    playback::{LOOK_BACK, Stage},
    tui::{App, LOG_CAPACITY},
};

/// Stage that shows the playback in the dashboard.
pub struct Shown<'a>(pub &'a mut App);

impl Stage for Shown<'_> {
    fn clear(&mut self) {
        self.0.clear_model();
    }

    fn restore(&mut self, model: Model) {
        self.0.replace_model(model);
    }

    fn take(&mut self, event: &Event) {
        self.0.apply_playback(event);
    }
}

// A landing begins early enough to fill the event log.
const _: () = assert!(LOOK_BACK >= LOG_CAPACITY as u64);
