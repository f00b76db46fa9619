//! Measures recordings: how small they are, how fast they are written and read,
//! and how long a jump takes in a long one. One JSON object on standard output;
//! `cargo xtask bench recording` shows the figures next to their goals.
//!
//! Usage: `bench-recording FILE [EVENTS]`

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    time::{Duration, Instant},
};

use bench_programs::{
    records::item,
    storm,
    work::{Play, Recorded, cpu_time},
};
use serde_json::json;
use tracer::{
    event::Event,
    model::{Model, Retention},
    playback::{IndexPass, Place, Playback},
    recording::{Chain, Reader},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Retention of the dashboard.
const RETENTION: Retention = Retention {
    exited: 20_000,
    ..Retention::ALL
};

/// Events that are made at once, before they are written: only writing is measured.
const PORTION: usize = 100_000;

const JUMPS: u64 = 41;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let events = arguments.next().map_or(Ok(10_000_000), |n| n.parse())?;

    let write = write(&path, events)?;
    let bytes = std::fs::metadata(&path)?.len();
    let decode = decode(&path, |_| ())?;
    let mut model = Model::new(RETENTION);
    let decode_and_model = self::decode(&path, |event| model.apply(event))?;
    drop(model);
    let play = play(&path)?;
    let before_kib = resident_kib();
    let jumps = jump(&path)?;
    let figures = json!({
        "events": events,
        "bytes": bytes,
        "bytes_per_event": bytes as f64 / events as f64,
        "write_ns_per_event": per_event(write, events),
        "decode_per_second": rate(events, decode),
        "decode_and_model_per_second": rate(events, decode_and_model),
        "play_per_second": rate(events, play),
        "play_ms": ms(play),
        "index_ms": ms(jumps.pass),
        "states_kib": jumps.states / 1024,
        "open_to_end_ms": ms(jumps.open),
        "seek_median_ms": ms(jumps.seeks[jumps.seeks.len() / 2]),
        "seek_longest_ms": ms(jumps.seeks[jumps.seeks.len() - 1]),
        "resident_before_paging_kib": before_kib,
        "resident_at_most_kib": peak_kib(),
    });
    let mut out = std::io::stdout();
    writeln!(out, "{figures}")?;
    Ok(())
}

/// Writes the storm to the file as blocks of records. Returns the CPU time.
fn write(path: &str, events: usize) -> Result<Duration> {
    let mut recorded = Recorded::to(BufWriter::new(File::create(path)?))?;
    let mut took = Duration::ZERO;
    let mut storm = storm::Storm::default().take(events);
    loop {
        let portion: Vec<_> = storm.by_ref().take(PORTION).map(item).collect();
        if portion.is_empty() {
            break;
        }
        let began = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
        for item in portion {
            recorded.write(item)?;
        }
        took += cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID) - began;
    }
    recorded.finish()?;
    Ok(took)
}

fn decode(path: &str, mut take: impl FnMut(&Event)) -> Result<Duration> {
    let began = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
    for event in Reader::new(File::open(path)?)? {
        take(&event?);
    }
    Ok(cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID) - began)
}

/// Reads all of it to a model. Returns the elapsed time.
fn play(path: &str) -> Result<Duration> {
    let mut model = Model::new(RETENTION);
    let began = Instant::now();
    for event in Reader::new(File::open(path)?)? {
        model.apply(&event?);
    }
    Ok(began.elapsed())
}

/// Cost of jumps.
struct Jumps {
    /// Time of the pass that makes the saved states.
    pass: Duration,
    /// Memory of the saved states, bytes.
    states: usize,
    /// Time to the end, from a saved state.
    open: Duration,
    seeks: Vec<Duration>,
}

/// Opens the recording at its end, then jumps back and forth.
fn jump(path: &str) -> Result<Jumps> {
    let mut stage = Play::to(RETENTION);
    let mut playback = Playback::open(File::open(path)?)?;
    let span = playback.span().ok_or("an empty recording")?;
    let began = Instant::now();
    let chain = Chain::of(File::open(path)?)?;
    let mut pass = IndexPass::new(chain, span, RETENTION);
    while pass.advance(PORTION)? {}
    let states = pass.states().clone();
    let (pass, size) = (began.elapsed(), states.size());
    playback.set_states(states);
    let began = Instant::now();
    playback.seek(Place::End, &mut stage)?;
    let open = began.elapsed();
    let events = playback.events();
    let mut seeks = Vec::new();
    for jump in 1..JUMPS {
        // Far from the place before, and never the same.
        let place = events / JUMPS * (jump * 17 % JUMPS) + jump;
        let began = Instant::now();
        playback.seek(Place::Event(place), &mut stage)?;
        seeks.push(began.elapsed());
    }
    seeks.sort();
    Ok(Jumps {
        pass,
        states: size,
        open,
        seeks,
    })
}

fn per_event(took: Duration, events: usize) -> f64 {
    took.as_nanos() as f64 / events as f64
}

fn rate(events: usize, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn status_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn resident_kib() -> Option<u64> {
    status_kib("VmRSS:")
}

fn peak_kib() -> Option<u64> {
    status_kib("VmHWM:")
}
