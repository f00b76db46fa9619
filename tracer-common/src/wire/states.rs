//! Scheduler states of a task: times at its end, and single changes.

use super::{Header, record};
use crate::states::TaskStates;

record! {
    /// `head.who` was switched out for the last time. Its times are final.
    States: States {
        head: Header,
        states: TaskStates,
    }
}

record! {
    /// `head.who` changed its state.
    StateChange: StateChange {
        head: Header,
        /// [`crate::states::RUNNING`] and the others.
        state: u32,
        zero: u32,
    }
}
