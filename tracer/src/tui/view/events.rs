//! The event log, one line each. It follows the newest event until the reader moves back.

use std::collections::VecDeque;

use crate::{
    event::{Event, units},
    filter::Truth,
    model::Key,
    tui::{
        input::action::Action,
        state::{
            data::Data,
            search::{SearchFrom, SearchQuery, seek},
        },
        style::phrase::{Phrase, Tone},
        text::{describe, words},
        view::{
            empty::Empty,
            interface::{View, ViewSize},
        },
        widget::{
            canvas::Canvas,
            columns::{Column, figure, rest, word},
            cursor::Cursor,
        },
    },
};

const COLUMNS: [Column; 6] = [
    word("TIME", 15, 0),
    figure("CPU", 3, 2),
    figure("PID", 7, 0),
    word("COMM", 15, 1),
    word("EVENT", 12, 0),
    rest("DETAILS", 24),
];

/// The latest events, filtered.
#[derive(Default)]
pub struct Events {
    cursor: Cursor,
    /// The numbers of the listed events; `None` if all are listed.
    listed: Option<VecDeque<u64>>,
    /// The generation of the filter, and the number of the next event to check.
    checked: (u64, u64),
    /// The number of the oldest event in the log.
    first: u64,
    /// `None` until the reader decides: a live stream is followed, a recording is read from its
    /// beginning.
    follow: Option<bool>,
}

impl Events {
    /// Returns the number of the event in a line.
    fn number(&self, line: usize) -> u64 {
        match &self.listed {
            Some(listed) => listed.get(line).copied().unwrap_or(u64::MAX),
            None => self.first + line as u64,
        }
    }

    /// Returns the line of an event, or of the next one that is listed.
    fn line(&self, number: u64) -> usize {
        match &self.listed {
            Some(listed) => listed.partition_point(|&other| other < number),
            None => number.saturating_sub(self.first) as usize,
        }
    }

    fn length(&self, data: &Data<'_>) -> usize {
        match &self.listed {
            Some(listed) => listed.len(),
            None => (data.log.end() - data.log.first()) as usize,
        }
    }

    /// Adds new events of the log and removes dropped ones; the selected event stays selected.
    fn update(&mut self, data: &Data<'_>) {
        let (selected, generation) = (
            self.number(self.cursor.selected()),
            data.filter.generation(),
        );
        self.first = data.log.first();
        if data.filter.filter().is_none() {
            self.listed = None;
        } else {
            if self.checked.0 != generation || self.listed.is_none() {
                self.listed = Some(VecDeque::new());
                self.checked = (generation, self.first);
            }
            let listed = self.listed.get_or_insert_default();
            while listed.front().is_some_and(|&number| number < self.first) {
                listed.pop_front();
            }
            let wanted = |event: &Event| {
                let of = data.model.find(event.who.process);
                of.is_some_and(|key| data.filter.shows(key))
            };
            let new = data.log.since(self.checked.1);
            listed.extend(
                new.filter(|(_, event)| wanted(event))
                    .map(|(number, _)| number),
            );
            self.checked.1 = data.log.end();
        }
        self.cursor.follow(self.line(selected));
        self.cursor.fit(self.length(data), self.cursor.height());
    }

    /// Returns the message for a list without events.
    fn empty(&self, data: &Data<'_>) -> Empty {
        let (log, earlier) = (data.log.since(0), earlier(data));
        let undecided = log.map(|(_, event)| {
            let of = data.model.find(event.who.process);
            of.is_none_or(|key| data.filter.verdict(key) == Truth::Unknown)
        });
        let empty = Empty::of(
            data,
            "There is no event",
            ("event", "events"),
            std::iter::empty(),
        );
        undecided.fold(empty, Empty::with).yet(data).hint(
            earlier > 0,
            format!("{} earlier events are not listed.", units::count(earlier)),
        )
    }

    fn go_to(&mut self, line: usize) {
        self.follow = Some(false);
        self.cursor.select(line);
    }
}

/// Returns the number of events before the oldest one in the log.
fn earlier(data: &Data<'_>) -> u64 {
    let listed = data.log.end() - data.log.first();
    data.model.totals().events.saturating_sub(listed)
}

impl View for Events {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        self.update(data);
        self.cursor
            .fit(self.length(data), size.height.saturating_sub(1));
        if self.follow.unwrap_or(data.live) {
            self.cursor.handle(Action::End);
        }
    }

    fn handle(&mut self, action: Action, data: &Data<'_>) {
        if action == Action::Follow {
            self.follow = Some(!self.follow.unwrap_or(data.live));
        } else if self.cursor.handle(action) {
            self.follow = Some(action == Action::End);
        }
    }

    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        self.update(data);
        let matches = |event: &Event| {
            query.matches_pid(event.who.task.pid)
                || query.matches_comm(describe::comm(data.model, event))
                || query.is_in(event.what.kind().name())
                || query.is_in(&describe::details(data, event).text())
        };
        let (length, start) = (self.length(data), self.cursor.selected());
        let found = seek(length, start, from, |line| {
            data.log.get(self.number(line)).is_some_and(matches)
        });
        if let Some(found) = found {
            self.go_to(found);
        }
        found.is_some()
    }

    fn click(&mut self, line: usize) -> bool {
        self.follow = Some(false);
        self.cursor.click(line)
    }

    fn selected(&self, data: &Data<'_>) -> Option<Key> {
        let event = data.log.get(self.number(self.cursor.selected()))?;
        data.model.find(event.who.process)
    }

    /// Selects the latest event of the process.
    fn show(&mut self, data: &Data<'_>, key: Key) {
        let id = data.model.process(key).id;
        let of_it = data
            .log
            .since(0)
            .filter(|(_, event)| event.who.process == id)
            .last();
        if let Some((number, _)) = of_it {
            self.update(data);
            self.go_to(self.line(number));
        }
    }

    fn status(&self, data: &Data<'_>) -> String {
        let following = if self.follow.unwrap_or(data.live) {
            "following · "
        } else {
            ""
        };
        let last = match earlier(data) {
            0 => String::new(),
            earlier => {
                let listed = data.log.end() - data.log.first();
                format!("last {listed} of {} · ", listed + earlier)
            }
        };
        let position = (self.cursor.selected() + 1).min(self.cursor.length());
        format!("{following}{last}{position}/{}", self.cursor.length())
    }

    fn reset(&mut self) {
        *self = Events {
            follow: self.follow,
            ..Events::default()
        };
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.cursor.length() == 0 {
            return canvas.note(&self.empty(data).phrases(data));
        }
        canvas.table(&COLUMNS, None, &self.cursor, |index, column, _| {
            let Some(event) = data.log.get(self.number(index)) else {
                return Phrase::new();
            };
            match column {
                0 => Phrase::of(Tone::Dim, words::clock(data, event.at)),
                1 => Phrase::of(Tone::Dim, event.cpu.to_string()),
                2 => match event.who.task.pid {
                    0 => Phrase::new(),
                    pid => Phrase::plain(pid.to_string()),
                },
                3 => match event.who.task.pid {
                    0 => Phrase::new(),
                    _ => Phrase::plain(words::comm(describe::comm(data.model, event))),
                },
                4 => Phrase::of(describe::tone(&event.what), event.what.kind().name()),
                _ => describe::details(data, event),
            }
        });
    }
}
