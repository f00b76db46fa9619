//! The interface of export formats.

use std::io::{self, Write};

use crate::{
    event::Event,
    model::{Key, Model},
};

/// An export in progress.
pub trait Exporter {
    /// Writes what the format says about the next event of the stream.
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;

    /// Writes what the format says about the model at the end of the stream,
    /// limited to processes for which `kept` returns true.
    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

/// Returns true if a process is to be exported.
pub type ProcessFilter<'a> = &'a dyn Fn(Key) -> bool;
