//! The rights that a thread keeps.

use std::path::PathBuf;

use caps::Capability;

/// Rights that a thread keeps.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// Capabilities, as far as the thread has them.
    pub capabilities: Vec<Capability>,
    /// True for operations on the maps and links of BPF that exist.
    pub bpf: bool,
    /// PID of a process that it may signal, besides its own.
    pub signals: Option<u32>,
    /// True to read any file that the user may read.
    pub reads: bool,
    /// True to read what `/proc` shows only to a process that may trace the other one.
    /// Landlock would forbid that (`hook_ptrace_access_check`, security/landlock/task.c).
    pub traces: bool,
    /// Files that it may create, open for writing, and remove.
    pub writes: Writes,
    /// Folder in which it may remove empty folders.
    pub removes_folders_in: Option<PathBuf>,
}

/// Files that a thread may create, open for writing, rename and remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// None. Files that are open for writing can be written.
    #[default]
    None,
    /// Those in these folders and below. Without Landlock, any that the user may.
    Beneath(Vec<PathBuf>),
}
