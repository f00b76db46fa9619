//! Keeps the stream in a file or a pipe. The trace hands events over and goes
//! on; a thread of its own ([`scribe`]) writes them, so that a slow disk holds
//! up nobody. When the disk cannot keep up at all, [`Recorder::has_room`] says
//! so, the kernel's buffer fills, and what it loses is counted there.
//!
//! A full disk ends the recording, never the program that is being traced, and
//! what was written stays readable.

mod keeper;
mod output;
mod part;
mod resume;
mod ring;
mod scribe;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};

use crate::{
    event::{Event, humane},
    recording::Written,
    source,
};
pub use keeper::Keeper;
use output::Output;
pub use ring::Ring;
use ring::Segments;
use scribe::{Failure, Scribe};

/// Events are handed over in batches of at most this many,
const BATCH: usize = 4096;
/// and no more than so many batches wait: about 100 MB at the very worst.
const QUEUE: usize = 128;

/// So long, at most, whoever looks back waits for the disk.
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
    batch: Vec<Event>,
    queue: SyncSender<Vec<Event>>,
    progress: Arc<Progress>,
    scribe: JoinHandle<Result<Written, Failure>>,
}

/// What the thread tells while it works.
#[derive(Debug, Default)]
struct Progress {
    /// Written so far.
    bytes: AtomicU64,
    /// Batches that wait.
    waiting: AtomicUsize,
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
        let (path, size) = (self.path.display(), humane::bytes(self.bytes));
        write!(f, "{path}: {} events, {size}", self.events)
    }
}

impl Recorder {
    /// Refuses what [`Self::create`] would refuse, and touches nothing.
    pub fn may_create(save: &Save) -> Result<()> {
        output::may_create(save)
    }

    pub fn create(save: &Save) -> Result<Recorder> {
        let scribe = Scribe::new(Output::create(save)?);
        Self::begin(&save.path, scribe)
    }

    pub fn keep(target: &Target) -> Result<Recorder> {
        match target {
            Target::File(save) => Self::create(save),
            Target::Ring(ring) => {
                let segments = Segments::open(ring)?;
                let before = resume::resume(&segments);
                Self::begin(&ring.dir, Scribe::in_parts(segments, before))
            }
        }
    }

    fn begin(path: &Path, scribe: io::Result<Scribe>) -> Result<Recorder> {
        let cannot = || format!("{} cannot be written", path.display());
        let scribe = scribe.with_context(cannot)?;
        let (queue, batches) = sync_channel(QUEUE);
        let progress = Arc::<Progress>::default();
        let told = Arc::clone(&progress);
        let scribe = thread::Builder::new()
            .name("tracer-writer".to_owned())
            .spawn(move || {
                source::live::drop_all_but_files();
                scribe.write_all(&batches, &told)
            })
            .with_context(cannot)?;
        Ok(Recorder {
            path: path.to_owned(),
            batch: Vec::new(),
            queue,
            progress,
            scribe,
        })
    }

    pub fn take(&mut self, event: Event) {
        self.batch.push(event);
        if self.batch.len() == BATCH {
            self.hand_over();
        }
    }

    /// What was taken is on its way to the file: within a second it is there.
    /// Waits if too much waits already.
    pub fn hand_over(&mut self) {
        if !self.batch.is_empty() {
            let next = Vec::with_capacity(self.batch.len());
            let batch = std::mem::replace(&mut self.batch, next);
            self.progress.waiting.fetch_add(1, Ordering::Relaxed);
            // A thread that is gone has left its reason behind.
            let _ = self.queue.send(batch);
        }
    }

    /// Waits until what was taken can be read, but not for long.
    pub fn settle(&mut self) {
        self.hand_over();
        self.progress.waiting.fetch_add(1, Ordering::Relaxed);
        // A batch of nothing asks for what came before it to be written.
        let _ = self.queue.send(Vec::new());
        let until = Instant::now() + SETTLE;
        while self.progress.waiting.load(Ordering::Relaxed) > 0
            && self.failure().is_none()
            && Instant::now() < until
        {
            thread::sleep(SETTLE / 100);
        }
    }

    /// Whether to take more: false while the disk is far behind.
    pub fn has_room(&self) -> bool {
        self.progress.waiting.load(Ordering::Relaxed) < QUEUE / 2
    }

    /// Why nothing is written any more, as soon as that is so.
    pub fn failure(&self) -> Option<String> {
        let crashed = || {
            self.scribe
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
        self.hand_over();
        let Recorder {
            path,
            queue,
            scribe,
            ..
        } = self;
        drop(queue);
        let outcome = scribe
            .join()
            .map_err(|_| anyhow!("{}: the writer has crashed", path.display()))?;
        match outcome {
            Ok(Written { events, bytes }) => Ok(Kept {
                path,
                events,
                bytes,
            }),
            Err(Failure { why, kept }) => Err(anyhow!(
                "{}: {why}; what was written before ({} events) can be read with `tracer replay`",
                path.display(),
                kept.events,
            )),
        }
    }
}

/// `-`, which is not a file.
fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-")
}
