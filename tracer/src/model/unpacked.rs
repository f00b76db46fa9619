//! The archived processes looked at lately, unpacked: a caller mostly looks at one process, its
//! parent and its owner several times in a row.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Key, Process};
use crate::event::ProcessId;

/// Number of processes kept.
const KEPT: usize = 64;

/// A place for one of the processes whose keys have the same last digits.
type Place = Option<(Key, Arc<Process>)>;

/// A cache of unpacked processes. A clone is empty.
#[derive(Default)]
pub(super) struct Unpacked(Mutex<Vec<Place>>);

impl Unpacked {
    /// Returns the process with this key, unpacked by `unpack` if it is not at hand.
    pub fn get(
        &self,
        key: Key,
        unpack: impl FnOnce(&mut Process) -> Option<()>,
    ) -> Option<Arc<Process>> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.resize(KEPT, None);
        let place = &mut recent[key.index() % KEPT];
        if let Some((known, process)) = place
            && *known == key
        {
            return Some(process.clone());
        }
        let unknown = || Arc::new(Process::new(ProcessId::default()));
        // The memory of one that nobody looks at any more is used again.
        let mut process = place.take().map_or_else(unknown, |(_, process)| process);
        if Arc::get_mut(&mut process).is_none() {
            process = unknown();
        }
        unpack(Arc::get_mut(&mut process)?)?;
        *place = Some((key, process.clone()));
        Some(process)
    }
}

impl Clone for Unpacked {
    fn clone(&self) -> Self {
        Unpacked::default()
    }
}
