//! The log: what happened, one line each, staying with the newest unless the
//! reader goes back.

use super::{Data, Room, View};
use crate::{
    model::Key,
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        cursor::Cursor,
        log::CAPACITY,
        needle::{Needle, Whence, seek},
        phrase::{Phrase, Tone},
        telling, words,
    },
};

const COLUMNS: [Column; 6] = [
    word("TIME (UTC)", 15, 0),
    figure("CPU", 3, 2),
    figure("PID", 7, 0),
    word("COMM", 15, 1),
    word("EVENT", 12, 0),
    rest("DETAILS", 24),
];

#[derive(Default)]
pub struct Events {
    cursor: Cursor,
    /// The number of the event that is the list's first.
    first: u64,
    /// None: the reader has not said; a living stream is followed, a recording
    /// is read from its beginning.
    follow: Option<bool>,
}

impl Events {
    fn number(&self) -> u64 {
        self.first + self.cursor.selected() as u64
    }

    fn length(data: &Data<'_>) -> usize {
        (data.log.end() - data.log.first()) as usize
    }
}

impl View for Events {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        let dropped = data.log.first().saturating_sub(self.first) as usize;
        self.cursor
            .follow(self.cursor.selected().saturating_sub(dropped));
        self.first = data.log.first();
        self.cursor
            .fit(Self::length(data), room.height.saturating_sub(1));
        if self.follow.unwrap_or(data.live) {
            self.cursor.on(Action::End);
        }
    }

    fn on(&mut self, action: Action, data: &Data<'_>) {
        if action == Action::Follow {
            self.follow = Some(!self.follow.unwrap_or(data.live));
        } else if self.cursor.on(action) {
            self.follow = Some(action == Action::End);
        }
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        let found = seek(
            Self::length(data),
            self.cursor.selected(),
            whence,
            |index| {
                data.log
                    .get(data.log.first() + index as u64)
                    .is_some_and(|event| {
                        needle.matches_pid(event.who.task.pid)
                            || needle.matches_comm(telling::comm(data.model, event))
                            || needle.is_in(event.what.kind().name())
                            || needle.is_in(&telling::details(data.model, event).text())
                    })
            },
        );
        if let Some(found) = found {
            self.follow = Some(false);
            self.cursor.fit(Self::length(data), self.cursor.height());
            self.cursor.select(found);
        }
        found.is_some()
    }

    fn selected(&self, data: &Data<'_>) -> Option<Key> {
        let event = data.log.get(self.number())?;
        data.model.find(event.who.process)
    }

    /// Goes to the latest event of the process.
    fn show(&mut self, data: &Data<'_>, key: Key) {
        let id = data.model.process(key).id;
        let of_it = data
            .log
            .since(0)
            .filter(|(_, event)| event.who.process == id)
            .last();
        if let Some((number, _)) = of_it {
            self.follow = Some(false);
            self.cursor.fit(Self::length(data), self.cursor.height());
            self.cursor.select((number - data.log.first()) as usize);
        }
    }

    fn status(&self, data: &Data<'_>) -> String {
        let following = if self.follow.unwrap_or(data.live) {
            "following · "
        } else {
            ""
        };
        let last = if data.log.first() > 0 {
            format!("last {CAPACITY} of {} · ", data.log.end())
        } else {
            String::new()
        };
        let position = (self.cursor.selected() + 1).min(self.cursor.length());
        format!("{following}{last}{position}/{}", self.cursor.length())
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.cursor.length() == 0 {
            return canvas.note(&[Phrase::of(Tone::Dim, "Nothing has happened yet.")]);
        }
        canvas.table(&COLUMNS, None, &self.cursor, |index, column, _| {
            let Some(event) = data.log.get(self.first + index as u64) else {
                return Phrase::new();
            };
            match column {
                0 => Phrase::of(Tone::Dim, words::clock(data.model, event.at)),
                1 => Phrase::of(Tone::Dim, event.cpu.to_string()),
                2 => match event.who.task.pid {
                    0 => Phrase::new(),
                    pid => Phrase::plain(pid.to_string()),
                },
                3 => match event.who.task.pid {
                    0 => Phrase::new(),
                    _ => Phrase::plain(words::comm(telling::comm(data.model, event))),
                },
                4 => Phrase::of(telling::tone(&event.what), event.what.kind().name()),
                _ => telling::details(data.model, event),
            }
        });
    }
}
