//! The line that says how a recording is going, on standard error: rewritten
//! in place on a terminal, once at the end elsewhere.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

use anyhow::Result;

use super::recorder::{Kept, Recorder};
use crate::event::{Event, GapCause, What, units};

/// How often the line is rewritten.
const INTERVAL: Duration = Duration::from_millis(200);

pub struct Status {
    target: String,
    /// What ends the recording, for the user to read.
    until: &'static str,
    in_place: bool,
    shown_at: Option<Instant>,
    began: Instant,
    events: u64,
    lost: u64,
    /// What to say of that.
    remark: &'static str,
    /// Events and time at the last line, for the rate.
    last: (u64, Instant),
}

impl Status {
    pub fn new(target: String, while_command: bool) -> Status {
        let now = Instant::now();
        Status {
            target,
            until: if while_command {
                "until the command ends"
            } else {
                "Ctrl-C stops"
            },
            // A command writes to the same terminal: leave it alone.
            in_place: stderr().is_terminal() && !while_command,
            shown_at: None,
            began: now,
            events: 0,
            lost: 0,
            remark: "",
            last: (0, now),
        }
    }

    pub fn take(&mut self, event: &Event) {
        self.events += 1;
        if let What::Gap(gap) = &event.what {
            if gap.larger_buffer_helps() {
                self.remark = " (a larger --buffer may help)";
            } else if gap.cause == GapCause::Skipped && self.remark.is_empty() {
                self.remark = " at most: the kernel skipped programs";
            }
            self.lost += gap.lost.iter().map(|lost| lost.count).sum::<u64>();
        }
    }

    /// Counts what the kernel said.
    pub fn record(&mut self) {
        self.events += 1;
    }

    /// How often the line changes.
    pub fn beat(&self) -> Option<Duration> {
        self.in_place.then_some(INTERVAL)
    }

    pub fn show(&mut self, recorder: Option<&Recorder>) {
        if !self.in_place || self.shown_at.is_some_and(|at| at.elapsed() < INTERVAL) {
            return;
        }
        let now = Instant::now();
        self.shown_at = Some(now);
        let (events, at) = self.last;
        let seconds = (now - at).as_secs_f64().max(0.001);
        let rate = ((self.events - events) as f64 / seconds) as u64;
        self.last = (self.events, now);
        let size = units::bytes(recorder.map_or(0, Recorder::bytes));
        eprint!(
            "\r\x1b[K{}: {}, {} events, {}/s, {size}, {} lost ({})",
            self.target,
            units::duration(self.began.elapsed().as_nanos() as u64),
            units::count(self.events),
            units::count(rate),
            units::count(self.lost),
            self.until,
        );
        let _ = stderr().flush();
    }

    pub fn finish(&mut self, kept: Option<Result<Kept>>) {
        if self.in_place {
            eprint!("\r\x1b[K");
        }
        match kept {
            Some(Ok(kept)) => eprintln!(
                "tracer: {}: {} events in {}, {}, {}",
                kept.path.display(),
                kept.events,
                units::duration(self.began.elapsed().as_nanos() as u64),
                units::bytes(kept.bytes),
                match self.lost {
                    0 => "nothing lost".to_owned(),
                    lost => format!("{lost} records lost{}", self.remark),
                },
            ),
            Some(Err(error)) => eprintln!("tracer: {error:#}"),
            None => {}
        }
    }
}
