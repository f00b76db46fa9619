//! The status line of a recording, on standard error: rewritten in place on a
//! terminal, printed once at the end elsewhere.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{
    event::{Event, GapCause, What, file_name, units},
    session::{
        console::notice::notify,
        recorder::{Finished, ShortenedHistory},
    },
};

/// Interval between two updates.
const INTERVAL: Duration = Duration::from_millis(200);

/// Status line of a recording.
pub struct StatusLine {
    target: String,
    /// End of the recording, as shown to the user.
    until: &'static str,
    in_place: bool,
    timer: Option<Interval>,
    shown_at: Option<Instant>,
    began: Instant,
    events: u64,
    /// Size of the recording, in bytes.
    saved_bytes: u64,
    /// History of a flight recorder, if it is shorter than its age limit.
    shortened: Option<ShortenedHistory>,
    lost: u64,
    /// Number of records beyond the budgets of users.
    over_budget: u64,
    /// Remark about the lost records.
    remark: &'static str,
    /// Events and time at the last update, for the rate.
    last: (u64, Instant),
}

impl StatusLine {
    /// Creates the line for a recording to `target`.
    pub fn new(target: String, while_command: bool) -> StatusLine {
        let now = Instant::now();
        StatusLine {
            target,
            until: if while_command {
                "until the command ends"
            } else {
                "Ctrl-C stops"
            },
            // A command writes to the same terminal, so leave it alone.
            in_place: stderr().is_terminal() && !while_command,
            timer: None,
            shown_at: None,
            began: now,
            events: 0,
            saved_bytes: 0,
            shortened: None,
            lost: 0,
            over_budget: 0,
            remark: "",
            last: (0, now),
        }
    }

    /// Counts an event and the records lost in a gap.
    pub fn take(&mut self, event: &Event) {
        self.events += 1;
        if let What::Gap(gap) = &event.what {
            if gap.larger_buffer_helps() {
                self.remark = " (a larger --buffer may help)";
            } else if gap.cause == GapCause::Skipped && self.remark.is_empty() {
                self.remark = " at most: the kernel skipped programs";
            }
            let records = gap.lost.iter().map(|lost| lost.count).sum::<u64>();
            match gap.cause {
                GapCause::OverBudget => self.over_budget += records,
                _ => self.lost += records,
            }
        }
    }

    /// Counts a record.
    pub fn count_record(&mut self) {
        self.events += 1;
    }

    /// Sets the size of the recording so far, in bytes.
    pub fn set_saved_bytes(&mut self, bytes: u64) {
        self.saved_bytes = bytes;
    }

    /// Sets the history of a flight recorder, if it is shorter than its age limit.
    pub fn set_shortened(&mut self, shortened: Option<ShortenedHistory>) {
        self.shortened = shortened;
    }

    /// Starts the timer of a line that is rewritten in place.
    pub fn start_timer(&mut self) {
        self.timer = self.in_place.then(|| {
            let mut timer = interval(INTERVAL);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            timer
        });
    }

    /// Waits until the next update is due; forever if there is no timer. It is
    /// cancel safe.
    pub async fn wait(&mut self) {
        match &mut self.timer {
            Some(timer) => {
                timer.tick().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Updates the line if the interval has passed.
    pub fn draw(&mut self) {
        if !self.in_place || self.shown_at.is_some_and(|at| at.elapsed() < INTERVAL) {
            return;
        }
        let now = Instant::now();
        self.shown_at = Some(now);
        let (events, at) = self.last;
        let seconds = (now - at).as_secs_f64().max(0.001);
        let rate = ((self.events - events) as f64 / seconds) as u64;
        self.last = (self.events, now);
        let size = units::bytes(self.saved_bytes);
        // A closed terminal is noticed elsewhere.
        let mut stderr = stderr();
        let _ = write!(
            stderr,
            "\r\x1b[K{}: {}, {} events, {}/s, {size}{}, {} lost{} ({})",
            self.target,
            units::duration(self.began.elapsed().as_nanos() as u64),
            units::count(self.events),
            units::count(rate),
            history(self.shortened),
            units::count(self.lost),
            beyond_budgets(self.over_budget),
            self.until,
        );
        let _ = stderr.flush();
    }

    /// Removes the line and emits a notice about the finished recording.
    pub fn finish(&mut self, saved: Option<Result<Finished>>) {
        if self.in_place {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        match saved {
            Some(Ok(saved)) => notify(format_args!(
                "{}: {} events in {}, {}{}, {}{}",
                file_name(&saved.path),
                saved.events,
                units::duration(self.began.elapsed().as_nanos() as u64),
                units::bytes(saved.bytes),
                history(saved.shortened),
                match self.lost {
                    0 => "nothing lost".to_owned(),
                    lost => format!("{lost} records lost{}", self.remark),
                },
                beyond_budgets(self.over_budget),
            )),
            Some(Err(error)) => notify(format_args!("{error:#}")),
            None => {}
        }
    }
}

/// Returns the remark about records beyond the budgets of users, if there are any.
fn beyond_budgets(records: u64) -> String {
    match records {
        0 => String::new(),
        records => format!(", {} beyond a user's budget", units::count(records)),
    }
}

/// Returns the remark about a history that is shorter than asked for, if it is.
fn history(shortened: Option<ShortenedHistory>) -> String {
    shortened.map_or_else(String::new, |shortened| format!(", {shortened}"))
}
