//! Reads, models and reports the life of Linux processes, from recordings or from the
//! running kernel.
//!
//! This example reads a recording and prints how each process ended:
//!
//! ```
//! use std::fs::File;
//!
//! use tracer::{
//!     model::{Model, Retention},
//!     recording::{Error, Reader},
//! };
//!
//! fn main() -> Result<(), Error> {
//!     let mut model = Model::new(Retention::ALL);
//!     for event in Reader::new(File::open("tests/recordings/v1.tracer")?)? {
//!         model.apply(&event?);
//!     }
//!     for (_, process) in model.processes() {
//!         println!("{:7} {:?}", process.id.tgid, process.outcome());
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Modules
//!
//! In import order; `cargo xtask check` enforces it.
//!
//! - [`event`]: the events, and identities of tasks.
//! - `confinement`: takes rights away from threads of tracer.
//! - [`model`]: processes, built from events by [`Model::apply`](model::Model::apply).
//! - [`records`]: decoding of the kernel side's records into events.
//! - [`recording`]: the file format.
//! - [`filter`]: the language that selects processes.
//! - [`playback`]: seeking in a recording.
//! - [`source`]: events of the running kernel, or of a recording by file name.
//! - [`report`] and [`export`]: text and JSON.
//! - `tui`: the dashboard.
//! - `session`: the commands of the program `tracer`.
//!
//! docs/architecture.md describes the whole. docs/reading-recordings.md has longer
//! examples.
//!
//! # Features
//!
//! - none: everything but `source::live`, `tui` and `session`. Needs no eBPF object, no
//!   terminal and no async runtime.
//! - `live`: `source::live`, which traces the running kernel. Building it needs the eBPF
//!   object that `cargo xtask build` makes.
//! - `tui`: the dashboard.
//! - `cli` (default): the commands, with `live` and `tui`.

#![warn(missing_docs, clippy::disallowed_methods, clippy::disallowed_macros)]
#![deny(rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]

#[cfg(feature = "live")]
pub mod confinement;
pub mod event;
pub mod export;
pub mod filter;
pub mod model;
pub mod playback;
pub mod recording;
pub mod records;
pub mod report;
#[cfg(feature = "cli")]
pub mod session;
pub mod source;
#[cfg(feature = "tui")]
pub mod tui;
