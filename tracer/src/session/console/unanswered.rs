//! Ends tracer if it does not answer requests to stop, because it waits for a terminal, a
//! pipe or a file of `/proc`.
//!
//! The signal handlers count the signals that the event loop has not taken. The second of
//! them sets a timer, whose signal ends the process unless the loop takes them first. All
//! code that runs in a handler is async-signal-safe (signal-safety(7)).

use std::{
    io, mem,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};

/// Time that the event loop has for its answer to the second signal, in seconds.
const PATIENCE: u32 = 1;

const ENDED: &[u8] = b"tracer: ended by a signal while it waited for a terminal, a pipe or /proc; \
    what was not written is lost\n";

/// Number of signals that the event loop has not taken.
static UNANSWERED: AtomicU32 = AtomicU32::new(0);
static TIMER: Once = Once::new();

/// Counts a signal from now on.
///
/// # Errors
///
/// Returns the error of `sigaction`.
pub fn watch(signal: i32) -> io::Result<()> {
    TIMER.call_once(handle_timer);
    let count = || {
        if UNANSWERED.fetch_add(1, Ordering::Relaxed) == 1 {
            // SAFETY: alarm takes a number, and is async-signal-safe.
            unsafe { libc::alarm(PATIENCE) };
        }
    };
    // SAFETY: the action is async-signal-safe.
    unsafe { signal_hook_registry::register(signal, count) }.map(|_| ())
}

/// Notes that the event loop has taken all signals.
pub fn clear() {
    if UNANSWERED.swap(0, Ordering::Relaxed) > 1 {
        // SAFETY: alarm takes a number.
        unsafe { libc::alarm(0) };
    }
}

/// Makes the next signal end the process, because nothing takes signals any more.
pub fn expect_end() {
    UNANSWERED.store(1, Ordering::Relaxed);
}

/// Installs the handler of SIGALRM.
fn handle_timer() {
    // SAFETY: all bits zero are a valid sigaction, with an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = end as extern "C" fn(i32) as usize;
    // With these, the next SIGALRM ends the process, also inside the handler.
    action.sa_flags = libc::SA_RESETHAND | libc::SA_NODEFER;
    // SAFETY: the pointer is to a local sigaction, and the handler is async-signal-safe.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
}

/// Ends the process by SIGTERM.
extern "C" fn end(_: i32) {
    // SAFETY: async-signal-safe calls with numbers and a constant. If standard error is
    // stalled too, the second timer ends the process.
    unsafe {
        libc::alarm(1);
        libc::write(libc::STDERR_FILENO, ENDED.as_ptr().cast(), ENDED.len());
        libc::signal(libc::SIGTERM, libc::SIG_DFL);
        libc::raise(libc::SIGTERM);
    }
}
