//! Waiting for a recording to grow, interrupted by Ctrl-C.

use std::time::Duration;

use anyhow::Result;
use tokio::{runtime::Runtime, time::sleep};

use crate::session::console::stop_signals::StopSignals;

/// Interval between two looks at the recording.
const POLL: Duration = Duration::from_millis(200);

/// Timer of a reader that follows a recording.
pub struct FollowTimer {
    runtime: Runtime,
    /// Created by the first wait. Until then Ctrl-C ends the program, as in
    /// every command that reads.
    stop: Option<StopSignals>,
}

impl FollowTimer {
    /// Creates the timer.
    pub fn new() -> Result<FollowTimer> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Ok(FollowTimer {
            runtime: runtime.enable_all().build()?,
            stop: None,
        })
    }

    /// Waits for one interval. Returns false if the user asks to stop.
    pub fn wait(&mut self) -> Result<bool> {
        let stop = &mut self.stop;
        self.runtime.block_on(async {
            if stop.is_none() {
                *stop = Some(StopSignals::new()?);
            }
            let asked = async {
                match stop {
                    Some(stop) => stop.wait().await,
                    None => std::future::pending().await,
                }
            };
            Ok(tokio::select! {
                _ = asked => false,
                () = sleep(POLL) => true,
            })
        })
    }
}
