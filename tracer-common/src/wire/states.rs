//! In which state a task is, and was for how long.

use super::{Header, record};
use crate::states::TaskStates;

record! {
    /// `head.who` was switched out for good: its times are final.
    States: States {
        head: Header,
        states: TaskStates,
    }
}

record! {
    /// `head.who` is in another state from now on.
    StateChange: StateChange {
        head: Header,
        /// [`crate::states::RUNNING`] and the others.
        state: u32,
        zero: u32,
    }
}
