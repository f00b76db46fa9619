//! Shared by the verbs and the benches: finding tools, building, running programs.
//!
//! xtask knows every directory of the repository. It depends on no crate of the project,
//! and none depends on it.

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
