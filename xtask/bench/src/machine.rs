//! Describes the machine, and measures what other processes use of it.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::stats::Spread;

/// Describes the machine in one line.
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

/// Returns the time that all processors have worked since boot, and the time that the
/// hypervisor stole (proc(5)), to a hundredth of a second.
fn busy() -> Option<(Duration, Duration)> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let all = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks = |field: &str| field.parse::<u64>().ok();
    let columns: Vec<u64> = all.split_ascii_whitespace().filter_map(ticks).collect();
    // User, nice, system; idle and iowait; interrupts of both kinds; stolen.
    let worked = columns.get(..3)?.iter().chain(columns.get(5..7)?);
    let time = |ticks| Duration::from_millis(10 * ticks);
    Some((time(worked.sum()), time(*columns.get(7)?)))
}

/// Returns the time that all processors together have worked since boot.
pub fn worked() -> Option<Duration> {
    busy().map(|(worked, _)| worked)
}

/// Returns the CPU time of this process and of the children it has waited for.
fn own() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = text.rsplit_once(')')?;
    // utime, stime, cutime, cstime: from the 14th on (proc(5)).
    let fields = after_name.split_ascii_whitespace().skip(11).take(4);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * ticks))
}

/// Measures what other processes use of the machine during a measurement.
pub struct Others {
    began: Instant,
    busy: (Duration, Duration),
    own: Duration,
}

impl Others {
    pub fn from_now() -> Option<Others> {
        Some(Others {
            began: Instant::now(),
            busy: busy()?,
            own: own()?,
        })
    }

    /// Returns the share of one processor, other guests of the hypervisor included.
    /// Children started meanwhile must have been waited for.
    pub fn share(&self) -> Option<f64> {
        let (worked, stolen) = busy()?;
        let worked = worked.saturating_sub(self.busy.0);
        let own = own()?.saturating_sub(self.own);
        let others = worked.saturating_sub(own) + stolen.saturating_sub(self.busy.1);
        Some(others.as_secs_f64() / self.began.elapsed().as_secs_f64())
    }
}

/// Share of a processor that counts as quiet: the kernel itself uses some.
const QUIET: f64 = 0.25;

/// Returns a note for a report if other processes used the machine; none if it was
/// quiet.
pub fn disturbance(others: impl IntoIterator<Item = f64>) -> Option<String> {
    let others = Spread::of(others)?;
    (others.median > QUIET).then(|| {
        format!(
            "Others used the machine too ({:.2} to {:.2} of a processor).",
            others.low, others.high
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
