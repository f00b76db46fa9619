//! Name and arguments of a process. Several hooks report them, in any order; the
//! latest in time is right.

use super::{Creation, Execution, Process};
use crate::event::{Comm, Text};

/// Maximum number of earlier names per process. A process that renames itself for
/// ever must not fill the memory.
const NAMES_KEPT: usize = 16;

/// Values that a process had one after the other.
pub struct Series<T> {
    /// The values, each at least once.
    pub values: Vec<T>,
    /// False if there may have been others.
    pub complete: bool,
}

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

    /// Returns every command name it had: the one it was found with or inherited at
    /// the fork, and those by exec and rename. A name that its first exec replaced
    /// was its parent's and is not among them.
    pub fn names(&self) -> Series<Comm> {
        let earlier = self
            .pending
            .as_ref()
            .map(|pending| &pending.rare.earlier_names);
        let execs = self.executions.iter().map(|execution| execution.exec.comm);
        let renamed = earlier.into_iter().flat_map(|it| it.names.iter().copied());
        Series {
            values: self
                .known_comm()
                .into_iter()
                .chain(execs)
                .chain(renamed)
                .collect(),
            complete: self.has_all_executions()
                && self.named_at > 0
                && earlier.is_none_or(|earlier| !earlier.left_out),
        }
    }

    /// Returns every command line it had, NUL-separated: the one it was found with,
    /// and that of each exec; the one inherited at the fork if it has not exec'ed.
    pub fn command_lines(&self) -> Series<&[u8]> {
        let was_found = self.created_by == Creation::Snapshot;
        let found = self.snapshot_argv.as_ref();
        let found = found.filter(|_| was_found || self.executions.is_empty());
        let execs = self.executions.iter();
        let execs = execs.filter_map(|execution| execution.exec.argv.as_ref());
        let lines = found.into_iter().chain(execs);
        let values: Vec<_> = lines.map(Text::as_bytes).collect();
        let count = self.executions.len() + usize::from(was_found || self.executions.is_empty());
        Series {
            complete: values.len() == count && self.has_all_executions(),
            values,
        }
    }

    /// Returns true if every exec since the fork, or since a snapshot listed it, is in
    /// [`Self::executions`], as far as no record was lost.
    pub fn has_all_executions(&self) -> bool {
        self.executions_left_out == 0 && (self.forked_at.is_some() || self.generation > 0)
    }

    /// Sets the name as of `at`, unless a later one is known.
    pub(super) fn rename(&mut self, at: u64, comm: Comm) {
        if self.named_at > at {
            return;
        }
        if self.named_at > 0 && self.comm != comm {
            self.keep_name();
        }
        self.comm = comm;
        self.named_at = at.max(1);
    }

    /// Sets the name by an exec. It replaces the name inherited at the fork, which
    /// says nothing about the process.
    pub(super) fn rename_by_exec(&mut self, at: u64, comm: Comm) {
        let inherited = self.executions.is_empty() && self.forked_at == Some(self.named_at);
        if inherited && self.named_at <= at {
            self.named_at = 0;
        }
        self.rename(at, comm);
    }

    /// Keeps the current name, unless it is by an exec or kept already.
    fn keep_name(&mut self) {
        let comm = self.comm;
        if self.executions.iter().any(|it| it.exec.comm == comm) {
            return;
        }
        let earlier = &mut self.pending_mut().rare.earlier_names;
        if earlier.names.contains(&comm) {
            return;
        }
        if earlier.names.len() == NAMES_KEPT {
            earlier.names.remove(0);
            earlier.left_out = true;
        }
        earlier.names.push(comm);
    }
}
