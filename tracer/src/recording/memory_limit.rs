//! A limit for the memory that reading a recording may take. Any block may decompress to many
//! times its size and describe millions of processes, so the size of a file says nothing about
//! the memory that its contents take. This file must not know what the memory is used for.

use super::error::Error;

/// Number of events between two checks in one block.
const EVENTS: u32 = 1024;

/// A limit for the memory that reading a recording may take.
#[derive(Clone, Copy, Debug)]
pub struct MemoryLimit {
    /// Maximum, bytes.
    pub bytes: u64,
    /// Returns the memory in use, bytes. It is called once per block and once per 1,024 events.
    pub in_use: fn() -> u64,
}

/// Compares the memory in use with a limit, if there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LimitCheck {
    limit: Option<MemoryLimit>,
    /// Events since the last check.
    events: u32,
}

impl LimitCheck {
    pub fn of(limit: Option<MemoryLimit>) -> LimitCheck {
        LimitCheck { limit, events: 0 }
    }

    /// Counts an event. Fails if the check is due and more memory is in use than allowed.
    pub fn on_event(&mut self) -> Result<(), Error> {
        self.events += 1;
        match self.events < EVENTS {
            true => Ok(()),
            false => self.on_block(),
        }
    }

    /// Fails if more memory is in use than allowed.
    pub fn on_block(&mut self) -> Result<(), Error> {
        self.events = 0;
        match self.limit {
            Some(MemoryLimit { bytes, in_use }) if in_use() > bytes => {
                Err(Error::OverMemoryLimit { bytes })
            }
            _ => Ok(()),
        }
    }
}
