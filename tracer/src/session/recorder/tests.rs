//! A trace in parts, written by one tracer or by several, is one story.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use super::{
    resume::resume,
    ring::{Ring, Segments},
    scribe::Scribe,
};
use crate::{
    event::{
        Event, FaultTally, GapCause, What,
        script::{SEC, START, Script},
    },
    model::{Model, Retention},
    playback::{Place, Stage},
    session::{story::Story, window::Window},
    source::live,
};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = env::temp_dir().join(format!("tracer-parts-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&dir);
        Scratch(dir)
    }

    fn ring(&self) -> Ring {
        Ring {
            dir: self.0.clone(),
            keep: Duration::from_secs(3600),
            max_size: 1 << 30,
            segment: Duration::from_secs(3600),
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

/// What a tracer sees: somebody is there from the beginning and faults, others
/// come and go, one stays as a zombie.
fn told(began: u64, first: u32, children: u32) -> Vec<Event> {
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

/// Writes them, in a part of its own each so many; ends in good order or not.
fn write(ring: &Ring, events: &[Event], every: usize, end: bool) {
    let segments = Segments::open(ring).unwrap();
    let before = resume(&segments);
    let mut scribe = Scribe::in_parts(segments, before).unwrap();
    for (number, event) in events.iter().enumerate() {
        scribe.tell(event.clone()).unwrap();
        if (number + 1) % every == 0 {
            scribe.turn().unwrap();
        }
    }
    scribe.flush().unwrap();
    if end {
        scribe.finish().unwrap();
    }
}

fn read(dir: &Path) -> Vec<Event> {
    let story = Story::find(dir, &Window::default()).unwrap();
    let (mut chain, _) = story.chain().unwrap();
    let events = std::iter::from_fn(|| chain.next_event().unwrap());
    events.collect()
}

/// But for what a session says of the part that it is in.
fn without_parts(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        if let What::Session(session) = &mut event.what {
            (session.segment, session.realtime_offset) = (None, 0);
        }
    }
    events
}

fn parts(dir: &Path) -> usize {
    crate::recording::ring::list(dir).unwrap().segments.len()
}

struct Play(Model);

impl Play {
    fn new() -> Play {
        Play(Model::new(Retention::EVERYONE))
    }

    /// Those who are there, and the sums.
    fn says(&self) -> (Vec<String>, String) {
        let model = &self.0;
        let there = model.processes().filter(|(_, it)| !it.state().is_gone());
        let there = there
            .map(|(_, it)| format!("{:?} {} {:?} {:?}", it.id, it.comm, it.state(), it.faults));
        let sums = format!("{:?} {} {:?}", model.totals(), model.alive(), model.gaps());
        (there.collect(), sums)
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        *self = Play::new();
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

#[test]
fn no_event_is_lost_or_doubled_at_a_seam() {
    let scratch = Scratch::new("seam");
    let events = told(START, 1000, 300);
    write(&scratch.ring(), &events, 250, true);
    assert!(parts(&scratch.0) > 5);
    assert_eq!(without_parts(read(&scratch.0)), without_parts(events));
}

#[test]
fn a_part_alone_tells_who_is_there() {
    let scratch = Scratch::new("alone");
    let events = told(START, 1000, 300);
    write(&scratch.ring(), &events, 250, true);
    let mut whole = Play::new();
    events.iter().for_each(|event| whole.0.apply(event));
    let mut since = Vec::new();
    for segment in crate::recording::ring::list(&scratch.0).unwrap().segments {
        let mut alone = Play::new();
        read(&segment.path)
            .iter()
            .for_each(|event| alone.0.apply(event));
        since.push(alone.0.totals().forks);
        if segment.path == last(&scratch.0) {
            assert_eq!(alone.says().0, whole.says().0);
        }
    }
    // What happened is counted in one part each.
    assert_eq!(since.iter().sum::<u64>(), whole.0.totals().forks);
}

fn last(dir: &Path) -> PathBuf {
    let mut segments = crate::recording::ring::list(dir).unwrap().segments;
    segments.pop().unwrap().path
}

#[test]
fn a_tracer_that_was_killed_is_gone_on_from() {
    let scratch = Scratch::new("restart");
    let first = told(START, 1000, 120);
    let mut second = told(START + 100 * SEC, 5000, 60);
    write(&scratch.ring(), &first, 300, false);
    // The second counts from zero, and dies too, before the third.
    write(&scratch.ring(), &second, 100, false);
    let told = read(&scratch.0);
    let gaps: Vec<_> = told
        .iter()
        .filter_map(|event| match &event.what {
            What::Gap(gap) => Some((gap.cause, gap.since)),
            _ => None,
        })
        .collect();
    assert_eq!(gaps, [(GapCause::Untraced, first.last().unwrap().at)]);
    let mut events = first;
    events.append(&mut second);
    let gapless = told
        .iter()
        .filter(|event| !matches!(event.what, What::Gap(_)));
    let gapless = without_parts(gapless.cloned().collect());
    assert_eq!(gapless, without_parts(events));

    // The counts of both add up, by whichever way one comes there.
    let mut played = Play::new();
    told.iter().for_each(|event| played.0.apply(event));
    let server = played.0.find_pid(100).unwrap();
    assert_eq!(played.0.process(server).faults.read, 1200 + 600);
    let story = Story::find(&scratch.0, &Window::default()).unwrap();
    let mut playback = story.playback(false).unwrap();
    assert_eq!(playback.events(), told.len() as u64);
    let mut stage = Play::new();
    playback.go_to(Place::End, &mut stage).unwrap();
    assert_eq!(stage.says(), played.says());
    playback
        .go_to(Place::Event(told.len() as u64 / 2), &mut stage)
        .unwrap();
    playback.go_to(Place::End, &mut stage).unwrap();
    assert_eq!(stage.says(), played.says());
    // Of the last part alone the same are there, with all that was counted.
    let mut alone = Play::new();
    read(&last(&scratch.0))
        .iter()
        .for_each(|event| alone.0.apply(event));
    assert_eq!(alone.says().0, played.says().0);
}

#[test]
fn the_oldest_go_first() {
    let scratch = Scratch::new("old");
    let events = told(START, 1000, 300);
    let mut ring = scratch.ring();
    write(&ring, &events, 250, true);
    fs::write(scratch.0.join("notes.txt"), "mine").unwrap();
    let size = |dir: &Path| -> u64 {
        let files = fs::read_dir(dir).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum()
    };
    let (many, before) = (parts(&scratch.0), last(&scratch.0));
    ring.max_size = size(&scratch.0) / 2;
    let mut segments = Segments::open(&ring).unwrap();
    segments.trim(0).unwrap();
    assert!(parts(&scratch.0) < many);
    assert!(size(&scratch.0) <= ring.max_size + 4);
    assert!(before.exists() && scratch.0.join("notes.txt").exists());
    drop(segments);
    // Two do not write in one directory.
    let held = Segments::open(&ring).unwrap();
    let refused = Segments::open(&ring).err().unwrap();
    assert!(refused.to_string().contains("another tracer records there"));
    drop(held);
    // And by age.
    ring.keep = Duration::ZERO;
    let mut segments = Segments::open(&ring).unwrap();
    segments.trim(0).unwrap();
    assert_eq!(parts(&scratch.0), 1);
}
