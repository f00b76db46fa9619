//! Runs work to be traced: `bench-work NAME MILLISECONDS` repeats it for that time and
//! prints one JSON object: `rounds`, `wall_ns`, `cpu_ns` (its own and its children's).
//!
//! The files it needs (a static program, a project to build) are created in the current
//! directory.

mod commands;
mod memory;
mod tasks;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

/// Runs one round of a work.
type Round = Box<dyn FnMut() -> Result<()>>;

/// Prepares a work.
type Prepare = fn() -> Result<Round>;

/// Processors on which a work may run.
#[derive(PartialEq)]
enum Placement {
    /// One processor, so that the scheduler's choices are not measured.
    Pinned,
    Anywhere,
}

use Placement::{Anywhere, Pinned};

const WORKS: &[(&str, Placement, Prepare)] = &[
    ("fork", Pinned, || Ok(Box::new(tasks::fork_exit_wait))),
    ("vfork", Pinned, || Ok(Box::new(tasks::vfork_exit_wait))),
    ("spawn", Pinned, || Ok(Box::new(tasks::spawn_static()?))),
    ("thread", Pinned, || Ok(Box::new(tasks::create_and_join))),
    ("switch", Pinned, || Ok(Box::new(tasks::ping_pong()?))),
    ("cow", Pinned, || Ok(Box::new(memory::copy_on_write()?))),
    ("touch", Pinned, || Ok(Box::new(memory::touch))),
    ("build", Anywhere, || Ok(Box::new(commands::build()?))),
    ("stress", Anywhere, || Ok(Box::new(commands::stress))),
    ("storm", Anywhere, || Ok(Box::new(tasks::fork_exit_wait))),
];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (name, span) = (arguments.next(), arguments.next());
    let span = span.and_then(|ms| ms.parse().ok());
    let span = Duration::from_millis(span.context("usage: bench-work NAME MILLISECONDS")?);
    let work = WORKS.iter().find(|work| Some(work.0) == name.as_deref());
    let (name, place, prepare) = work.with_context(|| {
        let known: Vec<_> = WORKS.iter().map(|work| work.0).collect();
        format!("no work has that name (known: {})", known.join(", "))
    })?;
    if *place == Pinned {
        pin();
    }
    let failed = || format!("the work `{name}`");
    let mut round = prepare().with_context(failed)?;

    // The first round pays for what only it needs.
    round().with_context(failed)?;
    let (began, used, mut rounds) = (Instant::now(), cpu_ns(), 0);
    while began.elapsed() < span {
        round().with_context(failed)?;
        rounds += 1;
    }
    let wall_ns = began.elapsed().as_nanos() as u64;
    println!(
        "{}",
        json!({ "rounds": rounds, "wall_ns": wall_ns, "cpu_ns": cpu_ns() - used })
    );
    Ok(())
}

/// Pins this process and its descendants to the last processor it may use.
fn pin() {
    // SAFETY: a set of bits, for which zero will do, filled and read by the
    // calls it is meant for.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of_val(&set);
        if libc::sched_getaffinity(0, size, &raw mut set) != 0 {
            return;
        }
        let last = (0..libc::CPU_SETSIZE as usize)
            .rev()
            .find(|&cpu| libc::CPU_ISSET(cpu, &set));
        if let Some(cpu) = last {
            libc::CPU_ZERO(&mut set);
            libc::CPU_SET(cpu, &mut set);
            libc::sched_setaffinity(0, size, &raw const set);
        }
    }
}

/// Returns the CPU time of this process and its reaped children, ns.
fn cpu_ns() -> u64 {
    [libc::RUSAGE_SELF, libc::RUSAGE_CHILDREN]
        .map(|who| {
            // SAFETY: plain integers, for which zero will do, then written by
            // the call.
            let usage = unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                libc::getrusage(who, &raw mut usage);
                usage
            };
            let ns = |time: libc::timeval| {
                time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000
            };
            ns(usage.ru_utime) + ns(usage.ru_stime)
        })
        .iter()
        .sum()
}
