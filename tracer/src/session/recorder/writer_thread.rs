//! The thread that writes: blocks in, compressed to the file, so that a slow
//! disk holds up nobody.

use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, Sender},
    },
};

use super::{Output, Progress};
use crate::{
    event::Event,
    recording::{Effort, RecordBlock, Writer, Written},
};

/// What the thread is asked to do.
pub enum Job {
    /// Write a block.
    Write(Box<RecordBlock>, Effort),
    /// Make what was written safe.
    Sync,
    /// Write what exists at this moment.
    Checkpoint(Vec<Event>),
    /// Go on in another file, which begins with that session.
    Turn(Event),
}

/// Why a recording ended before the trace, and what is in it.
pub struct Failure {
    pub why: io::Error,
    pub kept: Written,
}

pub struct WriterThread {
    writer: Writer<Output>,
    /// In the files before.
    before: Written,
    /// What the current file began with, bytes.
    opening: u64,
    progress: Arc<Progress>,
    /// Where written blocks go back to be filled anew.
    spare: Sender<Box<RecordBlock>>,
}

impl WriterThread {
    pub fn new(
        output: Output,
        progress: Arc<Progress>,
        spare: Sender<Box<RecordBlock>>,
    ) -> io::Result<WriterThread> {
        Ok(WriterThread {
            writer: Writer::new(output)?,
            before: Written::default(),
            opening: 0,
            progress,
            spare,
        })
    }

    /// Does what comes until the other end is dropped, then ends the recording.
    /// After a failure it only empties the queue.
    pub fn run(mut self, jobs: &Receiver<Job>) -> Result<Written, Failure> {
        let mut failed = None;
        while let Ok(job) = jobs.recv() {
            if failed.is_none()
                && let Err(why) = self.perform(job)
            {
                // Nobody else sets it.
                let _ = self.progress.failed.set(why.to_string());
                failed = Some(why);
            }
            // Nobody waits for one that failed either.
            self.progress.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        let kept = self.written();
        if let Some(why) = failed {
            return Err(Failure { why, kept });
        }
        let before = self.before;
        let ended = self.writer.finish().and_then(|(written, output)| {
            output.sync()?;
            Ok(sum(before, written))
        });
        ended.map_err(|why| Failure { why, kept })
    }

    fn perform(&mut self, job: Job) -> io::Result<()> {
        match job {
            Job::Write(mut block, effort) => {
                let written = self.writer.write_block(&block, effort);
                block.clear();
                // The trace may be over.
                let _ = self.spare.send(block);
                written?;
            }
            Job::Sync => {
                self.writer.flush()?;
                self.writer.output().sync()?;
            }
            Job::Checkpoint(events) => self.writer.checkpoint(&events)?,
            Job::Turn(session) => {
                self.turn(&session)?;
                self.tidy()?;
                self.progress.turns.fetch_add(1, Ordering::Release);
            }
        }
        self.tidy()
    }

    /// Removes segments that have to go, and says how far it is.
    fn tidy(&mut self) -> io::Result<()> {
        let bytes = self.writer.written().bytes;
        if let Output::Segments(segments) = self.writer.output_mut() {
            segments.trim(bytes)?;
            let full = segments.is_full(bytes, self.opening);
            self.progress.full.store(full, Ordering::Relaxed);
        }
        let bytes = self.written().bytes;
        self.progress.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn turn(&mut self, session: &Event) -> io::Result<()> {
        let ended = self.writer.begin_another(|output| match output {
            Output::Segments(segments) => segments.turn(),
            Output::File(_) | Output::Stream(_) => Ok(()),
        })?;
        self.before = sum(self.before, ended);
        self.writer.write(session)?;
        self.writer.flush()?;
        self.opening = self.writer.written().bytes;
        Ok(())
    }

    /// What has reached the file.
    fn written(&self) -> Written {
        sum(self.before, self.writer.written())
    }
}

fn sum(one: Written, two: Written) -> Written {
    Written {
        bytes: one.bytes + two.bytes,
        events: one.events + two.events,
    }
}
