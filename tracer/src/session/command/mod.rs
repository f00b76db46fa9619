//! The commands of the command line, one file each, and what several of them
//! share. Imports every other submodule of `session`.

mod anonymize;
pub mod cut;
pub mod doctor;
pub mod filters;
mod hook_table;
pub mod index;
pub mod info;
pub mod live;
pub mod merge;
pub mod record;
pub mod repair;
pub mod replay;
mod rewrite;
