//! Name and arguments of a process. Several hooks report them, in any order; the
//! latest in time is right.

use super::{Execution, Process};
use crate::event::{Comm, Text};

impl Process {
    /// Returns the current arguments, NUL-separated. Unknown if they could not be
    /// read or were inherited from a process with unknown arguments.
    pub fn argv(&self) -> Option<&[u8]> {
        self.arguments_at(u64::MAX).map(|(argv, _)| argv.as_bytes())
    }

    /// Returns true if [`Self::argv`] is truncated.
    pub fn argv_cut(&self) -> Option<bool> {
        self.arguments_at(u64::MAX).map(|(_, cut)| cut)
    }

    /// Returns the arguments at a time, and true if they are truncated.
    pub(super) fn arguments_at(&self, at: u64) -> Option<(&Text, bool)> {
        let found = self.snapshot_argv.as_ref();
        let found = found.map(|argv| (argv, self.snapshot_argv_cut));
        let earlier = self.executions.partition_point(|exec| exec.at <= at);
        let Some(Execution { at: exec_at, exec }) = self.executions[..earlier].last() else {
            return found;
        };
        if self.snapshot_argv_at <= at && *exec_at < self.snapshot_argv_at {
            return found;
        }
        let argv = exec.argv.as_ref()?;
        Some((argv, argv.as_bytes().len() < exec.argv_total as usize))
    }

    /// Returns the command name, if any event reported it.
    pub fn known_comm(&self) -> Option<Comm> {
        (self.named_at > 0).then_some(self.comm)
    }

    /// Sets the name as of `at`, unless a later one is known.
    pub(super) fn rename(&mut self, at: u64, comm: Comm) {
        if self.named_at <= at {
            self.comm = comm;
            self.named_at = at.max(1);
        }
    }
}
