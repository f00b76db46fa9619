//! What machine it was measured on: a figure without it says nothing.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::stats::Spread;

/// One line for a reader.
pub fn line() -> String {
    format!(
        "{} with {} processors in use, {} GiB of memory, Linux {}",
        processor(),
        processors(),
        memory_gib(),
        kernel(),
    )
}

pub fn json() -> Value {
    json!({
        "processor": processor(), "processors": processors(),
        "memory_gib": memory_gib(), "kernel": kernel(),
    })
}

/// How many tasks ran or wanted to, of late.
pub fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Time that all processors together have worked since boot (proc(5)), to a
/// hundredth of a second.
pub fn worked() -> Option<Duration> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let all = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks = |field: &str| field.parse::<u64>().ok();
    let columns: Vec<u64> = all.split_ascii_whitespace().filter_map(ticks).collect();
    // User, nice, system; idle and iowait; interrupts of both kinds.
    let busy = columns.get(..3)?.iter().chain(columns.get(5..7)?);
    Some(Duration::from_millis(10 * busy.sum::<u64>()))
}

/// How many processes ran or wanted to beside ours, as one line to be said of a
/// measurement; nothing, where the machine was quiet.
pub fn disturbance(loads: impl IntoIterator<Item = f64>) -> Option<String> {
    let load = Spread::of(loads)?;
    (load.high > processors() as f64).then(|| {
        format!(
            "The machine was busy with other work (load {:.1} to {:.1}): wall clock figures are \
             wider than they would be alone.",
            load.low, load.high
        )
    })
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(": ").nth(1));
    name.unwrap_or("a processor without a name").to_owned()
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn memory_gib() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text.split_ascii_whitespace().nth(1);
    let kib: u64 = kib.and_then(|kib| kib.parse().ok()).unwrap_or(0);
    (kib + (1 << 19)) >> 20
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .unwrap_or_default()
        .trim()
        .to_owned()
}
