//! Keeps a trace in a file or a pipe. It moves bytes: records go into a block as
//! the kernel wrote them, and full blocks to a thread of their own
//! ([`writer_thread`]), so that a slow disk holds up nobody. When the disk cannot
//! keep up at all, [`Recorder::has_room`] says so, the kernel's buffer fills, and
//! what it loses is counted there. What records mean this module must not know.
//!
//! A full disk ends the recording, never the program that is being traced, and
//! what was written stays readable.

mod output;
mod resume;
mod ring;
#[cfg(test)]
mod tests;
mod writer_thread;

use std::{
    fmt, fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    event::{Event, Gap, GapCause, Segment, What, Who, units},
    recording::{Effort, RecordBlock, Written},
    records::Sink,
    source,
};
use output::Output;
use resume::Resumed;
pub use ring::Ring;
use ring::Segments;
use writer_thread::{Failure, Job, WriterThread};

/// How often what came is written and synced: with the time that records take
/// to get here, a crash costs the last second.
const FLUSH: Duration = Duration::from_millis(800);

/// No more jobs wait; most are blocks of a megabyte.
const QUEUE: usize = 3;

/// What exists is written again after so many events, for readers that have
/// missed something,
const CHECKPOINT: u64 = 200_000;
/// or after so many times as many as there were tasks.
const SPARING: u64 = 64;

/// How long, at most, going back waits for the disk.
const SETTLE: Duration = Duration::from_millis(300);

/// Where to, and whether a file may be replaced.
#[derive(Clone, Debug)]
pub struct Save {
    /// `-` is standard output.
    pub path: PathBuf,
    pub force: bool,
}

impl Save {
    /// To write there would destroy what is read, by whatever name it goes.
    pub fn replaces(&self, from: &Path) -> bool {
        let inode = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.dev(), file.ino()))
        };
        let is_stream = is_standard_output(&self.path);
        !is_stream && inode(&self.path).is_some_and(|it| inode(from) == Some(it))
    }
}

/// Where a trace is kept.
#[derive(Clone, Debug)]
pub enum Target {
    /// In one file or a pipe.
    File(Save),
    /// In the segments of a directory, as far back as is wanted.
    Ring(Ring),
}

impl Target {
    /// Refuses what [`Recorder::keep`] would refuse, and touches nothing.
    pub fn may_create(&self) -> Result<()> {
        match self {
            Target::File(save) => Recorder::may_create(save),
            Target::Ring(ring) => ring.may_open(),
        }
    }

    /// `-` is standard output.
    pub fn path(&self) -> &Path {
        match self {
            Target::File(save) => &save.path,
            Target::Ring(ring) => &ring.dir,
        }
    }
}

pub struct Recorder {
    path: PathBuf,
    block: Box<RecordBlock>,
    /// When the disk was last asked to make things safe.
    synced: Instant,
    /// Something was written since.
    unsafe_yet: bool,
    queue: SyncSender<Job>,
    /// Blocks that were written come back to be filled anew.
    spare: Receiver<Box<RecordBlock>>,
    progress: Arc<Progress>,
    writer: JoinHandle<Result<Written, Failure>>,
    /// Where the trace is kept in several files.
    part: Option<Part>,
    /// Events in blocks that were handed over, and how many there will be at the
    /// next checkpoint.
    handed_over: u64,
    checkpoint_at: u64,
    /// Sessions that files begin with, though they were told in an earlier one.
    repeated: u64,
}

/// Which file of the trace is written.
struct Part {
    segment: Segment,
    /// How many files this recorder has asked for behind the first.
    turns: u64,
    /// Events handed over before this file began.
    began_at: u64,
    /// When this file began. It ends after `duration`, even if nothing happens:
    /// the writer thread, which watches the size, does nothing while it has no job.
    began: Instant,
    duration: Duration,
    /// What another tracer has left, until this one's session comes.
    resumed: Option<Resumed>,
}

