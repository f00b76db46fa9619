//! What the verbs and the benches share: finding tools, building, running.
//!
//! xtask may know every directory of the repository, but no crate of the project
//! depends on it and it depends on none of them.

pub mod artifacts;
pub mod build;
mod linker;
pub mod packages;
pub mod privilege;
pub mod process;
pub mod setup;
mod slim;
mod toolchain;
pub mod workspace;
