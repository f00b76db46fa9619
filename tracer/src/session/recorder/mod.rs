//! Writes a trace to a file, a pipe, or the segments of a flight recorder.
//!
//! The recorder copies records into a block as the kernel wrote them, and passes
//! full blocks to the [`writer_thread`], so that a slow disk does not delay reading
//! the ring buffer. If the disk cannot keep up, [`Recorder::has_room`] returns
//! false, the ring buffer fills, and the kernel counts the lost records. This
//! module must not know the meaning of records.
//!
//! A full disk ends the recording but not the traced command. What was written
//! stays readable.
//!
//! Imports `console`, `files` and `input`.

mod backlog;
mod disk;
mod ending;
mod output;
mod removable;
mod resume;
mod segments;
mod snapshot_limit;
pub mod target;
#[cfg(test)]
mod tests;
mod watched_file;
mod writer_thread;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use crate::{
    confinement,
    event::{Event, Gap, GapCause, Segment, What, Who, file_name},
    recording::{Effort, RecordBlock},
    records::Sink,
    session::files::{invoker, rights},
};
pub use ending::{Ending, Finished, ShortenedHistory};
use output::Output;
use resume::Resumed;
use segments::Segments;
use target::{FlightRecorder, Save, Target};
use writer_thread::{Complete, Failure, Job, WriterProgress, WriterThread};

/// Interval between syncs. With the delay of the ring buffer, a crash loses at most
/// the last second.
const FLUSH: Duration = Duration::from_millis(800);

/// Number of waiting jobs from which on nothing more should be recorded. Most are blocks
/// of a megabyte.
const QUEUE: usize = 3;

/// Maximum wait of a trace for the disk before it adds a job to a full queue. Longer, and
/// it would not answer requests to stop.
const WAIT: Duration = Duration::from_millis(50);

/// Minimum number of events between two checkpoints.
const CHECKPOINT: u64 = 200_000;
/// Minimum number of events between two checkpoints, as a multiple of the number
/// of tasks in the last one.
const SPARING: u64 = 64;

/// Maximum time that [`Recorder::settle`] waits for the disk.
const SETTLE: Duration = Duration::from_millis(300);

/// Writes a trace to its destination.
pub struct Recorder {
    path: PathBuf,
    block: Box<RecordBlock>,
    /// Time of the last sync.
    synced: Instant,
    /// True if something was written since.
    needs_sync: bool,
    queue: Sender<Job>,
    /// Returns written blocks to be reused.
    spare: Receiver<Box<RecordBlock>>,
    progress: Arc<WriterProgress>,
    writer: JoinHandle<Result<Complete, Failure>>,
    /// Position in the trace, if it is written in segments.
    segment: Option<SegmentPosition>,
    /// Events in the blocks handed over to the writer thread.
    handed_over: u64,
    /// Value of `handed_over` at which the next checkpoint is due.
    checkpoint_at: u64,
    /// Number of sessions repeated at the beginning of later segments.
    repeated: u64,
}

/// Position of the current segment in the trace.
struct SegmentPosition {
    segment: Segment,
    /// Number of segments that this recorder has asked for after its first.
    turns: u64,
    /// Events handed over before this segment began.
    began_at: u64,
    /// Time at which this segment began.
    began: Instant,
    /// Limits. The recorder checks the duration, because the writer thread does
    /// nothing while it has no job.
    ring: FlightRecorder,
    /// Tasks of a snapshot in progress, which is written once its size is known.
    snapshot: Vec<Event>,
    /// True if tasks were left out of the last snapshot.
    is_incomplete: bool,
    /// End of an earlier recorder's trace, until the session of this one arrives.
    resumed: Option<Resumed>,
}

impl Recorder {
    /// Checks the conditions of [`Self::create`] without creating anything.
    pub fn may_create(save: &Save) -> Result<()> {
        output::may_create(save)
    }

    /// Checks the conditions of [`Self::start`] without creating anything.
    pub fn may_start(target: &Target) -> Result<()> {
        match target {
            Target::File(save) => Self::may_create(save),
            Target::FlightRecorder(ring) => segments::may_open(ring),
        }
    }

    /// Starts to write to a file or a pipe.
    pub fn create(save: &Save) -> Result<Recorder> {
        Self::begin(&save.path, Output::create(save)?, None)
    }

    /// Starts to write to a destination. A flight recorder continues the trace that
    /// an earlier one began in this boot.
    pub fn start(target: &Target) -> Result<Recorder> {
        match target {
            Target::File(save) => Self::create(save),
            Target::FlightRecorder(ring) => {
                let segments = Segments::open(ring)?;
                let resumed = resume::resume(&segments);
                let position = SegmentPosition {
                    segment: Segment {
                        keep: u64::try_from(ring.keep.as_nanos()).ok(),
                        ..resumed.map_or_else(Segment::default, |it| it.segment)
                    },
                    turns: 0,
                    began_at: 0,
                    began: Instant::now(),
                    ring: ring.clone(),
                    snapshot: Vec::new(),
                    is_incomplete: false,
                    resumed,
                };
                let output = Output::Segments(Box::new(segments));
                Self::begin(&ring.dir, output, Some(position))
            }
        }
    }

