//! Diagnostics of tracer itself (`-v`), including those of the kernel side.
//!
//! They are notices. While the dashboard owns the screen they are held back and
//! emitted when it closes.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::notice::notify;

/// Maximum number of lines held back; the oldest are dropped.
const CAPACITY: usize = 1000;

static HOLDING: AtomicBool = AtomicBool::new(false);
static HELD_LINES: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

struct Logger;

impl log::Log for Logger {
    /// Accepts tracer's own messages. Those of aya are too detailed for users.
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("tracer")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = record.level().as_str().to_lowercase();
        let line = format!("{level}: {}", record.args());
        if !HOLDING.load(Ordering::Relaxed) {
            notify(line);
        } else if let Ok(mut lines) = HELD_LINES.lock() {
            if lines.len() == CAPACITY {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }

    fn flush(&self) {}
}

/// Enables diagnostics: none for 0, information for 1, debugging above.
pub fn init(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => log::LevelFilter::Info,
        _ => log::LevelFilter::Debug,
    };
    // Fails only on a second call. The first logger stays in place.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(level);
    }
}

/// Holds diagnostics back while the dashboard owns the screen.
pub fn hold() {
    HOLDING.store(true, Ordering::Relaxed);
}

/// Emits the diagnostics held back and stops holding them.
pub fn release() {
    HOLDING.store(false, Ordering::Relaxed);
    if let Ok(mut lines) = HELD_LINES.lock() {
        lines.drain(..).for_each(notify);
    }
}
