//! Files and folders that tracer creates: in which folders it may, under which names, and for
//! which user. No link, pipe or file of another user in the place of a name is followed,
//! opened or kept.
//!
//! Imports `console`. Must not know what the files contain.

pub mod create;
pub mod folder;
pub mod invoker;
pub mod paths;
pub mod rights;
pub mod saved_filters;