    fn begin(path: &Path, output: Output, segment: Option<SegmentPosition>) -> Result<Recorder> {
        let cannot = || format!("{} cannot be written", file_name(path));
        let given = matches!(&output, Output::Segments(segments) if segments.are_given());
        let (queue, jobs) = channel();
        let (back, spare) = channel();
        let progress = Arc::<WriterProgress>::default();
        let writer = WriterThread::new(output, Arc::clone(&progress), back);
        let writer = writer.with_context(cannot)?;
        let rights = rights::writer(segment.is_some().then_some(path));
        let writer = thread::Builder::new()
            .name("tracer-writer".to_owned())
            .spawn(move || {
                if given {
                    invoker::create_files_as_invoker();
                }
                confinement::keep(&rights);
                writer.run(&jobs)
            })
            .with_context(cannot)?;
        Ok(Recorder {
            path: path.to_owned(),
            block: Box::default(),
            synced: Instant::now(),
            needs_sync: false,
            queue,
            spare,
            progress,
            writer,
            segment,
            handed_over: 0,
            checkpoint_at: CHECKPOINT,
            repeated: 0,
        })
    }

    fn ask(&self, job: Job) {
        self.progress.backlog.wait_below(QUEUE, WAIT);
        self.progress.backlog.add(job.events());
        // A thread that has ended has set the reason.
        let _ = self.queue.send(job);
    }

    /// Hands the block over to the writer thread.
    fn close_block(&mut self, effort: Effort) {
        if self.block.is_empty() {
            return;
        }
        self.handed_over += u64::from(self.block.count());
        let mut next = self.spare.try_recv().unwrap_or_default();
        next.continue_from(&self.block);
        let block = std::mem::replace(&mut self.block, next);
        self.ask(Job::Write(block, effort));
        self.needs_sync = true;
        if self.is_small() {
            self.progress.backlog.wait_below(1, WAIT);
        }
    }

    /// Returns true if blocks are not small against the size limit of the directory.
    fn is_small(&self) -> bool {
        let position = self.segment.as_ref();
        position.is_some_and(|position| position.ring.is_small())
    }

    /// Takes an event that is a group of its own. Blocks while the disk is far behind.
    pub fn take(&mut self, event: Event) {
        self.event(event);
        self.end_group();
        while !self.has_room() && self.failure().is_none() {
            self.progress.backlog.wait_below(QUEUE, SETTLE);
        }
    }

    /// Writes and syncs if the interval has passed, so that a crash loses at most a
    /// second.
    pub fn flush_if_due(&mut self) {
        if self.synced.elapsed() >= FLUSH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.end_snapshot();
        // At a low event rate there is time to compress well.
        self.close_block(Effort::Normal);
        if std::mem::take(&mut self.needs_sync) {
            self.ask(Job::Sync);
        }
        self.synced = Instant::now();
    }

    /// Waits until everything taken so far can be read, for 300 ms at most.
    pub fn settle(&mut self) {
        self.needs_sync = true;
        self.flush();
        let until = Instant::now() + SETTLE;
        while self.failure().is_none()
            && Instant::now() < until
            && !self.progress.backlog.wait_below(1, SETTLE / 10)
        {}
    }

    /// Returns true if a checkpoint is due: see [`Self::checkpoint`].
    pub fn wants_checkpoint(&self) -> bool {
        self.wants_turn() || self.handed_over >= self.checkpoint_at
    }

    /// Returns true if the next segment is due.
    fn wants_turn(&self) -> bool {
        let Some(position) = &self.segment else {
            return false;
        };
        // `full` may still describe a segment that is about to end.
        let is_current = position.turns == self.progress.turns.load(Ordering::Acquire);
        let is_over = position.began.elapsed() >= position.ring.segment;
        is_current && (is_over || self.progress.full.load(Ordering::Relaxed))
    }

    /// Writes a checkpoint: a session, cgroups and tasks, then the end of the
    /// snapshot. If the next segment is due, it begins with this checkpoint. Returns
    /// true if it does.
    pub fn checkpoint(&mut self, mut events: Vec<Event>) -> bool {
        let turns = self.wants_turn();
        self.end_snapshot();
        self.close_block(Effort::Normal);
        let tasks = events.len() as u64;
        self.checkpoint_at = self.handed_over + CHECKPOINT.max(SPARING * tasks);
        if turns {
            self.count_turn(&mut events);
            self.ask(Job::Turn(events));
        } else {
            self.ask(Job::Checkpoint(events));
        }
        self.needs_sync = true;
        turns
    }

