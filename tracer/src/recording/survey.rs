//! A survey of a recording, made by reading all of it, so that every block is checked. `tracer info`
//! shows it.

use std::io::Read;

use super::{
    damage::{Damage, Ending, Trailing, Unknown},
    error::Error,
    reader::Reader,
    size_tally::SizeTally,
    span::Span,
};
use crate::event::{Event, Gap, GapCause, Kind, Lost, Session, What};

/// Maximum number of gaps that are kept individually. All are counted.
const GAPS: usize = 1000;

/// The contents and the condition of a recording.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Format version, or none if the file header is damaged.
    pub version: Option<u16>,
    /// First session.
    pub session: Option<Session>,
    /// Number of sessions. More than one if tracing was restarted or files were joined.
    pub sessions: u64,
    /// Number of events.
    pub events: u64,
    /// Span of the events, or none without events.
    pub span: Option<Span>,
    /// Number of events of each kind that occurs, the most frequent first.
    pub kinds: Vec<(Kind, u64)>,
    /// The first gaps, each with its time, ns since boot.
    pub gaps: Vec<(u64, Gap)>,
    /// Number of all gaps.
    pub gap_count: u64,
    /// Number of lost records by kind, in all gaps but those of a budget.
    pub lost: Vec<Lost>,
    /// Number of records beyond a user's budget, by kind, in all gaps.
    pub over_budget: Vec<Lost>,
    /// True if the trace was ended properly: its last event is the end.
    pub ended: bool,
    /// Sizes by kind of block and kind of event.
    pub tally: SizeTally,
    /// Unreadable parts.
    pub damage: Vec<Damage>,
    /// Counts of what a later version wrote and this one skipped.
    pub unknown: Unknown,
    /// Ending of the recording.
    pub ending: Option<Ending>,
    /// What follows the end mark.
    pub trailing: Option<Trailing>,
}

impl Survey {
    /// Reads a recording to its end. Calls `step` after each event with the offset reached, bytes.
    pub fn of<R: Read>(reader: &mut Reader<R>, mut step: impl FnMut(u64)) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut counts = vec![0_u64; 256];
        while let Some(event) = reader.next_event()? {
            // The events of a checkpoint are counted in earlier segments.
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
        survey.trailing = reader.trailing();
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
                let sums = match gap.cause {
                    GapCause::OverBudget => &mut self.over_budget,
                    _ => &mut self.lost,
                };
                add(sums, &gap.lost);
                if self.gaps.len() < GAPS {
                    self.gaps.push((event.at, *gap));
                }
            }
            what => self.ended = matches!(what, What::End),
        }
    }

    /// Returns true if there is no damage, and the recording has its end mark and nothing behind
    /// it.
    pub fn is_whole(&self) -> bool {
        let ends = self.ending == Some(Ending::Clean) && self.trailing.is_none();
        self.damage.is_empty() && ends
    }
}

/// Adds counts to sums by kind.
fn add(sums: &mut Vec<Lost>, counts: &[Lost]) {
    for lost in counts {
        match sums.iter_mut().find(|sum| sum.kind == lost.kind) {
            Some(sum) => sum.count = sum.count.saturating_add(lost.count),
            None => sums.push(lost.clone()),
        }
    }
}
