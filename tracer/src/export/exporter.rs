//! The interface of export formats.

use std::io::{self, Write};

use crate::{
    event::Event,
    model::{Key, Model, OwnerNames},
};

/// An export in progress.
pub trait Exporter {
    /// Writes what the format says about the next event of the stream.
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;

    /// Writes what a format of [`Format::streams_processes`] says about a process that no
    /// further event changes, before the end of the stream.
    ///
    /// [`Format::streams_processes`]: super::Format::streams_processes
    fn process(
        &mut self,
        _model: &Model,
        _key: Key,
        _names: &OwnerNames,
        _out: &mut dyn Write,
    ) -> io::Result<()> {
        Ok(())
    }

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
