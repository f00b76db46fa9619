//! Where events come from: the running kernel or a recording. Each source
//! hands out the same [`crate::event::Event`]s; nobody behind it can tell.

#[cfg(feature = "live")]
pub mod live;
pub mod replay;
