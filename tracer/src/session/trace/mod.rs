//! A live trace: events from the kernel to a frontend and a recorder, until
//! something stops it.
//!
//! Imports `console`, `recorder` and `display`.

pub mod account;
mod child;
mod drain;
mod meter;
pub mod pump;
mod stop_condition;
