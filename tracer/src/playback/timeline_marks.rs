//! Marks along the timeline of a recording: how much of what happened in each part of it.

use std::collections::HashMap;

use crate::{
    event::{Event, ExitedProcess, ProcessId, What},
    recording::Span,
};

/// Number of equal parts that the span is divided into.
const PARTS: usize = 400;

/// Minimum time as a zombie that makes a mark, ns. Most zombies are reaped at once.
const LONG_ZOMBIE: u64 = 1_000_000_000;

/// Counts of what happened in one part of the span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimelineMark {
    /// Events.
    pub events: u32,
    /// Processes killed by a signal.
    pub killed: u32,
    /// Processes that became zombies here and stayed so for a second or longer.
    pub zombies: u32,
    /// True if events are missing.
    pub gap: bool,
}

/// Collects the marks of a timeline.
pub struct TimelineMarks {
    span: Span,
    marks: Vec<TimelineMark>,
    /// Start time of each current zombie, ns since boot.
    zombies: HashMap<ProcessId, u64>,
}

impl TimelineMarks {
    /// Returns empty marks over `span`.
    pub fn new(span: Span) -> TimelineMarks {
        TimelineMarks {
            span,
            marks: vec![TimelineMark::default(); PARTS],
            zombies: HashMap::new(),
        }
    }

    /// Counts an event of the stream.
    pub fn take(&mut self, event: &Event) {
        let at = event.at;
        let part = self.part(at);
        self.marks[part].events = self.marks[part].events.saturating_add(1);
        match &event.what {
            What::Exit(exit) if exit.group_dead != Some(false) => {
                let status = exit.group_code.unwrap_or(exit.code);
                self.marks[part].killed += u32::from(status & 0x7f != 0);
            }
            What::Notify(notify) if notify.exited == ExitedProcess::Subject && !notify.autoreap => {
                self.zombies.insert(event.who.process, at);
            }
            What::Reap(_) | What::Free(_) if event.who.is_leader() => {
                self.reaped(event.who.process, at)
            }
            What::Gap(gap) => {
                let since = self.part(gap.since);
                self.marks[since..=part.max(since)]
                    .iter_mut()
                    .for_each(|part| part.gap = true);
            }
            _ => {}
        }
    }

    fn reaped(&mut self, process: ProcessId, at: u64) {
        if let Some(since) = self.zombies.remove(&process)
            && at.saturating_sub(since) >= LONG_ZOMBIE
        {
            let part = self.part(since);
            self.marks[part].zombies += 1;
        }
    }

    /// Counts the zombies that are left at the end of the stream.
    pub fn end(&mut self) {
        let zombies: Vec<_> = self.zombies.keys().copied().collect();
        for process in zombies {
            self.reaped(process, self.span.latest);
        }
    }

    fn part(&self, at: u64) -> usize {
        let Span { earliest, latest } = self.span;
        let (since, whole) = (at.saturating_sub(earliest), (latest - earliest).max(1));
        let part = u128::from(since) * PARTS as u128 / u128::from(whole);
        usize::try_from(part).map_or(PARTS - 1, |part| part.min(PARTS - 1))
    }

    /// Returns the marks so far, one for each part of the span.
    pub fn marks(&self) -> &[TimelineMark] {
        &self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::{MS, SEC, START, Script};

    #[test]
    fn killed_processes_and_long_zombies_are_marked() {
        let script = Script::new().session().found(1, 0, "init").found_all();
        let script = script.fork(1, 10).fork(1, 11).fork(1, 12);
        let script = script
            .at(2 * SEC)
            .killed(10, 9)
            .notify(10)
            .at(2 * SEC + MS)
            .reap(10);
        let script = script.at(4 * SEC).die(11, 1).at(8 * SEC).reap(11);
        let events = script.at(10 * SEC).fork(1, 13).events;
        let latest = events.iter().map(|event| event.at).max().unwrap();
        let span = Span {
            earliest: START,
            latest,
        };
        let mut timeline = TimelineMarks::new(span);
        events.iter().for_each(|event| timeline.take(event));
        timeline.end();
        let count = |of: fn(&TimelineMark) -> u32| timeline.marks().iter().map(of).sum::<u32>();
        assert_eq!(count(|part| part.events) as usize, events.len());
        assert_eq!(
            (count(|part| part.killed), count(|part| part.zombies)),
            (1, 1)
        );
        // Of 400 parts of ten seconds.
        let place =
            |of: fn(&TimelineMark) -> u32| timeline.marks().iter().position(|part| of(part) > 0);
        assert!(matches!(place(|part| part.killed), Some(79..=81)));
        assert!(matches!(place(|part| part.zombies), Some(159..=161)));
    }
}
