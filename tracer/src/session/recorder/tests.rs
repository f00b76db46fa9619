//! A trace in segments, written by one recorder or by several, reads as one trace.

mod broken;
mod limits;
mod missing;
mod odd_entries;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use super::{
    Recorder,
    segments::Segments,
    target::{FlightRecorder, Save, Target, Trust},
};
use crate::{
    event::{
        Comm, Event, FaultTally, GapCause, ProcessId, Segment, What,
        script::{SEC, START, Script},
    },
    model::{Model, Retention, State},
    playback::{Place, Stage},
    session::{
        Info, OK, RECORDING_INCOMPLETE, Window, info,
        input::{directory::Directory, range, recording::Input},
    },
    source::live,
};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = env::temp_dir().join(format!("tracer-parts-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&dir);
        Scratch(dir)
    }

    fn ring(&self) -> FlightRecorder {
        FlightRecorder {
            dir: self.0.clone(),
            // The script's times are long ago on a machine that has been up for a while.
            keep: Duration::from_secs(365 * 24 * 3600),
            max_size: 1 << 30,
            segment: Duration::from_secs(3600),
            insecure: false,
            trust: Trust::Own,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn faults(script: Script, pid: u32, count: u64) -> Script {
    let mut tally = FaultTally::default();
    tally.classes.read = count;
    script.event(pid, What::Faults(Box::new(tally)))
}

/// Returns the events of a trace: a server is present from the beginning and
/// faults, its children are forked and exit, and some stay as zombies.
fn trace(began: u64, first: u32, children: u32) -> Vec<Event> {
    let mut script = Script::new().at(began - START).session_with(|session| {
        session.boot_id = live::boot_id();
    });
    script = script
        .found(1, 0, "init")
        .found(100, 1, "server")
        .found_all();
    for child in first..first + children {
        let name = format!("child{child}");
        script = script.fork(100, child).exec(child, &name, &[&name]);
        script = faults(script, 100, u64::from(child - first + 1) * 10);
        if child % 50 != 7 {
            script = script.die(child, 0).reap(child).free(child);
        } else {
            script = script.exit(child, 0).notify(child);
        }
    }
    script.events
}

/// Writes events, with a new segment after every `every` events. Without `end`, the
/// end mark is missing.
fn write(ring: &FlightRecorder, events: &[Event], every: usize, end: bool) {
    let mut tracer = Tracer::new(ring);
    for (number, event) in events.iter().enumerate() {
        tracer.take(event);
        if (number + 1) % every == 0 {
            tracer.turn();
        }
    }
    tracer.recorder.finish().unwrap();
    if !end {
        // A killed recorder does not write the end block.
        let path = last(&ring.dir);
        let file = fs::File::options().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length - END_BLOCK).unwrap();
    }
}

const END_BLOCK: u64 = 64;

/// Recorder, and the model for its checkpoints.
struct Tracer {
    recorder: Recorder,
    session: Option<Event>,
    model: Model,
}

impl Tracer {
    fn new(ring: &FlightRecorder) -> Tracer {
        Tracer {
            recorder: Recorder::start(&Target::FlightRecorder(ring.clone())).unwrap(),
            session: None,
            model: Model::new(Retention::ALL),
        }
    }

    fn take(&mut self, event: &Event) {
        if let What::Session(_) = event.what {
            self.session = Some(event.clone());
        }
        self.model.apply(event);
        self.recorder.take(event.clone());
    }

    /// Begins the next segment.
    fn turn(&mut self) {
        while self.recorder.progress.backlog.jobs() > 0 {
            self.recorder.settle();
        }
        self.recorder.progress.full.store(true, Ordering::Relaxed);
        let mut session = self.session.clone().unwrap();
        session.at = self.model.now();
        let found = self.model.presence_snapshot();
        let events = [session].into_iter().chain(found).collect();
        self.recorder.checkpoint(events);
    }
}

fn read(dir: &Path) -> Vec<Event> {
    let input = Input::find(dir, &Window::default()).unwrap();
    let (mut chain, _) = input.chain().unwrap();
    let events = std::iter::from_fn(|| chain.next_event().unwrap());
    events.collect()
}

/// Removes the positions of segments from sessions.
fn without_positions(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        if let What::Session(session) = &mut event.what {
            (session.segment, session.realtime_offset) = (None, 0);
        }
    }
    events
}

fn segment_count(dir: &Path) -> usize {
    crate::recording::segments::list(dir)
        .unwrap()
        .segments
        .len()
}

struct Play(Model);

impl Play {
    fn new() -> Play {
        Play(Model::new(Retention::ALL))
    }

    fn of(events: &[Event]) -> Play {
        let mut play = Play::new();
        events.iter().for_each(|event| play.take(event));
        play
    }

    /// Returns the present processes with their states.
    fn present(&self) -> BTreeMap<ProcessId, (Comm, State)> {
        let present = self
            .0
            .processes()
            .map(|(_, it)| (it.id, (it.comm, it.state())));
        present.filter(|(_, (_, state))| !state.is_gone()).collect()
    }

    /// Returns the present processes and the totals.
    fn state(&self) -> (Vec<String>, String) {
        let model = &self.0;
        let present = model.processes().filter(|(_, it)| !it.state().is_gone());
        let present = present
            .map(|(_, it)| format!("{:?} {} {:?} {:?}", it.id, it.comm, it.state(), it.faults));
        let sums = format!("{:?} {} {:?}", model.totals(), model.alive(), model.gaps());
        (present.collect(), sums)
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        *self = Play::new();
    }

    fn restore(&mut self, model: Model) {
        self.0 = model;
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

#[test]
fn segments_join_without_loss_or_repetition() {
    let scratch = Scratch::new("seam");
    let events = trace(START, 1000, 300);
    write(&scratch.ring(), &events, 250, true);
    assert!(segment_count(&scratch.0) > 5);
    assert_eq!(
        without_positions(read(&scratch.0)),
        without_positions(events)
    );
}

#[test]
fn single_segment_lists_present_processes() {
    let scratch = Scratch::new("alone");
    let events = trace(START, 1000, 300);
    write(&scratch.ring(), &events, 250, true);
    let mut whole = Play::new();
    events.iter().for_each(|event| whole.0.apply(event));
    let mut since = Vec::new();
    for segment in crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments
    {
        let mut alone = Play::new();
        read(&segment.path)
            .iter()
            .for_each(|event| alone.0.apply(event));
        since.push(alone.0.totals().forks);
        if segment.path == last(&scratch.0) {
            assert_eq!(alone.present(), whole.present());
        }
    }
    // Each event is counted in one segment.
    assert_eq!(since.iter().sum::<u64>(), whole.0.totals().forks);
}

fn last(dir: &Path) -> PathBuf {
    let mut segments = crate::recording::segments::list(dir).unwrap().segments;
    segments.pop().unwrap().path
}

#[test]
fn killed_recorder_is_resumed() {
    let scratch = Scratch::new("restart");
    let first = trace(START, 1000, 120);
    let mut second = trace(START + 100 * SEC, 5000, 60);
    write(&scratch.ring(), &first, 300, false);
    // The second counts from zero and is killed too.
    write(&scratch.ring(), &second, 100, false);
    let merged = read(&scratch.0);
    let gaps: Vec<_> = merged
        .iter()
        .filter_map(|event| match &event.what {
            What::Gap(gap) => Some((gap.cause, gap.since)),
            _ => None,
        })
        .collect();
    assert_eq!(gaps, [(GapCause::Untraced, first.last().unwrap().at)]);
    let mut events = first;
    events.append(&mut second);
    let gapless = merged
        .iter()
        .filter(|event| !matches!(event.what, What::Gap(_)));
    let gapless = without_positions(gapless.cloned().collect());
    assert_eq!(gapless, without_positions(events));

    // The counts of both add up, played through or after a seek.
    let mut played = Play::new();
    merged.iter().for_each(|event| played.0.apply(event));
    let server = played.0.find_pid(100).unwrap();
    assert_eq!(played.0.process(server).faults.read, 1200 + 600);
    let input = Input::find(&scratch.0, &Window::default()).unwrap();
    let mut playback = input.playback(false).unwrap();
    assert_eq!(playback.events(), merged.len() as u64);
    let mut stage = Play::new();
    playback.seek(Place::End, &mut stage).unwrap();
    assert_eq!(stage.state(), played.state());
    playback
        .seek(Place::Event(merged.len() as u64 / 2), &mut stage)
        .unwrap();
    playback.seek(Place::End, &mut stage).unwrap();
    assert_eq!(stage.state(), played.state());
    // The last segment alone has the same present processes.
    let alone = Play::of(&read(&last(&scratch.0)));
    assert_eq!(alone.present(), played.present());
}

#[test]
fn segment_has_the_session_of_its_own_recorder() {
    let scratch = Scratch::new("own");
    let by = |release: &str, mut events: Vec<Event>| {
        if let What::Session(session) = &mut events[0].what {
            session.kernel_release = release.into();
        }
        events
    };
    let first = by("first", trace(START, 1000, 60));
    let second = by("second", trace(START + 100 * SEC, 5000, 60));
    write(&scratch.ring(), &first, 200, false);
    let firsts = segment_count(&scratch.0);
    write(&scratch.ring(), &second, 200, true);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    for (number, segment) in segments.iter().enumerate() {
        let own = if number < firsts { "first" } else { "second" };
        let events = read(&segment.path);
        let sessions = events.iter().filter_map(|event| match &event.what {
            What::Session(session) => Some((session.kernel_release.raw(), session.segment)),
            _ => None,
        });
        let sessions: Vec<_> = sessions.collect();
        assert_eq!(sessions.first().unwrap().0, own);
        assert_eq!(sessions.last().unwrap().0, own);
        // The session of its checkpoint has the same number.
        let number_of = |segment: &Option<Segment>| segment.unwrap().number;
        let numbers: Vec<_> = sessions.iter().map(|(_, it)| number_of(it)).collect();
        assert_eq!(numbers, vec![number as u64; numbers.len()]);
    }
}

/// Reads a directory. Returns its events without gaps and the snapshots behind them,
/// and the gaps.
fn events_and_gaps(dir: &Path) -> (Vec<Event>, Vec<(u64, u64, GapCause)>) {
    let (gaps, mut events): (Vec<_>, Vec<_>) = read(dir)
        .into_iter()
        .partition(|event| matches!(event.what, What::Gap(_)));
    let found = |event: &Event| matches!(event.what, What::Snapshot(_) | What::SnapshotEnd(_));
    let began = events
        .iter()
        .position(|event| matches!(event.what, What::Fork(_)));
    let mut number = 0..;
    events.retain(|event| number.next() < began || !found(event));
    let gaps = gaps.into_iter().map(|event| match event.what {
        What::Gap(gap) => (gap.since, event.at, gap.cause),
        _ => unreachable!(),
    });
    (without_positions(events), gaps.collect())
}

#[test]
fn segment_ends_on_time_without_events() {
    let scratch = Scratch::new("idle");
    let ring = FlightRecorder {
        segment: Duration::from_secs(60),
        ..scratch.ring()
    };
    let mut tracer = Tracer::new(&ring);
    for event in trace(START, 1000, 0) {
        tracer.take(&event);
    }
    while tracer.recorder.progress.backlog.jobs() > 0 {
        tracer.recorder.settle();
    }
    assert!(!tracer.recorder.wants_checkpoint());
    // A minute passes without an event, so the writer thread has nothing to do.
    let began = &mut tracer.recorder.segment.as_mut().unwrap().began;
    *began = began.checked_sub(ring.segment).unwrap();
    assert!(tracer.recorder.wants_checkpoint());
    let session = tracer.session.clone().unwrap();
    tracer.recorder.checkpoint(vec![session]);
    // The next segment is not due twice.
    assert!(!tracer.recorder.wants_turn());
    tracer.recorder.finish().unwrap();
    assert_eq!(segment_count(&scratch.0), 2);
}

#[test]
fn settle_does_not_wait_for_a_failed_writer() {
    let scratch = Scratch::new("failed");
    fs::create_dir(&scratch.0).unwrap();
    let save = Save {
        path: scratch.0.join("removed.trace"),
        force: false,
    };
    let mut recorder = Recorder::create(&save).unwrap();
    fs::remove_file(&save.path).unwrap();
    trace(START, 1000, 300)
        .into_iter()
        .for_each(|event| recorder.take(event));
    recorder.settle();
    let until = Instant::now() + Duration::from_secs(10);
    while recorder.failure().is_none() || recorder.progress.backlog.jobs() > 0 {
        assert!(Instant::now() < until, "{:?}", recorder.progress);
        thread::yield_now();
    }
    assert!(recorder.finish().is_err());
}

/// Returns the size of all files in a directory, bytes.
fn size(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).unwrap();
    let sizes = files.map(|file| file.unwrap().metadata().unwrap().len());
    sizes.sum()
}

#[test]
fn oldest_segments_are_removed_first() {
    let scratch = Scratch::new("old");
    let events = trace(START, 1000, 300);
    let mut ring = scratch.ring();
    write(&ring, &events, 250, true);
    fs::write(scratch.0.join("notes.txt"), "mine").unwrap();
    let (many, before) = (segment_count(&scratch.0), last(&scratch.0));
    ring.max_size = size(&scratch.0) / 2;
    let oldest = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    let index = crate::recording::segments::side_file_path(&oldest[0].path);
    fs::write(&index, "states").unwrap();
    let segments = Segments::open(&ring).unwrap();
    assert!(!index.exists());
    assert!(segment_count(&scratch.0) < many);
    assert!(size(&scratch.0) <= ring.max_size + 4);
    assert!(segments.is_shortened());
    assert!(before.exists() && scratch.0.join("notes.txt").exists());
    drop(segments);
    // Two recorders cannot share a directory.
    let held = Segments::open(&ring).unwrap();
    let refused = Segments::open(&ring).err().unwrap();
    assert!(refused.to_string().contains("another tracer records there"));
    drop(held);
    // Segments above the age limit are removed too.
    ring.keep = Duration::ZERO;
    let mut segments = Segments::open(&ring).unwrap();
    segments.trim().unwrap();
    assert_eq!(segment_count(&scratch.0), 1);
    assert!(!segments.is_shortened());
}
