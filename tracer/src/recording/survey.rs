//! What is in a recording, found by reading all of it: so every block has been
//! checked. The answer of `tracer info`.

use std::io::Read;

use super::{Damage, Ending, Error, Reader, SizeTally, Span, Unknown};
use crate::event::{Event, Gap, Kind, Session, What};

/// Gaps are told one by one up to this many, and counted beyond it.
const GAPS: usize = 1000;

#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Of the format; none where the file's front is damaged.
    pub version: Option<u16>,
    pub session: Option<Session>,
    /// Further sessions: tracing was started anew, or files were joined.
    pub sessions: u64,
    pub events: u64,
    pub span: Option<Span>,
    /// How many of each kind that occurs, the most frequent first.
    pub kinds: Vec<(Kind, u64)>,
    pub gaps: Vec<(u64, Gap)>,
    pub gap_count: u64,
    /// The trace itself was ended in good order.
    pub ended: bool,
    pub tally: SizeTally,
    pub damage: Vec<Damage>,
    pub unknown: Unknown,
    pub ending: Option<Ending>,
}

impl Survey {
    /// Reads a recording to its end; `step` is told after each event how far
    /// it is, in bytes.
    pub fn of<R: Read>(reader: &mut Reader<R>, mut step: impl FnMut(u64)) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut counts = vec![0_u64; 256];
        while let Some(event) = reader.next_event()? {
            // What a part of a trace begins with was counted in those before.
            if !reader.is_outside_stream() {
                counts[usize::from(event.what.kind() as u8)] += 1;
                survey.take(event);
            }
            step(reader.offset());
        }
        let count = |&kind: &Kind| (kind, counts[usize::from(kind as u8)]);
        survey.kinds = Kind::ALL.iter().map(count).collect();
        survey.kinds.retain(|&(_, count)| count > 0);
        survey
            .kinds
            .sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        survey.version = reader.version();
        survey.tally = reader.tally().clone();
        survey.damage = reader.damage().to_vec();
        survey.unknown = reader.unknown();
        survey.ending = reader.ending();
        Ok(survey)
    }

    fn take(&mut self, event: Event) {
        self.events += 1;
        let span = Span::of(event.at);
        self.span = Some(self.span.map_or(span, |sum| sum.join(span)));
        match event.what {
            What::Session(session) => {
                self.sessions += 1;
                self.session.get_or_insert(*session);
            }
            What::Gap(gap) => {
                self.gap_count += 1;
                if self.gaps.len() < GAPS {
                    self.gaps.push((event.at, *gap));
                }
            }
            what => self.ended = matches!(what, What::End),
        }
    }

    /// Nothing is missing that was written, and the writer set its end mark.
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty() && self.ending == Some(Ending::Clean)
    }
}
