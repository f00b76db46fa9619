//! A recording made from the events of another one, by `cut` and `repair`.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::{
    confinement,
    event::Event,
    session::{
        console::{
            exit::{Exit, OK},
            notice::notify,
        },
        files::rights,
        recorder::{Recorder, target::Save},
    },
};

/// Writes a recording. The file is created with the first event.
pub struct Rewrite<'a> {
    to: &'a Save,
    recorder: Option<Recorder>,
}

impl<'a> Rewrite<'a> {
    /// Checks that the recording can be created, without creating it. From now on the
    /// thread can only read, and write the recording.
    pub fn begin<'b>(
        from: impl IntoIterator<Item = &'b PathBuf>,
        to: &'a Save,
    ) -> Result<Rewrite<'a>> {
        Recorder::may_create(to)?;
        confinement::keep(&rights::rewriter(from, &to.path));
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
