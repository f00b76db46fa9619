//! The event loop behind every frontend, of a live trace and of a replay.

use anyhow::Result;

use super::{frontend::Frontend, wake::Wake};
use crate::tui::Flow;

/// Source of work for the event loop besides the frontend's own input and timer.
pub trait Feed {
    /// Kind of work that became available.
    type Ready;

    /// Waits until there is work. It must be cancel safe.
    async fn ready(&mut self) -> Result<Self::Ready>;

    /// Does the work that is available and passes what is new to the frontend.
    ///
    /// The loop also calls it, with `None`, after input and after each tick of the
    /// frontend's timer. Returns [`Flow::Quit`] to end the loop.
    fn advance(&mut self, ready: Option<Self::Ready>, frontend: &mut Frontend) -> Result<Flow>;
}

/// Runs until the user or the feed quits.
pub async fn run(feed: &mut impl Feed, frontend: &mut Frontend) -> Result<()> {
    loop {
        let (ready, wake) = tokio::select! {
            ready = feed.ready() => (Some(ready?), Wake::Tick),
            wake = frontend.wait() => (None, wake?),
        };
        let flow = feed.advance(ready, frontend)?;
        frontend.perform();
        if flow == Flow::Quit || wake == Wake::Input(Flow::Quit) {
            return Ok(());
        }
        // Input has moved the player already.
        if wake == Wake::Tick {
            frontend.tick();
        }
        frontend.draw()?;
    }
}
