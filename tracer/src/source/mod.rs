//! Where events come from: the running kernel, a recording, or a script
//! written in a test. Each source hands out the same [`crate::event::Event`]s;
//! nobody behind it can tell.

pub mod live;
pub mod replay;
pub mod script;
