//! tracer's own diagnostics (`-v`), the kernel side's among them: kept while
//! the dashboard has the screen, then and otherwise on standard error.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// As much as is kept behind the dashboard, the newest.
const KEPT: usize = 1000;

static HELD: AtomicBool = AtomicBool::new(false);
static KEPT_LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

struct Logger;

impl log::Log for Logger {
    /// tracer's own; aya tells more than a user can use.
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("tracer")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!(
            "tracer: {}: {}",
            record.level().as_str().to_lowercase(),
            record.args()
        );
        if !HELD.load(Ordering::Relaxed) {
            eprintln!("{line}");
        } else if let Ok(mut lines) = KEPT_LINES.lock() {
            if lines.len() == KEPT {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    fn flush(&self) {}
}

/// Turns diagnostics on. Without this, there are none.
pub fn init(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => log::LevelFilter::Info,
        _ => log::LevelFilter::Debug,
    };
    // Fails only when called twice, and the first logger does.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(level);
    }
}

/// The screen is taken.
pub fn hold() {
    HELD.store(true, Ordering::Relaxed);
}

/// The screen is free again.
pub fn release() {
    HELD.store(false, Ordering::Relaxed);
    if let Ok(mut lines) = KEPT_LINES.lock() {
        lines.drain(..).for_each(|line| eprintln!("{line}"));
    }
}
