//! Wait records that arrived before the exit of the process they returned.

use serde::{Deserialize, Serialize};

use super::Key;
use crate::event::Who;

/// A wait that returned a PID of no exited process.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Unmatched {
    pub(super) at: u64,
    pub(super) by: Who,
    pub(super) owner: Key,
    pub(super) number: u32,
}
