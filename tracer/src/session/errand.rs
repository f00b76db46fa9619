//! What ends a trace from outside: whoever asks it to stop, and the command that
//! it runs, whose end is its own.

use std::{ffi::OsString, time::Duration};

use anyhow::Result;

use super::{
    Exit,
    child::Child,
    stop::{Asked, Stop},
};

pub struct Errand {
    stop: Stop,
    child: Option<Child>,
    /// The command was asked to end.
    told: bool,
    /// How it ended.
    code: Option<Exit>,
}

pub enum Happening {
    /// The command has ended.
    Ended,
    /// There is nothing more to wait for.
    Over,
}

impl Errand {
    /// Starts the command, if there is one.
    pub fn begin(command: Option<&[OsString]>, limit: Option<Duration>) -> Result<Errand> {
        Ok(Errand {
            stop: Stop::new(limit)?,
            child: command.map(Child::spawn).transpose()?,
            told: false,
            code: None,
        })
    }

    /// Returns when something has happened. Can be dropped and called again.
    pub async fn next(&mut self) -> Result<Happening> {
        loop {
            let asked = tokio::select! {
                asked = self.stop.asked() => asked,
                code = Child::ended(&mut self.child), if self.code.is_none() => {
                    self.code = Some(code?);
                    return Ok(Happening::Ended);
                }
            };
            // The command gets the terminal's Ctrl-C too, and it decides.
            match &mut self.child {
                // Who does not heed the first request is left behind.
                Some(_) if self.told && asked != Asked::Interrupt => return Ok(Happening::Over),
                Some(child) => {
                    self.told |= asked != Asked::Interrupt;
                    child.pass_on(asked);
                }
                None => return Ok(Happening::Over),
            }
        }
    }

    /// The command still runs.
    pub fn goes_on(&self) -> bool {
        self.child.is_some() && self.code.is_none()
    }

    /// The command's exit code, once it has ended.
    pub fn code(&self) -> Option<Exit> {
        self.code
    }
}
