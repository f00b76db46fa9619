//! A recording made from the events of another one, by `cut` and `repair`.

use anyhow::{Result, anyhow};

use crate::{
    event::Event,
    session::{
        console::{
            exit::{Exit, OK},
            notice::notify,
        },
        recorder::{Recorder, target::Save},
    },
};

/// Writes a recording. The file is created with the first event.
pub struct Rewrite<'a> {
    to: &'a Save,
    recorder: Option<Recorder>,
}

impl<'a> Rewrite<'a> {
    /// Checks that the recording can be created, without creating it.
    pub fn begin(to: &'a Save) -> Result<Rewrite<'a>> {
        Recorder::may_create(to)?;
        Ok(Rewrite { to, recorder: None })
    }

    /// Writes the next event.
    pub fn take(&mut self, event: Event) -> Result<()> {
        let recorder = match &mut self.recorder {
            Some(recorder) => recorder,
            none => none.insert(Recorder::create(self.to)?),
        };
        recorder.take(event);
        Ok(())
    }

    /// Ends the recording and emits a notice about it.
    ///
    /// # Errors
    ///
    /// Fails with the message of `nothing` if there was no event.
    pub fn finish(self, nothing: impl FnOnce() -> String) -> Result<Exit> {
        let recorder = self.recorder.ok_or_else(|| anyhow!(nothing()))?;
        notify(recorder.finish()?);
        Ok(OK)
    }
}
