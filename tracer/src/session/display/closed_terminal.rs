//! Notices that the terminal is closed. Only the leader of its session gets SIGHUP then
//! (`tty_signal_session_leader`, drivers/tty/tty_jobctrl.c), and crossterm (0.29.0) reports
//! neither an error nor an end.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
};

use tokio::io::{Interest, unix::AsyncFd};

/// The terminal on standard output.
pub struct ClosedTerminal(AsyncFd<OwnedFd>);

impl ClosedTerminal {
    /// Begins to watch, inside a tokio runtime.
    pub fn watch() -> io::Result<ClosedTerminal> {
        let terminal = io::stdout().as_fd().try_clone_to_owned()?;
        // A terminal that is closed is ready with an error (`hung_up_tty_poll`,
        // drivers/tty/tty_io.c).
        // SAFETY: the descriptor is owned, and stays open as long as the AsyncFd has it.
        let watched = unsafe { AsyncFd::register_with_interest(terminal, Interest::ERROR) };
        Ok(ClosedTerminal(watched?))
    }

    /// Waits until the terminal is closed. It is cancel safe.
    pub async fn wait(&self) {
        // Without a runtime, which ends it too, there is an error.
        let _ = self.0.ready(Interest::ERROR).await;
    }
}
