//! The memory for the programs, arguments and file names of all processes together. See
//! [`super::programs`].

use serde::{Deserialize, Serialize};

use super::Execution;
use crate::event::Text;

/// The memory in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ProgramBudget {
    /// Upper bound of the memory in use: counted at the last limitation, and all added since.
    pub bytes: u64,
    /// Part of it that could not be removed at the last limitation.
    pub least: u64,
}

impl ProgramBudget {
    /// Counts a new program with these texts.
    pub fn add_program<'a>(&mut self, texts: impl Iterator<Item = &'a Text>) {
        self.bytes = self.bytes.saturating_add(size_of::<Execution>() as u64);
        texts.for_each(|text| self.add(text));
    }

    /// Counts a new text.
    pub fn add(&mut self, text: &Text) {
        self.bytes = self.bytes.saturating_add(text.as_bytes().len() as u64);
    }

    /// Returns true if the memory must be counted, and perhaps limited to `budget` bytes.
    pub fn is_exceeded(&self, budget: u64) -> bool {
        // The cost of a limitation is shared by as much new memory.
        self.bytes > budget.max(self.least.saturating_add(budget / 4))
    }
}
