//! The thread that writes: batches of events in, blocks out, by its own clock.

use std::{
    io,
    sync::{
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use super::{Output, Progress, keeper::Keeper, part::Part, resume::Resumed, ring::Segments};
use crate::{
    event::Event,
    recording::{Writer, Written},
};

/// How often what came is closed into a block, written and synced: with the
/// time that events take to get here, a crash costs the last second.
const FLUSH: Duration = Duration::from_millis(800);

pub struct Scribe {
    writer: Writer<Output>,
    keeper: Keeper,
    /// Where the trace is kept in several files: which one this is.
    part: Option<Part>,
}

/// Why a recording ended before the trace, and what is in it.
pub struct Failure {
    pub why: io::Error,
    pub kept: Written,
}

impl Scribe {
    pub fn new(output: Output) -> io::Result<Scribe> {
        Ok(Scribe {
            writer: Writer::new(output)?,
            keeper: Keeper::default(),
            part: None,
        })
    }

    /// The same in several files; goes on with what another tracer began.
    pub fn in_parts(segments: Segments, before: Option<Resumed>) -> io::Result<Scribe> {
        let mut scribe = Scribe::new(Output::Segments(Box::new(segments)))?;
        let mut part = Part::default();
        if let Some(Resumed { keeper, part: it }) = before {
            (scribe.keeper, part) = (keeper, it);
        }
        scribe.part = Some(part);
        Ok(scribe)
    }

    /// Writes what comes until the other end is dropped, then ends the
    /// recording. After a failure it only empties the queue.
    pub fn write_all(
        mut self,
        batches: &Receiver<Vec<Event>>,
        progress: &Progress,
    ) -> Result<Written, Failure> {
        match self.take_all(batches, progress) {
            Ok(()) => {
                let before = self.written();
                let part = self.part;
                let finished = self.writer.finish().and_then(|(written, output)| {
                    output.sync()?;
                    Ok(part.map_or(written, |part| part.all(written)))
                });
                finished.map_err(|why| Failure { why, kept: before })
            }
            Err(why) => {
                let kept = self.written();
                // Nobody else sets it.
                let _ = progress.failed.set(why.to_string());
                while batches.recv().is_ok() {
                    progress.waiting.fetch_sub(1, Ordering::Relaxed);
                }
                Err(Failure { why, kept })
            }
        }
    }

    fn take_all(&mut self, batches: &Receiver<Vec<Event>>, progress: &Progress) -> io::Result<()> {
        let mut next = Instant::now() + FLUSH;
        loop {
            let received = batches.recv_timeout(next.saturating_duration_since(Instant::now()));
            let (batch, done) = match received {
                Ok(batch) => (Some(batch), 1),
                Err(RecvTimeoutError::Timeout) => (None, 0),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let kept = self.keep(batch, &mut next);
            progress
                .bytes
                .store(self.written().bytes, Ordering::Relaxed);
            // Nobody waits for one that failed either.
            progress.waiting.fetch_sub(done, Ordering::Relaxed);
            kept?;
        }
    }

    /// Takes what came; writes it when it is time, or at once if that was asked
    /// for by a batch of nothing.
    fn keep(&mut self, batch: Option<Vec<Event>>, next: &mut Instant) -> io::Result<()> {
        let at_once = batch.as_ref().is_some_and(Vec::is_empty);
        for event in batch.into_iter().flatten() {
            self.tell(event)?;
        }
        if at_once || Instant::now() >= *next {
            self.writer.flush()?;
            self.writer.output().sync()?;
            if let Some(part) = &mut self.part {
                part.flushed(&mut self.writer, &mut self.keeper)?;
            }
            *next = Instant::now() + FLUSH;
        }
        Ok(())
    }

    /// The next event of the trace.
    pub fn tell(&mut self, mut event: Event) -> io::Result<()> {
        let gap = match &mut self.part {
            Some(part) => part.mark(&mut event, &mut self.writer, &mut self.keeper)?,
            None => None,
        };
        for event in gap.into_iter().chain([event]) {
            self.take(event)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> io::Result<()> {
        self.writer.write(&event)?;
        if self.keeper.take(event) {
            self.writer.checkpoint(&self.keeper.checkpoint())?;
        }
        Ok(())
    }

    /// What has reached the disk.
    fn written(&self) -> Written {
        let written = self.writer.written();
        self.part.map_or(written, |part| part.all(written))
    }
}

#[cfg(test)]
impl Scribe {
    pub fn turn(&mut self) -> io::Result<()> {
        let part = self.part.as_mut().unwrap();
        part.turn(&mut self.writer, &mut self.keeper)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    pub fn finish(self) -> io::Result<()> {
        self.writer.finish().map(|_| ())
    }
}
