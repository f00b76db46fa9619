//! Forks that failed, by caller and error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{ForkFailed, ProcessId};

/// Failed forks of one process with one error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForkFailures {
    /// Number of failures.
    pub count: u64,
    /// Time of the first, ns since boot.
    pub first_at: u64,
    /// Time of the latest, ns since boot.
    pub last_at: u64,
    /// The latest failure.
    pub last: ForkFailed,
    /// Process that called fork.
    pub by: ProcessId,
}

/// Failures by the caller's process and the error.
pub(super) type FailedForks = BTreeMap<(ProcessId, i32), ForkFailures>;
