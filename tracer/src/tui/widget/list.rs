//! Rows with a selected one. When the rows are made anew, the selection stays
//! with what it was on, wherever that is now.

use crate::{
    model::Key,
    tui::{
        input::action::Action,
        state::search::{SearchFrom, seek},
        widget::cursor::Cursor,
    },
};

/// What a row is about: two rows with the same identity are the same row at
/// different times.
pub trait Identity {
    type Id: PartialEq + Copy;

    fn id(&self) -> Self::Id;
}

impl Identity for Key {
    type Id = Key;

    fn id(&self) -> Key {
        *self
    }
}

#[derive(Clone, Debug)]
pub struct List<R> {
    rows: Vec<R>,
    cursor: Cursor,
}

impl<R> Default for List<R> {
    fn default() -> Self {
        List {
            rows: Vec::new(),
            cursor: Cursor::default(),
        }
    }
}

impl<R: Identity> List<R> {
    pub fn replace(&mut self, rows: Vec<R>) {
        let old = self.cursor.selected();
        // A reader who has not left the first row wants the first row, whatever
        // it is: the worst offender, the oldest zombie.
        if old != 0
            && let Some(id) = self.selected().map(Identity::id)
            && rows.get(old).map(Identity::id) != Some(id)
            && let Some(new) = rows.iter().position(|row| row.id() == id)
        {
            self.cursor.follow(new);
        }
        self.rows = rows;
    }

    pub fn select(&mut self, id: R::Id) -> bool {
        let index = self.rows.iter().position(|row| row.id() == id);
        if let Some(index) = index {
            self.select_index(index);
        }
        index.is_some()
    }
}

impl<R> List<R> {
    pub fn fit(&mut self, height: usize) {
        self.cursor.fit(self.rows.len(), height);
    }

    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    pub fn selected(&self) -> Option<&R> {
        self.rows.get(self.cursor.selected())
    }

    pub fn select_index(&mut self, index: usize) {
        self.cursor.fit(self.rows.len(), self.cursor.height());
        self.cursor.select(index);
    }

    /// Goes to a row that matches, if there is one.
    pub fn find(&mut self, from: SearchFrom, mut matches: impl FnMut(&R) -> bool) -> bool {
        let start = self.cursor.selected();
        let found = seek(self.rows.len(), start, from, |index| {
            matches(&self.rows[index])
        });
        if let Some(found) = found {
            self.select_index(found);
        }
        found.is_some()
    }

    pub fn click(&mut self, line: usize) -> bool {
        self.cursor.click(line)
    }

    pub fn handle(&mut self, action: Action) -> bool {
        self.cursor.handle(action)
    }

    /// `3/120`: where the reader is.
    pub fn position(&self) -> String {
        match self.rows.len() {
            0 => "empty".to_owned(),
            length => format!("{}/{length}", self.cursor.selected() + 1),
        }
    }
}
