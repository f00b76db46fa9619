//! What happened when, along the whole of a recording: where a bar that shows it
//! has marks.

use std::collections::HashMap;

use crate::{
    event::{Event, ExitedProcess, ProcessId, What},
    recording::Span,
};

/// The span is divided into so many parts.
const PARTS: usize = 400;

/// A zombie that waits for so long is worth a mark, ns: most are reaped at once.
const LONG: u64 = 1_000_000_000;

/// How often something happened in a part of the span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub events: u32,
    /// Processes that a signal ended.
    pub killed: u32,
    /// Zombies that began to wait for a second or longer.
    pub zombies: u32,
    /// Something is missing.
    pub gap: bool,
}

pub struct Survey {
    span: Span,
    parts: Vec<Part>,
    /// Since when each has been a zombie.
    waiting: HashMap<ProcessId, u64>,
}

impl Survey {
    pub fn new(span: Span) -> Survey {
        Survey {
            span,
            parts: vec![Part::default(); PARTS],
            waiting: HashMap::new(),
        }
    }

    /// Takes in an event of the stream.
    pub fn take(&mut self, event: &Event) {
        let at = event.at;
        let part = self.part(at);
        self.parts[part].events = self.parts[part].events.saturating_add(1);
        match &event.what {
            What::Exit(exit) if exit.group_dead != Some(false) => {
                let status = exit.group_code.unwrap_or(exit.code);
                self.parts[part].killed += u32::from(status & 0x7f != 0);
            }
            What::Notify(told) if told.exited == ExitedProcess::Subject && !told.autoreap => {
                self.waiting.insert(event.who.process, at);
            }
            What::Reap(_) | What::Free(_) if event.who.is_leader() => {
                self.reaped(event.who.process, at)
            }
            What::Gap(gap) => {
                let since = self.part(gap.since);
                self.parts[since..=part.max(since)]
                    .iter_mut()
                    .for_each(|part| part.gap = true);
            }
            _ => {}
        }
    }

    fn reaped(&mut self, who: ProcessId, at: u64) {
        if let Some(since) = self.waiting.remove(&who)
            && at.saturating_sub(since) >= LONG
        {
            let part = self.part(since);
            self.parts[part].zombies += 1;
        }
    }

    /// There are no more.
    pub fn end(&mut self) {
        let waiting: Vec<_> = self.waiting.keys().copied().collect();
        for who in waiting {
            self.reaped(who, self.span.latest);
        }
    }

    fn part(&self, at: u64) -> usize {
        let Span { earliest, latest } = self.span;
        let (since, whole) = (at.saturating_sub(earliest), (latest - earliest).max(1));
        let part = u128::from(since) * PARTS as u128 / u128::from(whole);
        usize::try_from(part).map_or(PARTS - 1, |part| part.min(PARTS - 1))
    }

    /// As far as it has come.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::{MS, SEC, START, Script};

    #[test]
    fn deaths_by_signal_and_zombies_that_wait_have_their_places() {
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
        let mut survey = Survey::new(span);
        events.iter().for_each(|event| survey.take(event));
        survey.end();
        let count = |of: fn(&Part) -> u32| survey.parts().iter().map(of).sum::<u32>();
        assert_eq!(count(|part| part.events) as usize, events.len());
        assert_eq!(
            (count(|part| part.killed), count(|part| part.zombies)),
            (1, 1)
        );
        // Of 400 parts of ten seconds.
        let place = |of: fn(&Part) -> u32| survey.parts().iter().position(|part| of(part) > 0);
        assert!(matches!(place(|part| part.killed), Some(79..=81)));
        assert!(matches!(place(|part| part.zombies), Some(159..=161)));
    }
}
