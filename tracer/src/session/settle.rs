//! When all is said about those who died while a command ran: the kernel frees
//! a task an RCU grace period after it was reaped, mostly within 40 ms, and
//! only then is its accounting complete.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, Instant},
};

use crate::event::{Event, ProcessId, What};

/// Zombies that nobody reaps are not waited for longer than this.
const ZOMBIES: Duration = Duration::from_secs(1);

/// Whoever was reaped is freed at last, however busy the machine is; but the
/// event may have been lost.
const REAPED: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Settle {
    /// Dead and not freed.
    waiting: HashSet<ProcessId>,
    /// When the command ended: who dies after that is not waited for.
    since: Option<Instant>,
    /// Zombies are not waited for any longer.
    only_reaped: bool,
}

impl Settle {
    pub fn take(&mut self, event: &Event) {
        let process = event.who.process;
        match &event.what {
            What::Exit(exit) if exit.group_dead != Some(false) && self.since.is_none() => {
                self.waiting.insert(process);
            }
            What::Free(_) if event.who.is_leader() => {
                self.waiting.remove(&process);
            }
            _ => {}
        }
    }

    /// The command has ended.
    pub fn begin(&mut self) {
        self.since = Some(Instant::now());
    }

    pub fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    pub fn is_over(&mut self) -> bool {
        let Some(since) = self.since else {
            return false;
        };
        let waited = since.elapsed();
        if waited >= ZOMBIES && !self.only_reaped {
            self.only_reaped = true;
            self.waiting.retain(|dead| is_reaped(dead.tgid));
        }
        self.waiting.is_empty() || waited >= REAPED
    }
}

/// `release_task` takes the number away, and with it the place in /proc.
fn is_reaped(tgid: u32) -> bool {
    !Path::new(&format!("/proc/{tgid}")).exists()
}
