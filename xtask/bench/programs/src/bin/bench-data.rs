//! Measures the work on a recording: `bench-data FILE EVENTS [STAGE]` makes up a
//! recording of EVENTS events and prints the CPU time of each stage (or of STAGE), in ns,
//! as one JSON object.
//!
//! Only the measured work runs inside [`measured`], so that `valgrind --tool=callgrind
//! --toggle-collect` counts the same.

use std::{
    fs::File,
    io::{BufWriter, sink},
    time::Duration,
};

use bench_programs::{
    records::{Item, item},
    storm,
    work::{Play, Recorded, cpu_time},
};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Map, json};
use tracer::{
    event::{Event, Zone},
    export,
    model::{Model, Retention},
    playback::{IndexPass, Place, Playback},
    recording::{Chain, Reader},
    report,
    tui::{App, Look, Mode},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Retention of the dashboard.
const RETENTION: Retention = Retention {
    exited: 20_000,
    ..Retention::ALL
};

/// Events that are made at once, before the measured work on them.
const PORTION: usize = 50_000;

const JUMPS: u64 = 20;
const WIDTH: usize = 100;

/// Measures one stage on the recording at a path, with its number of events.
type Measure = fn(&str, usize) -> Result<Duration>;

const STAGES: [(&str, Measure); 8] = [
    ("write", |_, events| write(events)),
    ("decode", |path, _| decode(path)),
    ("read", |path, _| read(path)),
    ("model", |_, events| model(events)),
    ("report", |_, events| summary(events)),
    ("export", |_, events| exported(events)),
    ("seek", |path, _| seek(path)),
    ("frame", |_, events| frame(events)),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let events: usize = arguments.next().ok_or("how many events?")?.parse()?;
    let only = arguments.next();
    make(&path, events)?;
    let mut figures = Map::new();
    figures.insert("events".to_owned(), json!(events));
    figures.insert("bytes".to_owned(), json!(std::fs::metadata(&path)?.len()));
    for (name, measure) in STAGES {
        if only.as_deref().is_none_or(|only| only == name) {
            let took = measure(&path, events)?;
            figures.insert(name.to_owned(), json!(took.as_nanos() as u64));
        }
    }
    println!("{}", json!(figures));
    Ok(())
}

/// Runs the work; returns its result and its CPU time.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = cpu_time(libc::CLOCK_THREAD_CPUTIME_ID);
    let result = work();
    (result, cpu_time(libc::CLOCK_THREAD_CPUTIME_ID) - began)
}

/// Returns the made-up events, in portions.
fn portions(events: usize) -> impl Iterator<Item = Vec<Event>> {
    let mut storm = storm::Storm::default().take(events);
    std::iter::from_fn(move || {
        let portion: Vec<_> = storm.by_ref().take(PORTION).collect();
        (!portion.is_empty()).then_some(portion)
    })
}

/// Writes the recording, in blocks of records as `tracer record` does.
fn make(path: &str, events: usize) -> Result<()> {
    let mut recorded = Recorded::to(BufWriter::new(File::create(path)?))?;
    for event in portions(events).flatten() {
        recorded.write(item(event))?;
    }
    recorded.finish()?;
    Ok(())
}

fn write(events: usize) -> Result<Duration> {
    let mut recorded = Recorded::to(sink())?;
    let mut all = Duration::ZERO;
    for portion in portions(events) {
        let portion: Vec<Item> = portion.into_iter().map(item).collect();
        let (done, took) = measured(|| {
            portion
                .into_iter()
                .try_for_each(|item| recorded.write(item))
        });
        done?;
        all += took;
    }
    Ok(all)
}

fn decode(path: &str) -> Result<Duration> {
    let reader = Reader::new(File::open(path)?)?;
    let (done, took) = measured(|| {
        for event in reader {
            std::hint::black_box(event?);
        }
        Ok(())
    });
    done.map(|()| took)
}

/// Decodes and models the recording, as a replay does.
fn read(path: &str) -> Result<Duration> {
    let reader = Reader::new(File::open(path)?)?;
    let mut model = Model::new(RETENTION);
    let (done, took) = measured(|| {
        for event in reader {
            model.apply(&event?);
        }
        Ok(())
    });
    done.map(|()| took)
}

fn modelled(events: usize) -> (Model, Duration) {
    let mut model = Model::new(RETENTION);
    let mut all = Duration::ZERO;
    for portion in portions(events) {
        let ((), took) = measured(|| portion.iter().for_each(|event| model.apply(event)));
        all += took;
    }
    (model, all)
}

fn model(events: usize) -> Result<Duration> {
    Ok(modelled(events).1)
}

/// Builds the model without measuring it.
fn unmeasured_model(events: usize) -> Model {
    let mut model = Model::new(RETENTION);
    for portion in portions(events) {
        portion.iter().for_each(|event| model.apply(event));
    }
    model
}

fn summary(events: usize) -> Result<Duration> {
    let model = unmeasured_model(events);
    let (text, took) = measured(|| report::summary(&model, WIDTH));
    assert!(!text.is_empty());
    Ok(took)
}

fn exported(events: usize) -> Result<Duration> {
    let format = export::format("events").ok_or("no format of events")?;
    let mut exporter = (format.start)(&Zone::default());
    let mut out = sink();
    let mut all = Duration::ZERO;
    for portion in portions(events) {
        let (done, took) = measured(|| {
            portion
                .iter()
                .try_for_each(|event| exporter.event(event, &mut out))
        });
        done?;
        all += took;
    }
    Ok(all)
}

/// Measures jumps; returns the median.
fn seek(path: &str) -> Result<Duration> {
    let mut stage = Play::to(RETENTION);
    let mut playback = Playback::open(File::open(path)?)?;
    let span = playback.span().ok_or("an empty recording")?;
    let mut pass = IndexPass::new(Chain::of(File::open(path)?)?, span, RETENTION);
    while pass.advance(PORTION)? {}
    playback.set_states(pass.states().clone());
    playback.seek(Place::End, &mut stage)?;
    let events = playback.events();
    let mut jumps = Vec::new();
    for jump in 1..=JUMPS {
        // Far from the place before, and never the same.
        let place = events / (JUMPS + 1) * (jump * 13 % (JUMPS + 1)) + jump;
        let (done, took) = measured(|| playback.seek(Place::Event(place), &mut stage));
        done?;
        jumps.push(took);
    }
    jumps.sort();
    Ok(jumps[jumps.len() / 2])
}

/// Measures a frame of the tree after an event.
fn frame(events: usize) -> Result<Duration> {
    let mut app = App::new(Mode::Live, Look::from_env(|_| None)).with_retention(RETENTION);
    let mut latest = None;
    for event in portions(events).flatten() {
        app.apply(&event);
        app.set_now(event.at);
        latest = Some(event);
    }
    let mut terminal = Terminal::new(TestBackend::new(160, 50))?;
    terminal.draw(|frame| app.render(frame))?;
    app.apply(&latest.ok_or("no events")?);
    let (done, took) = measured(|| terminal.draw(|frame| app.render(frame)).map(drop));
    done?;
    Ok(took)
}
