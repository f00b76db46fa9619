//! Progress of a long read: a bar on standard error if that is a terminal and
//! the read takes longer than a second.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::event::file_name;

/// Time before the bar appears.
const DELAY: Duration = Duration::from_secs(1);

/// Steps between two looks at the clock.
const STEPS: u32 = 4096;

/// Progress of reading one recording. Dropping it removes the bar.
pub struct Progress {
    label: String,
    length: Option<u64>,
    began: Instant,
    steps: u32,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to track a read of `length` bytes. A pipe's length is unknown.
    pub fn new(verb: &str, path: &Path, length: Option<u64>) -> Progress {
        Progress {
            label: format!("{verb} {}", file_name(path)),
            length,
            began: Instant::now(),
            steps: 0,
            bar: None,
        }
    }

    /// Counts one event read up to the byte `position`.
    pub fn step(&mut self, position: u64) {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS) {
            self.show(position);
        }
    }

    /// Shows that the read is at the byte `position`.
    pub fn show(&mut self, position: u64) {
        if self.began.elapsed() < DELAY {
            return;
        }
        let bar = self
            .bar
            .get_or_insert_with(|| bar(&self.label, self.length));
        bar.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(label: &str, length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "tracer: {msg} {wide_bar} {percent}%, {eta} left",
        ),
        None => (ProgressBar::no_length(), "tracer: {msg} {bytes}"),
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(label.to_owned())
}
