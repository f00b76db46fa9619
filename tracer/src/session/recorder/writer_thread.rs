//! The thread that compresses and writes blocks, so that a slow disk does not
//! delay reading the ring buffer.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender},
    },
};

use super::{backlog::Backlog, output::Output, snapshot_limit};
use crate::{
    event::Event,
    recording::{Effort, RecordBlock, Writer, Written},
};

/// Request to the thread.
pub enum Job {
    /// Compress and write a block.
    Write(Box<RecordBlock>, Effort),
    /// Sync what was written.
    Sync,
    /// Write a checkpoint.
    Checkpoint(Vec<Event>),
    /// Begin the next segment with a checkpoint.
    Turn(Vec<Event>),
}

impl Job {
    /// Returns the number of events of the trace in this job.
    pub fn events(&self) -> u64 {
        match self {
            Job::Write(block, _) => u64::from(block.count()),
            Job::Sync | Job::Checkpoint(_) | Job::Turn(_) => 0,
        }
    }
}

/// State shared with the recorder while the thread works.
#[derive(Debug, Default)]
pub struct WriterProgress {
    /// Bytes written so far, in all segments.
    pub bytes: AtomicU64,
    /// Jobs in the queue or in progress.
    pub backlog: Backlog,
    /// True if the current segment has reached its share of the directory.
    pub full: AtomicBool,
    /// Number of segments begun after the first.
    pub turns: AtomicU64,
    /// Time that the segments in the directory cover, ns.
    pub history: AtomicU64,
    /// True if a segment was removed before its age limit, to make room.
    pub shortened: AtomicBool,
    /// Error that ended the recording, if any.
    pub failed: OnceLock<String>,
}

/// Recording that was ended properly.
pub struct Complete {
    /// Events and bytes in it.
    pub written: Written,
    /// Name of the file, if it was renamed meanwhile.
    pub renamed: Option<PathBuf>,
}

/// Error that ended a recording before the trace.
pub struct Failure {
    /// Cause.
    pub why: io::Error,
    /// Events and bytes written before that.
    pub kept: Written,
}

/// Work of the thread.
pub struct WriterThread {
    writer: Writer<Output>,
    /// Events and bytes in the segments before the current one.
    before: Written,
    /// Size of the snapshot that the current segment began with, in bytes.
    opening: u64,
    progress: Arc<WriterProgress>,
    /// Returns written blocks to be reused.
    spare: Sender<Box<RecordBlock>>,
}

impl WriterThread {
    /// Writes the header of the recording. `spare` receives written blocks.
    pub fn new(
        output: Output,
        progress: Arc<WriterProgress>,
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

    /// Performs jobs until the other end is dropped, then ends the recording.
    /// After a failure it only empties the queue.
    pub fn run(mut self, jobs: &Receiver<Job>) -> Result<Complete, Failure> {
        let mut failed = None;
        while let Ok(job) = jobs.recv() {
            let events = job.events();
            if failed.is_none()
                && let Err(why) = self.perform(job).map_err(explained)
            {
                // It is set only here, once.
                let _ = self.progress.failed.set(why.to_string());
                failed = Some(why);
            }
            // Failed and skipped jobs count as done, so that nothing waits for them.
            self.progress.backlog.remove(events);
        }
        let kept = self.written();
        if let Some(why) = failed {
            return Err(Failure { why, kept });
        }
        let before = self.before;
        let ended = self.writer.finish().and_then(|(written, output)| {
            Ok(Complete {
                written: sum(before, written),
                renamed: output.end()?,
            })
        });
        ended.map_err(|why| Failure {
            why: explained(why),
            kept,
        })
    }

    fn perform(&mut self, job: Job) -> io::Result<()> {
        match job {
            Job::Write(mut block, effort) => {
                let written = self.writer.write_block(&block, effort);
                block.clear();
                // The recorder may have ended already.
                let _ = self.spare.send(block);
                written?;
            }
            Job::Sync => {
                self.writer.flush()?;
                self.writer.output().sync()?;
            }
            Job::Checkpoint(mut events) => {
                self.limit(&mut events);
                self.writer.checkpoint(&events)?;
            }
            Job::Turn(mut events) => {
                self.limit(&mut events);
                self.turn(&events)?;
                self.trim_and_report()?;
                self.progress.turns.fetch_add(1, Ordering::Release);
            }
        }
        self.trim_and_report()
    }

    /// Reduces a snapshot to what the directory has room for.
    fn limit(&self, snapshot: &mut Vec<Event>) {
        if let Output::Segments(segments) = self.writer.output()
            && !snapshot_limit::apply(snapshot, segments.ring().snapshot_limit())
            && let Some(end) = snapshot.last_mut()
        {
            snapshot_limit::mark_incomplete(end);
        }
    }

    /// Removes old segments and updates the shared progress.
    fn trim_and_report(&mut self) -> io::Result<()> {
        if let Output::Segments(segments) = self.writer.output_mut() {
            segments.trim()?;
            let progress = &self.progress;
            let full = segments.is_full(self.opening);
            progress.full.store(full, Ordering::Relaxed);
            let history = u64::try_from(segments.history().as_nanos()).unwrap_or(u64::MAX);
            progress.history.store(history, Ordering::Relaxed);
            let shortened = segments.is_shortened();
            progress.shortened.store(shortened, Ordering::Relaxed);
        }
        let bytes = self.written().bytes;
        self.progress.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn turn(&mut self, checkpoint: &[Event]) -> io::Result<()> {
        let ended = self.writer.begin_another(|output| match output {
            Output::Segments(segments) => segments.turn(),
            Output::File(_) | Output::Stream(_) => Ok(()),
        })?;
        self.before = sum(self.before, ended);
        // The segment begins with the session as a part of its stream.
        if let Some(session) = checkpoint.first() {
            self.writer.write(session)?;
        }
        self.writer.checkpoint(checkpoint)?;
        self.writer.flush()?;
        self.opening = self.writer.written().bytes;
        Ok(())
    }

    /// Returns the events and bytes written to all segments.
    fn written(&self) -> Written {
        sum(self.before, self.writer.written())
    }
}

/// Adds the likely cause to an error that does not name it.
fn explained(why: io::Error) -> io::Error {
    match why.kind() {
        io::ErrorKind::FileTooLarge => io::Error::new(
            why.kind(),
            format!("{why}: the limit of `ulimit -f`, or of the file system"),
        ),
        _ => why,
    }
}

fn sum(one: Written, two: Written) -> Written {
    Written {
        bytes: one.bytes + two.bytes,
        events: one.events + two.events,
    }
}
