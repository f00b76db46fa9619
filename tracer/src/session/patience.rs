//! Waiting for a recording to grow, without losing sight of Ctrl-C.

use std::time::Duration;

use anyhow::Result;
use tokio::{runtime::Runtime, time::sleep};

use super::stop::Stop;

/// How often to look.
const POLL: Duration = Duration::from_millis(200);

pub struct Patience {
    runtime: Runtime,
    /// Until the first wait Ctrl-C ends the program, as it does any that reads.
    stop: Option<Stop>,
}

impl Patience {
    pub fn new() -> Result<Patience> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Ok(Patience {
            runtime: runtime.enable_all().build()?,
            stop: None,
        })
    }

    /// Waits for a little; false when the user has had enough.
    pub fn wait(&mut self) -> Result<bool> {
        let stop = &mut self.stop;
        self.runtime.block_on(async {
            if stop.is_none() {
                *stop = Some(Stop::new(None)?);
            }
            let asked = async {
                match stop {
                    Some(stop) => stop.asked().await,
                    None => std::future::pending().await,
                }
            };
            Ok(tokio::select! {
                _ = asked => false,
                () = sleep(POLL) => true,
            })
        })
    }
}
