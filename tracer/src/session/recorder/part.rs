//! A trace that is kept in several files, each of which can be read alone: when
//! one ends the next begins with what a checkpoint would say there.

use std::io;

use super::{Output, keeper::Keeper};
use crate::{
    event::{Event, Segment, What},
    recording::{Writer, Written},
    source::live,
};

/// Which file of the trace is written, and what is in those before.
#[derive(Clone, Copy, Default)]
pub struct Part {
    number: u64,
    before: Written,
    /// What the current file began with, bytes.
    opening: u64,
}

impl Part {
    /// The trace begins: says that this is its first part.
    pub fn mark(&self, event: &mut Event) {
        if let What::Session(session) = &mut event.what {
            session.segment = Some(Segment {
                number: 0,
                began: event.at,
                events_before: 0,
            });
        }
    }

    /// What was written is safe: ends the file if it has gone on for long
    /// enough, and lets go of those that have to go.
    pub fn flushed(&mut self, writer: &mut Writer<Output>, keeper: &mut Keeper) -> io::Result<()> {
        let bytes = writer.written().bytes;
        let Output::Segments(segments) = writer.output_mut() else {
            return Ok(());
        };
        if segments.is_full(bytes, self.opening) {
            self.turn(writer, keeper)?;
        }
        let bytes = writer.written().bytes;
        match writer.output_mut() {
            Output::Segments(segments) => segments.trim(bytes),
            Output::File(_) | Output::Stream(_) => Ok(()),
        }
    }

    /// Goes on in another file.
    fn turn(&mut self, writer: &mut Writer<Output>, keeper: &mut Keeper) -> io::Result<()> {
        let mut opening = keeper.checkpoint();
        let now = keeper.now();
        // Nothing was told yet.
        let Some(Event {
            at,
            what: What::Session(session),
            ..
        }) = opening.first_mut()
        else {
            return Ok(());
        };
        let so_far = self.all(writer.written());
        *at = now;
        // The clock may have been set since the trace began.
        session.realtime_offset = live::realtime_offset();
        if let Some(segment) = &mut session.segment {
            segment.number = self.number + 1;
            segment.events_before = so_far.events;
        }
        let ended = writer.begin_another(|output| match output {
            Output::Segments(segments) => segments.turn(),
            Output::File(_) | Output::Stream(_) => Ok(()),
        })?;
        self.before = self.all(ended);
        self.number += 1;
        writer.write(&opening[0])?;
        writer.checkpoint(&opening)?;
        writer.flush()?;
        writer.output().sync()?;
        self.opening = writer.written().bytes;
        Ok(())
    }

    /// What is in all files, when so much is in the current one.
    pub fn all(&self, current: Written) -> Written {
        // The session that each file begins with is an event of the first.
        let again = u64::from(self.number > 0).min(current.events);
        Written {
            bytes: self.before.bytes + current.bytes,
            events: self.before.events + current.events - again,
        }
    }
}