/// What the thread tells while it works.
#[derive(Debug, Default)]
struct Progress {
    /// Written so far.
    bytes: AtomicU64,
    /// Jobs that wait.
    waiting: AtomicUsize,
    /// The current segment has reached its share of the directory.
    full: AtomicBool,
    /// How many segments have been begun behind others.
    turns: AtomicU64,
    failed: OnceLock<String>,
}

/// What came of it.
pub struct Kept {
    pub path: PathBuf,
    pub events: u64,
    pub bytes: u64,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, size) = (self.path.display(), units::bytes(self.bytes));
        write!(f, "{path}: {} events, {size}", self.events)
    }
}

impl Recorder {
    /// Refuses what [`Self::create`] would refuse, and touches nothing.
    pub fn may_create(save: &Save) -> Result<()> {
        output::may_create(save)
    }

    pub fn create(save: &Save) -> Result<Recorder> {
        Self::begin(&save.path, Output::create(save)?, None)
    }

    pub fn keep(target: &Target) -> Result<Recorder> {
        match target {
            Target::File(save) => Self::create(save),
            Target::Ring(ring) => {
                let segments = Segments::open(ring)?;
                let resumed = resume::resume(&segments);
                let part = Part {
                    segment: resumed.map_or_else(Segment::default, |it| it.segment),
                    turns: 0,
                    began_at: 0,
                    began: Instant::now(),
                    duration: ring.segment,
                    resumed,
                };
                let output = Output::Segments(Box::new(segments));
                Self::begin(&ring.dir, output, Some(part))
            }
        }
    }

    fn begin(path: &Path, output: Output, part: Option<Part>) -> Result<Recorder> {
        let cannot = || format!("{} cannot be written", path.display());
        let (queue, jobs) = sync_channel(QUEUE);
        let (back, spare) = channel();
        let progress = Arc::<Progress>::default();
        let writer = WriterThread::new(output, Arc::clone(&progress), back);
        let writer = writer.with_context(cannot)?;
        let writer = thread::Builder::new()
            .name("tracer-writer".to_owned())
            .spawn(move || {
                source::live::drop_all_but_files();
                writer.run(&jobs)
            })
            .with_context(cannot)?;
        Ok(Recorder {
            path: path.to_owned(),
            block: Box::default(),
            synced: Instant::now(),
            unsafe_yet: false,
            queue,
            spare,
            progress,
            writer,
            part,
            handed_over: 0,
            checkpoint_at: CHECKPOINT,
            repeated: 0,
        })
    }

    fn ask(&self, job: Job) {
        self.progress.waiting.fetch_add(1, Ordering::Relaxed);
        // A thread that is gone has left its reason behind.
        let _ = self.queue.send(job);
    }

    /// Hands the block over to be written. Waits if too much waits already.
    fn close_block(&mut self, effort: Effort) {
        if self.block.is_empty() {
            return;
        }
        self.handed_over += u64::from(self.block.count());
        let mut next = self.spare.try_recv().unwrap_or_default();
        next.continue_from(&self.block);
        let block = std::mem::replace(&mut self.block, next);
        self.ask(Job::Write(block, effort));
        self.unsafe_yet = true;
    }

    /// Takes an event that stands alone.
    pub fn take(&mut self, event: Event) {
        self.event(event);
        self.end_group();
    }

    /// Writes what came, when it is time: within a second it is safe.
    pub fn hand_over(&mut self) {
        if self.synced.elapsed() >= FLUSH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        // There is time: what comes slowly may be compressed well.
        self.close_block(Effort::Normal);
        if std::mem::take(&mut self.unsafe_yet) {
            self.ask(Job::Sync);
        }
        self.synced = Instant::now();
    }

    /// Waits until what was taken can be read, but not for long.
    pub fn settle(&mut self) {
        self.unsafe_yet = true;
        self.flush();
        let until = Instant::now() + SETTLE;
        while self.progress.waiting.load(Ordering::Relaxed) > 0
            && self.failure().is_none()
            && Instant::now() < until
        {
            thread::sleep(SETTLE / 100);
        }
    }

    /// Whether it is time to say what exists: see [`Self::checkpoint`].
    pub fn wants_checkpoint(&self) -> bool {
        self.wants_turn() || self.handed_over >= self.checkpoint_at
    }

