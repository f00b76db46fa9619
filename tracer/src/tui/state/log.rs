//! The latest events, for the Events view. They are kept as they are (a clone shares their texts)
//! and turned into text only on the screen.

use std::collections::VecDeque;

use crate::event::{Event, Text, What};

/// The maximum number of events that the log keeps.
pub const CAPACITY: usize = 10_000;

/// The maximum length of their arguments and file names together, bytes.
const TEXTS: usize = 16 << 20;

/// The latest events, numbered.
#[derive(Clone, Debug, Default)]
pub struct Log {
    events: VecDeque<Event>,
    /// The length of their arguments and file names, bytes.
    texts: usize,
    /// The number of dropped events, which is the number of the oldest one left.
    dropped: u64,
}

impl Log {
    /// Appends an event and drops the oldest ones of a full log.
    pub fn push(&mut self, event: &Event) {
        self.texts += text_length(event);
        self.events.push_back(event.clone());
        while self.events.len() > CAPACITY || self.texts > TEXTS && self.events.len() > 1 {
            let oldest = self.events.pop_front();
            self.texts -= oldest.as_ref().map_or(0, text_length);
            self.dropped += 1;
        }
    }

    /// Returns the number of the oldest event. Numbers are never reused.
    pub fn first(&self) -> u64 {
        self.dropped
    }

    /// Returns an event by its number.
    pub fn get(&self, number: u64) -> Option<&Event> {
        let index = number.checked_sub(self.dropped)?;
        self.events.get(usize::try_from(index).ok()?)
    }

    /// Returns the events from a number on, the oldest first.
    pub fn since(&self, number: u64) -> impl Iterator<Item = (u64, &Event)> {
        let start = number.max(self.dropped);
        let skipped = usize::try_from(start - self.dropped).unwrap_or(usize::MAX);
        (start..).zip(self.events.range(skipped.min(self.events.len())..))
    }

    /// Returns the number of the next event.
    pub fn end(&self) -> u64 {
        self.dropped + self.events.len() as u64
    }
}

fn text_length(event: &Event) -> usize {
    let length = |text: &Text| text.as_bytes().len();
    match &event.what {
        What::Exec(exec) => length(&exec.filename) + exec.argv.as_ref().map_or(0, length),
        What::Snapshot(found) => found.argv.as_ref().map_or(0, length),
        What::Cgroup(cgroup) => length(&cgroup.path),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::script::Script;

    #[test]
    fn log_is_bounded_by_the_length_of_texts() {
        let argument = "x".repeat(1 << 20);
        let mut script = Script::new();
        for _ in 0..20 {
            script = script.exec(10, "long", &[&argument]);
        }
        let mut log = Log::default();
        script.events.iter().for_each(|event| log.push(event));
        assert_eq!((log.first(), log.end()), (5, 20));
        let more = Script::new().exec(10, "huge", &[&"x".repeat(20 << 20)]);
        log.push(more.events.last().unwrap());
        assert_eq!((log.first(), log.end()), (20, 21));
    }
}
