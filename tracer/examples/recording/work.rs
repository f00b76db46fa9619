//! What is done with a recording wherever that is measured: it is written as
//! `tracer record` does, and played to a model. And the clock that it is done by.

use std::{io::Write, time::Duration};

use tracer::{
    event::Event,
    model::{Model, Retention},
    playback::Stage,
    recording::Writer,
    session::Keeper,
};

/// A writer that makes checkpoints.
pub struct Kept<W: Write> {
    pub writer: Writer<W>,
    keeper: Keeper,
}

impl<W: Write> Kept<W> {
    pub fn to(out: W) -> std::io::Result<Kept<W>> {
        Ok(Kept {
            writer: Writer::new(out)?,
            keeper: Keeper::default(),
        })
    }

    pub fn write(&mut self, event: Event) -> std::io::Result<()> {
        self.writer.write(&event)?;
        if self.keeper.take(event) {
            self.writer.checkpoint(&self.keeper.checkpoint())?;
        }
        Ok(())
    }
}

/// A model to play a recording to.
pub struct Play {
    model: Model,
    retention: Retention,
}

impl Play {
    pub fn to(retention: Retention) -> Play {
        Play {
            model: Model::new(retention),
            retention,
        }
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        self.model = Model::new(self.retention);
    }

    fn restore(&mut self, model: Model) {
        self.model = model;
    }

    fn take(&mut self, event: &Event) {
        self.model.apply(event);
    }
}

/// What the processor has spent: on all of us, or on this thread.
pub fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of our own.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
