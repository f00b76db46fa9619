//! Requests to stop from outside: Ctrl-C, a termination signal, the time limit.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep_until},
};

/// Time between the time limit and the request after it.
const GRACE: Duration = Duration::from_secs(5);

/// Listens for requests to stop.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
    deadline: Option<Instant>,
}

/// Reason for a request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// SIGINT or SIGQUIT. From a terminal, the whole foreground group gets it.
    Interrupt,
    /// SIGTERM or SIGHUP, sent to tracer alone.
    Terminate,
    /// The time limit has passed.
    TimeLimit,
}

impl StopSignals {
    /// Starts to listen, inside a tokio runtime. `limit` is counted from now.
    pub fn new(limit: Option<Duration>) -> Result<StopSignals> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(StopSignals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            quit: listen(SignalKind::quit())?,
            // A limit beyond the clock's range is no limit.
            deadline: limit.and_then(|limit| Instant::now().checked_add(limit)),
        })
    }

    /// Waits for a request to stop. It is cancel safe and can be called again.
    pub async fn wait(&mut self) -> StopReason {
        let deadline = self.deadline;
        let time_limit = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => StopReason::Interrupt,
            _ = self.quit.recv() => StopReason::Interrupt,
            _ = self.terminate.recv() => StopReason::Terminate,
            _ = self.hangup.recv() => StopReason::Terminate,
            () = time_limit => {
                // Asks again in case a command ignores the first request.
                self.deadline = Instant::now().checked_add(GRACE);
                StopReason::TimeLimit
            }
        }
    }
}
