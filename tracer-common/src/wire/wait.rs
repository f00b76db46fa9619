//! A wait system call has returned a child.

use super::{Header, record};

record! {
    /// `head.who` called wait4 or waitid.
    Wait: Wait {
        head: Header,
        /// The child's number in the caller's pid namespace. It may have
        /// stopped or continued rather than died.
        child: u32,
        zero: u32,
    }
}
