//! Requests to stop from outside: Ctrl-C, a termination signal, the time limit.
//!
//! A signal that was ignored when tracer started stays ignored: `nohup` ignores SIGHUP,
//! and a shell without job control ignores SIGINT and SIGQUIT of a command in the
//! background.

use std::{mem, ptr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, sleep_until},
};

use super::unanswered;

/// Time between the time limit and the request after it.
const GRACE: Duration = Duration::from_secs(5);

/// Listens for requests to stop.
pub struct StopSignals {
    interrupt: Listener,
    terminate: Listener,
    hangup: Listener,
    quit: Listener,
    deadline: Option<Instant>,
}

/// Listener for one signal. None if the signal is ignored.
struct Listener(Option<Signal>);

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
    /// Starts to listen, inside a tokio runtime.
    pub fn new() -> Result<StopSignals> {
        Ok(StopSignals {
            interrupt: Listener::new(SignalKind::interrupt())?,
            terminate: Listener::new(SignalKind::terminate())?,
            hangup: Listener::new(SignalKind::hangup())?,
            quit: Listener::new(SignalKind::quit())?,
            deadline: None,
        })
    }

    /// Sets the time limit, counted from now.
    pub fn limited(mut self, limit: Option<Duration>) -> StopSignals {
        // A limit beyond the clock's range is no limit.
        self.deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self
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
        let reason = tokio::select! {
            () = self.interrupt.next() => StopReason::Interrupt,
            () = self.quit.next() => StopReason::Interrupt,
            () = self.terminate.next() => StopReason::Terminate,
            () = self.hangup.next() => StopReason::Terminate,
            () = time_limit => {
                // Asks again in case a command ignores the first request.
                self.deadline = Instant::now().checked_add(GRACE);
                return StopReason::TimeLimit;
            }
        };
        unanswered::clear();
        reason
    }
}

impl Drop for StopSignals {
    fn drop(&mut self) {
        end_at_next_signal();
    }
}

/// Makes the next signal end the process, because nothing listens any more.
pub fn end_at_next_signal() {
    unanswered::expect_end();
}

impl Listener {
    fn new(kind: SignalKind) -> Result<Listener> {
        if is_ignored(kind) {
            return Ok(Listener(None));
        }
        let listening = "listening for signals";
        let listener = signal(kind).context(listening)?;
        unanswered::watch(kind.as_raw_value()).context(listening)?;
        Ok(Listener(Some(listener)))
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

/// Returns true if this process ignores a signal.
fn is_ignored(kind: SignalKind) -> bool {
    // SAFETY: all bits zero are a valid sigaction. The pointer is to it, and a null pointer
    // changes nothing.
    let action = unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        libc::sigaction(kind.as_raw_value(), ptr::null(), &raw mut action);
        action
    };
    action.sa_sigaction == libc::SIG_IGN
}
