//! CPU time of tracer itself.

use std::time::{Duration, Instant};

/// Measures the CPU time of this process between calls.
pub struct Meter {
    at: Instant,
    used: Option<Duration>,
}

impl Meter {
    /// Starts to measure.
    pub fn new() -> Meter {
        Meter {
            at: Instant::now(),
            used: cpu_time(),
        }
    }

    /// Returns the share of one CPU used since the last call, 1.0 for all of it.
    /// Returns `None` if the clock cannot be read.
    pub fn share(&mut self) -> Option<f64> {
        let before = std::mem::replace(self, Meter::new());
        let used = self.used?.checked_sub(before.used?)?;
        Some(used.as_secs_f64() / (self.at - before.at).as_secs_f64().max(1e-3))
    }
}

fn cpu_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer refers to a local timespec.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    let (seconds, ns) = (time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
    (failed == 0).then(|| Duration::new(seconds, ns))
}
