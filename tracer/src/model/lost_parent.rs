//! The parent of a process, where that is no longer retained.

use serde::{Deserialize, Serialize};

use super::Key;
use crate::event::{Comm, ProcessId};

/// The parent of a process at the fork, which is no longer retained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostParent {
    pub(super) key: Key,
    /// Identity.
    pub id: ProcessId,
    /// Command name, if known.
    pub comm: Option<Comm>,
    /// Number of ancestors that the fork tree lacks between the process and its parent there;
    /// at least one.
    pub generations: u64,
}
