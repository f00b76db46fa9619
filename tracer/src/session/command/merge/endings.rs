//! The events that end a task, each of which is emitted once.
//!
//! An ending from an input other than the reporter is held. If the reporter does
//! not have it at about the same time, it was lost there, and the held one is
//! emitted.

use std::collections::{HashMap, VecDeque};

use crate::event::{Event, Kind, TaskId};

/// Maximum difference of the times at which two inputs report one moment, ns. Each
/// recorder reads the clock for itself.
pub const TOLERANCE: u64 = 50_000_000;

/// Kind of ending of one task.
type Ending = (TaskId, Kind);

/// Endings emitted recently, and those held.
#[derive(Default)]
pub struct Endings {
    /// Time of each recent ending.
    emitted: HashMap<Ending, u64, foldhash::fast::RandomState>,
    /// The same in order of emission.
    order: VecDeque<(Ending, u64)>,
    held: VecDeque<Event>,
}

/// Returns true for events that happen once at the end of a task.
pub fn is_ending(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ExitStart | Kind::Exit | Kind::Notify | Kind::LastSwitch | Kind::Reap | Kind::Free
    )
}

impl Endings {
    /// Remembers an ending that is emitted.
    pub fn emitted(&mut self, event: &Event) {
        let ending = (event.who.task, event.what.kind());
        self.emitted.insert(ending, event.at);
        self.order.push_back((ending, event.at));
    }

    /// Holds an ending from an input other than the reporter.
    pub fn hold(&mut self, event: Event) {
        self.held.push_back(event);
    }

    /// Returns the next held ending up to `until` that the reporter has lost.
    pub fn next_lost(&mut self, until: u64) -> Option<Event> {
        while let Some(event) = self.held.pop_front_if(|event| event.at <= until) {
            let emitted = self.emitted.get(&(event.who.task, event.what.kind()));
            if emitted.is_none_or(|emitted| emitted.abs_diff(event.at) > TOLERANCE) {
                return Some(event);
            }
        }
        None
    }

    /// Forgets endings emitted before `old`.
    pub fn forget(&mut self, old: u64) {
        while let Some((ending, at)) = self.order.pop_front_if(|&mut (_, at)| at < old) {
            if self.emitted.get(&ending) == Some(&at) {
                self.emitted.remove(&ending);
            }
        }
    }
}
