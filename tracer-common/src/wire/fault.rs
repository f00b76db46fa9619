//! A single page fault. Sent only with `--faults=stream`.

use super::{Header, record};

record! {
    /// `head.who` took a page fault.
    Fault: Fault {
        head: Header,
        address: u64,
        /// Counter of its class, and of its region ([`crate::maps`]); 0: unknown.
        class: u32 = "Its counter and that of its region (`crate::maps`); 0: unknown.",
        region: u32,
        /// In kernel mode, on user memory.
        in_kernel: u32,
        zero: u32,
    }
}
