//! A trace that is kept in several files, each of which can be read alone: when
//! one ends the next begins with what a checkpoint would say there.

use std::io;

use super::{Output, keeper::Keeper};
use crate::{
    event::{Event, Gap, GapCause, Segment, What, Who},
    recording::{Writer, Written},
    source::live,
};

/// Which file of the trace is written, and what is in those before.
#[derive(Clone, Copy, Default)]
pub struct Part {
    segment: Segment,
    /// In the files before that this tracer wrote.
    before: Written,
    /// What the current file began with, bytes.
    opening: u64,
    /// This tracer goes on with another's trace, and its own events are still
    /// to come.
    resumes: bool,
}

impl Part {
    /// The one behind a part that another tracer wrote.
    pub fn after(part: Segment, events_before: u64) -> Part {
        Part {
            segment: Segment {
                number: part.number + 1,
                events_before,
                ..part
            },
            resumes: true,
            ..Part::default()
        }
    }

    /// Says which part of the trace a session is in. Where that goes on with
    /// another tracer's, the file begins with it; gives what lies between the two.
    pub fn mark(
        &mut self,
        event: &mut Event,
        writer: &mut Writer<Output>,
        keeper: &mut Keeper,
    ) -> io::Result<Option<Event>> {
        let What::Session(session) = &mut event.what else {
            return Ok(None);
        };
        if self.segment.number == 0 {
            self.segment.began = event.at;
        }
        session.segment = Some(self.segment);
        if !std::mem::take(&mut self.resumes) {
            return Ok(None);
        }
        self.open(Some(event.clone()), writer, keeper)?;
        Ok(Some(Event {
            at: event.at,
            cpu: 0,
            who: Who::HOST,
            what: What::Gap(Box::new(Gap {
                since: keeper.now(),
                lost: Vec::new(),
                cause: GapCause::Untraced,
            })),
        }))
    }

    /// What was written is safe: ends the file if it has gone on for long
    /// enough, and lets go of those that have to go.
    pub fn flushed(&mut self, writer: &mut Writer<Output>, keeper: &mut Keeper) -> io::Result<()> {
        if self.resumes {
            // Nothing is in it yet.
            return Ok(());
        }
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
    pub fn turn(&mut self, writer: &mut Writer<Output>, keeper: &mut Keeper) -> io::Result<()> {
        let ended = writer.begin_another(|output| match output {
            Output::Segments(segments) => segments.turn(),
            Output::File(_) | Output::Stream(_) => Ok(()),
        })?;
        let all = self.all(ended);
        self.segment.events_before += all.events - self.before.events;
        self.before = all;
        self.segment.number += 1;
        self.open(keeper.session().cloned(), writer, keeper)
    }

    /// What a part begins with that is not the first: the session of the tracer
    /// that writes it, and who is there.
    fn open(
        &mut self,
        session: Option<Event>,
        writer: &mut Writer<Output>,
        keeper: &mut Keeper,
    ) -> io::Result<()> {
        keeper.enter(self.segment);
        if let Some(mut event) = session {
            event.at = keeper.now();
            if let What::Session(session) = &mut event.what {
                // The clock may have been set since the trace began.
                session.realtime_offset = live::realtime_offset();
                session.segment = Some(self.segment);
            }
            writer.write(&event)?;
        }
        writer.checkpoint(&keeper.checkpoint())?;
        writer.flush()?;
        writer.output().sync()?;
        self.opening = writer.written().bytes;
        Ok(())
    }

    /// What this tracer wrote, when so much is in the current file.
    pub fn all(&self, current: Written) -> Written {
        // The session that each file begins with is an event of the first.
        let again = u64::from(self.segment.number > 0).min(current.events);
        Written {
            bytes: self.before.bytes + current.bytes,
            events: self.before.events + current.events - again,
        }
    }
}
