//! A wait system call returned a child.

use super::{Header, record};

record! {
    /// `head.who` called wait4 or waitid.
    Wait: Wait {
        head: Header,
        /// PID of the child in the caller's pid namespace. The child may have
        /// stopped or continued instead of exited.
        child: u32 = "The child's number in the caller's pid namespace. It may have stopped or continued rather than died.",
        zero: u32,
    }
}