    /// Counts the next segment and marks the session in `events` with it.
    fn count_turn(&mut self, events: &mut [Event]) {
        let (Some(position), Some(first)) = (&mut self.segment, events.first_mut()) else {
            return;
        };
        position.turns += 1;
        position.segment.number = position.segment.number.saturating_add(1);
        position.segment.events_before += self.handed_over - position.began_at;
        position.began_at = self.handed_over;
        position.began = Instant::now();
        if let What::Session(session) = &mut first.what {
            session.segment = Some(position.segment);
        }
        self.repeated += 1;
    }

    /// Marks a session with its segment. If the trace continues an earlier
    /// recorder's, the segment begins with the session and a gap.
    fn mark(&mut self, event: &mut Event) {
        let (Some(position), What::Session(session)) = (&mut self.segment, &mut event.what) else {
            return;
        };
        if position.segment.number == 0 {
            position.segment.began = event.at;
        }
        session.segment = Some(position.segment);
        let Some(resumed) = position.resumed.take() else {
            return;
        };
        self.block.event(event.clone());
        self.block.end_group();
        self.close_block(Effort::Normal);
        self.repeated += 1;
        if let Some(position) = &mut self.segment {
            position.began_at = self.handed_over;
        }
        self.block.event(Event {
            at: event.at,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since: resumed.latest,
                lost: Vec::new(),
                cause: GapCause::Untraced,
            })),
        });
        self.block.end_group();
    }

    /// Returns true if the recorder can take more: false while the disk is far behind.
    pub fn has_room(&self) -> bool {
        self.progress.backlog.jobs() < QUEUE
    }

    /// Returns the reason why nothing more is written, if that is the case.
    pub fn failure(&self) -> Option<String> {
        let crashed = || {
            self.writer
                .is_finished()
                .then_some("the writer thread has crashed")
        };
        let failed = self.progress.failed.get().map(String::as_str);
        let why = failed.or_else(crashed)?;
        Some(format!("{}: {why}", file_name(&self.path)))
    }

    /// Returns the number of bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.progress.bytes.load(Ordering::Relaxed)
    }

    /// Returns the history that the directory holds and the one asked for, if segments
    /// were removed before their age limit.
    pub fn shortened_history(&self) -> Option<ShortenedHistory> {
        let ring = &self.segment.as_ref()?.ring;
        let held = Duration::from_nanos(self.progress.history.load(Ordering::Relaxed));
        let is_shortened = self.progress.shortened.load(Ordering::Relaxed) && held < ring.keep;
        is_shortened.then_some(ShortenedHistory {
            held,
            asked: ring.keep,
        })
    }

    /// Ends the recording.
    ///
    /// # Errors
    ///
    /// Fails if writing failed at any time. The message says what can be read.
    pub fn finish(self) -> Result<Finished> {
        self.end().join()
    }

    /// Hands over what is left, without waiting for the disk.
    pub fn end(mut self) -> Ending {
        self.end_snapshot();
        self.close_block(Effort::Normal);
        Ending {
            shortened: self.shortened_history(),
            path: self.path,
            progress: self.progress,
            writer: self.writer,
            repeated: self.repeated,
        }
    }
}

impl Recorder {
    /// Writes the tasks of a snapshot in progress, as far as the directory has room.
    fn end_snapshot(&mut self) {
        let Some(position) = &mut self.segment else {
            return;
        };
        if position.snapshot.is_empty() {
            return;
        }
        let mut tasks = std::mem::take(&mut position.snapshot);
        let limit = position.ring.snapshot_limit();
        position.is_incomplete = !snapshot_limit::apply(&mut tasks, limit);
        for task in tasks {
            self.block.event(task);
            self.end_group();
        }
    }
}

impl Sink for Recorder {
    fn event(&mut self, mut event: Event) {
        if let Some(position) = &mut self.segment
            && let What::Snapshot(_) = event.what
        {
            position.snapshot.push(event);
            return;
        }
        self.end_snapshot();
        if let Some(position) = &mut self.segment
            && let What::SnapshotEnd(_) = event.what
            && std::mem::take(&mut position.is_incomplete)
        {
            snapshot_limit::mark_incomplete(&mut event);
        }
        self.mark(&mut event);
        self.block.event(event);
    }

    fn record(&mut self, record: &[u8]) {
        self.end_snapshot();
        self.block.record(record);
    }

    fn is_full(&self) -> bool {
        self.wants_turn() || (self.is_small() && self.progress.backlog.jobs() > 0)
    }

    fn end_group(&mut self) {
        self.block.end_group();
        if self.block.is_full() {
            self.close_block(Effort::Low);
        }
    }
}
