//! A single page fault: sent only where every fault is asked for.

use super::{Header, record};

record! {
    /// A fault of `head.who`.
    Fault: Fault {
        head: Header,
        address: u64,
        /// Its counter and that of its region (`crate::maps`); 0: unknown.
        class: u32,
        region: u32,
        /// In kernel mode, on user memory.
        in_kernel: u32,
        zero: u32,
    }
}
