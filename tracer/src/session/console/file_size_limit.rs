//! The limit on the size of files (`ulimit -f`, RLIMIT_FSIZE).
//!
//! The kernel sends SIGXFSZ to a process that writes beyond it, which would end tracer
//! without a message. With a handler, the write fails with EFBIG instead
//! (`generic_write_check_limits`, fs/read_write.c).

/// Makes writes beyond the limit fail with an error. A command that tracer runs keeps the
/// default action, because `execve` resets handlers.
pub fn fail_writes_beyond() {
    // SAFETY: an empty action is async-signal-safe. Fails only without memory.
    let handler = unsafe { signal_hook_registry::register(libc::SIGXFSZ, || ()) };
    if let Err(error) = handler {
        log::info!("a write beyond the limit on file sizes ends tracer: {error}");
    }
}
