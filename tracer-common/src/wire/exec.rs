//! A successful exec, and a changed command name.

use super::{Comm, Header, Ties, record};

record! {
    /// A task replaced its program. `filename_len` bytes of file name and
    /// `argv_len` bytes of NUL-separated arguments follow the record.
    Exec: Exec {
        head: Header,
        /// PID before exec. It differs from `head.who.pid` if a thread other than
        /// the leader called exec.
        old_pid: u32 = "The pid before exec: another than `head.who.pid` when a thread that was not the leader called exec.",
        filename_len: u32,
        argv_len: u32,
        /// Length of all arguments in memory: more than `argv_len` when cut.
        argv_total: u32,
        flags: u32,
        zero: u32,
        /// Pages that the task has copied on write so far.
        copies: u64,
        comm: Comm,
        ties: Ties,
    }
}

/// The file name is longer than [`FILENAME_MAX`].
pub const EXEC_FILENAME_CUT: u32 = 1 << 0;
/// The arguments were not in memory when the program read them.
pub const EXEC_ARGV_UNREADABLE: u32 = 1 << 1;

/// Maximum length of the file name, with its NUL. A power of two: the verifier
/// follows a mask, not a comparison.
pub const FILENAME_MAX: usize = 512;
/// Maximum length of the arguments. A power of two, as [`FILENAME_MAX`].
pub const ARGV_MAX: usize = 4096;

record! {
    /// `head.who` changed its command name (prctl, or a write to
    /// /proc/PID/comm). A change by exec is in [`Exec`].
    CommChange: Comm {
        head: Header,
        comm: Comm,
    }
}
