//! Condition that ends a trace: a request to stop, or the end of the command that
//! the trace runs.

use std::{ffi::OsString, time::Duration};

use anyhow::Result;

use super::{account::Account, child::Child};
use crate::session::console::{
    exit::Exit,
    stop_signals::{StopReason, StopSignals},
};

/// Waits for the end of a trace.
pub struct StopCondition {
    signals: StopSignals,
    child: Option<Child>,
    /// True once the command was asked to end.
    asked: bool,
    /// Number of signals by which tracer was asked to stop.
    requests: u32,
    /// Exit code of the command, once it has ended.
    code: Option<Exit>,
}

/// Event that may end a trace.
pub enum StopEvent {
    /// The command has ended.
    CommandEnded,
    /// The trace must stop.
    Stop,
}

impl StopCondition {
    /// Starts the command, if there is one, as the user of `account`. `signals` are the
    /// requests to stop.
    pub fn begin(
        signals: StopSignals,
        command: Option<&[OsString]>,
        account: Option<&Account>,
        limit: Option<Duration>,
    ) -> Result<StopCondition> {
        Ok(StopCondition {
            signals: signals.limited(limit),
            child: command
                .map(|command| Child::spawn(command, account))
                .transpose()?,
            asked: false,
            requests: 0,
            code: None,
        })
    }

    /// Waits for the next event. It is cancel safe and can be called again.
    ///
    /// A first request to stop is passed to a running command.
    pub async fn next(&mut self) -> Result<StopEvent> {
        loop {
            let reason = tokio::select! {
                reason = self.signals.wait() => reason,
                code = Child::ended(&mut self.child), if self.code.is_none() => {
                    self.code = Some(code?);
                    return Ok(StopEvent::CommandEnded);
                }
            };
            let runs = self.command_runs();
            // On Ctrl-C the terminal signals the command too, which decides.
            if runs && reason == StopReason::Interrupt {
                continue;
            }
            self.count(reason);
            match &mut self.child {
                // A command that has ended may have been signalled with tracer.
                Some(child) if !self.asked => {
                    self.asked = true;
                    child.terminate();
                }
                // A command that has ignored the first request is left running.
                Some(_) | None => return Ok(StopEvent::Stop),
            }
        }
    }

    /// Waits until tracer has been asked twice to stop, by signals. It is cancel safe.
    pub async fn asked_twice(&mut self) {
        while self.requests < 2 {
            let reason = self.signals.wait().await;
            self.count(reason);
        }
    }

    fn count(&mut self, reason: StopReason) {
        if reason != StopReason::TimeLimit {
            self.requests += 1;
        }
    }

    /// Returns the PID of the command, if one was started and has not been reaped.
    pub fn command(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::pid)
    }

    /// Returns true while the command runs.
    pub fn command_runs(&self) -> bool {
        self.child.is_some() && self.code.is_none()
    }

    /// Returns the exit code of the command, once it has ended.
    pub fn code(&self) -> Option<Exit> {
        self.code
    }
}
