//! What asks a trace to stop: Ctrl-C, a termination signal, the time limit.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep_until},
};

/// How long a command has to end once it was told to.
const GRACE: Duration = Duration::from_secs(5);

pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
    deadline: Option<Instant>,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// SIGINT or SIGQUIT: from a terminal, the whole foreground group gets it.
    Interrupt,
    /// SIGTERM or SIGHUP: meant for tracer alone.
    Terminate,
    TimeIsUp,
}

impl Stop {
    pub fn new(limit: Option<Duration>) -> Result<Stop> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Stop {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            quit: listen(SignalKind::quit())?,
            // A time that no clock reaches is no limit.
            deadline: limit.and_then(|limit| Instant::now().checked_add(limit)),
        })
    }

    /// Returns when something asks. Can be dropped and called again.
    pub async fn asked(&mut self) -> Asked {
        let deadline = self.deadline;
        let time_is_up = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.quit.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
            _ = self.hangup.recv() => Asked::Terminate,
            () = time_is_up => {
                // Asked again if it is not heeded.
                self.deadline = Instant::now().checked_add(GRACE);
                Asked::TimeIsUp
            }
        }
    }
}
