//! Measures recordings: how small they are, how fast they are written and read,
//! and how long a jump takes in a long one. One JSON object on standard output;
//! `cargo xtask bench recording` sets the figures beside their goals.
//!
//! Usage: recording FILE [EVENTS]

mod storm;
mod work;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    time::{Duration, Instant},
};

use serde_json::json;
use tracer::{
    event::Event,
    model::{Model, Retention},
    playback::{Place, Playback},
    recording::{Reader, Writer},
};
use work::{Kept, Play, cpu_time};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// As much of the past as the dashboard keeps.
const RETENTION: Retention = Retention {
    gone: 100_000,
    age: u64::MAX,
};

/// So many events are made before they are written, so that making them is not
/// measured with writing them.
const PORTION: usize = 100_000;

const JUMPS: u64 = 41;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which file?")?;
    let events = arguments.next().map_or(Ok(10_000_000), |n| n.parse())?;

    let (write, write_and_keep) = write(&path, events)?;
    let bytes = std::fs::metadata(&path)?.len();
    let decode = decode(&path, |_| ())?;
    let mut model = Model::new(Retention::default());
    let decode_and_model = self::decode(&path, |event| model.apply(event))?;
    drop(model);
    let before_kib = resident_kib();
    let (open, mut seeks) = jump(&path)?;
    seeks.sort();
    let figures = json!({
        "events": events,
        "bytes": bytes,
        "bytes_per_event": bytes as f64 / events as f64,
        "write_ns_per_event": per_event(write, events),
        "write_with_checkpoints_ns_per_event": per_event(write_and_keep, events),
        "decode_per_second": rate(events, decode),
        "decode_and_model_per_second": rate(events, decode_and_model),
        "open_to_end_ms": ms(open),
        "seek_median_ms": ms(seeks[seeks.len() / 2]),
        "seek_longest_ms": ms(seeks[seeks.len() - 1]),
        "resident_before_paging_kib": before_kib,
        "resident_at_most_kib": peak_kib(),
    });
    let mut out = std::io::stdout();
    writeln!(out, "{figures}")?;
    Ok(())
}

/// Writes the storm once without checkpoints, to nowhere, and once with them to
/// the file. Gives what each took of the CPU.
fn write(path: &str, events: usize) -> Result<(Duration, Duration)> {
    let mut plain = Writer::new(std::io::sink())?;
    let mut whole = Kept::to(BufWriter::new(File::create(path)?))?;
    let mut took = (Duration::ZERO, Duration::ZERO);
    let mut storm = storm::Storm::new().take(events);
    loop {
        let portion: Vec<_> = storm.by_ref().take(PORTION).collect();
        if portion.is_empty() {
            break;
        }
        let began = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
        for event in &portion {
            plain.write(event)?;
        }
        let between = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
        for event in portion {
            whole.write(event)?;
        }
        took.0 += between - began;
        took.1 += cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID) - between;
    }
    plain.finish()?;
    whole.writer.finish()?;
    Ok(took)
}

fn decode(path: &str, mut take: impl FnMut(&Event)) -> Result<Duration> {
    let began = cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID);
    for event in Reader::new(File::open(path)?)? {
        take(&event?);
    }
    Ok(cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID) - began)
}

/// Opens the recording at its end, then jumps to and fro.
fn jump(path: &str) -> Result<(Duration, Vec<Duration>)> {
    let mut stage = Play::to(RETENTION);
    let began = Instant::now();
    let mut playback = Playback::open(File::open(path)?)?;
    playback.go_to(Place::End, &mut stage)?;
    let open = began.elapsed();
    let events = playback.events();
    let mut seeks = Vec::new();
    for jump in 1..JUMPS {
        // Far from the place before, and never the same.
        let place = events / JUMPS * (jump * 17 % JUMPS) + jump;
        let began = Instant::now();
        playback.go_to(Place::Event(place), &mut stage)?;
        seeks.push(began.elapsed());
    }
    Ok((open, seeks))
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
