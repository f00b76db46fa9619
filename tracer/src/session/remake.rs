//! A recording that is made of what is read of another: of its part, of what is
//! left of it. Nothing is made before something could be read.

use anyhow::{Result, anyhow};

use super::{Exit, OK, Save, recorder::Recorder};
use crate::event::Event;

pub struct Remake<'a> {
    to: &'a Save,
    recorder: Option<Recorder>,
}

impl<'a> Remake<'a> {
    /// Refuses what could not be made later on.
    pub fn begin(to: &'a Save) -> Result<Remake<'a>> {
        Recorder::may_create(to)?;
        Ok(Remake { to, recorder: None })
    }

    pub fn take(&mut self, event: Event) -> Result<()> {
        let recorder = match &mut self.recorder {
            Some(recorder) => recorder,
            none => none.insert(Recorder::create(self.to)?),
        };
        recorder.take(event);
        Ok(())
    }

    /// Says what was made; `nothing`: why there is nothing.
    pub fn finish(self, nothing: impl FnOnce() -> String) -> Result<Exit> {
        let recorder = self.recorder.ok_or_else(|| anyhow!(nothing()))?;
        eprintln!("tracer: {}", recorder.finish()?);
        Ok(OK)
    }
}
