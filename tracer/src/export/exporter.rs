//! The interface that every export format implements.

use std::io::{self, Write};

use crate::{
    event::Event,
    model::{Key, Model},
};

/// A format in the making.
pub trait Exporter {
    /// The next event of the stream.
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;

    /// The stream has ended, and this is what became of it.
    /// Of its processes, those are wanted that `kept` says yes to.
    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

/// Whether a process is wanted.
pub type ProcessFilter<'a> = &'a dyn Fn(Key) -> bool;
