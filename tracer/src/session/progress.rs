//! How far a long reading has come: a bar on standard error, where that is a
//! terminal, for what takes longer than a second.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Nobody needs a bar for less.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many steps are made between two looks at the clock.
const STEPS: u32 = 4096;

pub struct Progress {
    what: String,
    length: Option<u64>,
    began: Instant,
    steps: u32,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `length` is in bytes; unknown of a pipe.
    pub fn new(verb: &str, path: &Path, length: Option<u64>) -> Progress {
        Progress {
            what: format!("{verb} {}", path.display()),
            length,
            began: Instant::now(),
            steps: 0,
            bar: None,
        }
    }

    /// One event more was read, and the reading is at this byte.
    pub fn step(&mut self, position: u64) {
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS) {
            self.show(position);
        }
    }

    /// Many events more were read, and the reading is at this byte.
    pub fn show(&mut self, position: u64) {
        if self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(&self.what, self.length));
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

fn bar(what: &str, length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (
            ProgressBar::new(length),
            "tracer: {msg} {wide_bar} {percent}%, {eta} left",
        ),
        None => (ProgressBar::no_length(), "tracer: {msg} {bytes}"),
    };
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(what.to_owned())
}
