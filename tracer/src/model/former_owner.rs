//! Owners of a zombie that other processes succeeded.

use serde::{Deserialize, Serialize};

use super::Key;

/// Maximum number of former owners kept per zombie. Beyond, the last one stands for
/// all further ones and is unknown.
pub(super) const FORMER_OWNERS: usize = 3;

/// An owner of a zombie that another process succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormerOwner {
    /// The owner; none if it is unknown.
    pub owner: Option<Key>,
    /// Time of the change, ns since boot.
    pub until: u64,
    /// True if it was the zombie's tracer (ptrace(2)), which its parent succeeded.
    pub traced: bool,
}
