//! The budget of each user for arguments, which the kernel side enforces.

use std::time::Duration;

/// Budget of each user for the arguments of its execs. Beyond it, arguments are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgumentBudget {
    /// Number of bytes that may be sent at once.
    pub burst: u64,
    /// Time in which the burst is available again.
    pub refill: Duration,
}

impl Default for ArgumentBudget {
    /// 64 MiB, and 4 MiB a second.
    fn default() -> Self {
        ArgumentBudget {
            burst: 64 << 20,
            refill: Duration::from_secs(16),
        }
    }
}