    fn wants_turn(&self) -> bool {
        let Some(part) = &self.part else {
            return false;
        };
        // `full` may still describe a segment that is about to end.
        let is_current = part.turns == self.progress.turns.load(Ordering::Acquire);
        let is_over = part.began.elapsed() >= part.duration;
        is_current && (is_over || self.progress.full.load(Ordering::Relaxed))
    }

    /// Writes what exists now: a session, cgroups and tasks, then the end of that
    /// snapshot. If the current segment has gone on for long enough, the next one
    /// begins with it.
    pub fn checkpoint(&mut self, mut events: Vec<Event>) {
        let turns = self.wants_turn();
        self.close_block(Effort::Normal);
        if turns {
            self.turn(&mut events);
        }
        let tasks = events.len() as u64;
        self.checkpoint_at = self.handed_over + CHECKPOINT.max(SPARING * tasks);
        self.ask(Job::Checkpoint(events));
        self.unsafe_yet = true;
    }

    fn turn(&mut self, events: &mut [Event]) {
        let (Some(part), Some(first)) = (&mut self.part, events.first_mut()) else {
            return;
        };
        part.turns += 1;
        part.segment.number += 1;
        part.segment.events_before += self.handed_over - part.began_at;
        part.began_at = self.handed_over;
        part.began = Instant::now();
        if let What::Session(session) = &mut first.what {
            session.segment = Some(part.segment);
        }
        let session = first.clone();
        self.repeated += 1;
        self.ask(Job::Turn(session));
    }

    /// Says which part of the trace a session is in. Where that goes on with
    /// another tracer's, the file begins with it, and there is a gap between.
    fn mark(&mut self, event: &mut Event) {
        let (Some(part), What::Session(session)) = (&mut self.part, &mut event.what) else {
            return;
        };
        if part.segment.number == 0 {
            part.segment.began = event.at;
        }
        session.segment = Some(part.segment);
        let Some(resumed) = part.resumed.take() else {
            return;
        };
        self.block.event(event.clone());
        self.block.end_group();
        self.close_block(Effort::Normal);
        self.repeated += 1;
        if let Some(part) = &mut self.part {
            part.began_at = self.handed_over;
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

    /// Whether to take more: false while the disk is far behind.
    pub fn has_room(&self) -> bool {
        self.progress.waiting.load(Ordering::Relaxed) < QUEUE
    }

    /// Why nothing is written any more, as soon as that is so.
    pub fn failure(&self) -> Option<String> {
        let crashed = || {
            self.writer
                .is_finished()
                .then_some("the writer has crashed")
        };
        let failed = self.progress.failed.get().map(String::as_str);
        let why = failed.or_else(crashed)?;
        Some(format!("{}: {why}", self.path.display()))
    }

    /// What has reached the file.
    pub fn bytes(&self) -> u64 {
        self.progress.bytes.load(Ordering::Relaxed)
    }

    pub fn finish(mut self) -> Result<Kept> {
        self.close_block(Effort::Normal);
        let Recorder {
            path,
            queue,
            writer,
            repeated,
            ..
        } = self;
        drop(queue);
        let outcome = writer
            .join()
            .map_err(|_| anyhow!("{}: the writer has crashed", path.display()))?;
        match outcome {
            Ok(Written { events, bytes }) => Ok(Kept {
                path,
                events: events - repeated.min(events),
                bytes,
            }),
            Err(Failure { why, kept }) => Err(anyhow!(
                "{}: {why}; what was written before ({} events) can be read with `tracer replay`",
                path.display(),
                kept.events - repeated.min(kept.events),
            )),
        }
    }
}

impl Sink for Recorder {
    fn event(&mut self, mut event: Event) {
        self.mark(&mut event);
        self.block.event(event);
    }

    fn record(&mut self, record: &[u8]) {
        self.block.record(record);
    }

    fn end_group(&mut self) {
        self.block.end_group();
        if self.block.is_full() {
            self.close_block(Effort::Low);
        }
    }
}

/// `-`, which is not a file.
fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}
