//! Access to a process that may be archived.

use std::{fmt, ops::Deref, sync::Arc};

use super::Process;

/// A process of a model: a reference to a retained one, or an archived one, unpacked.
#[derive(Clone)]
pub struct ProcessRef<'a>(Source<'a>);

#[derive(Clone)]
enum Source<'a> {
    Retained(&'a Process),
    Archived(Arc<Process>),
}

impl ProcessRef<'_> {
    /// Returns true if no further event of the stream changes the process: it was freed,
    /// or it is archived.
    pub fn is_settled(&self) -> bool {
        self.freed_at.is_some() || matches!(self.0, Source::Archived(_))
    }
}

impl<'a> From<&'a Process> for ProcessRef<'a> {
    fn from(retained: &'a Process) -> Self {
        ProcessRef(Source::Retained(retained))
    }
}

impl From<Arc<Process>> for ProcessRef<'_> {
    fn from(archived: Arc<Process>) -> Self {
        ProcessRef(Source::Archived(archived))
    }
}

impl Deref for ProcessRef<'_> {
    type Target = Process;

    fn deref(&self) -> &Process {
        match &self.0 {
            Source::Retained(process) => process,
            Source::Archived(process) => process,
        }
    }
}

impl fmt::Debug for ProcessRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Process::fmt(self, f)
    }
}
