//! A signal that kills unless it is blocked, and the OOM killer's choice.

use super::{Comm, Header, Who, record};

record! {
    /// A signal was sent to `head.who`.
    Signal: Signal {
        head: Header,
        by: Who,
        by_comm: Comm,
        sig: i32,
        /// `si_code`: at most 0 from a process, positive from the kernel.
        code: i32,
        /// 1 if sent to the whole process.
        group: u32 = "Sent to the whole process.",
        zero: u32,
    }
}

record! {
    /// `mark_oom_victim` chose `head.who`.
    OomVictim: OomVictim {
        head: Header,
    }
}
