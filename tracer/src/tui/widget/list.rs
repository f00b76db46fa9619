//! A list with a selected row. When the rows are replaced, the selection stays with the row of the
//! same identity.

use crate::{
    model::Key,
    tui::{
        input::action::Action,
        state::search::{SearchFrom, seek},
        widget::cursor::Cursor,
    },
};

/// The identity of a row. Rows with the same identity are the same row at different times.
pub trait Identity {
    /// The identity; must be unique among the rows.
    type Id: PartialEq + Copy;

    /// Returns the identity.
    fn id(&self) -> Self::Id;
}

impl Identity for Key {
    type Id = Key;

    fn id(&self) -> Key {
        *self
    }
}

/// Rows and a cursor.
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
    /// Replaces the rows; the selected row stays selected.
    pub fn replace(&mut self, rows: Vec<R>) {
        let old = self.cursor.selected();
        // A reader at the first row wants the first row, whatever it is: the most faults, the
        // oldest zombie.
        if old != 0
            && let Some(id) = self.selected().map(Identity::id)
            && rows.get(old).map(Identity::id) != Some(id)
            && let Some(new) = rows.iter().position(|row| row.id() == id)
        {
            self.cursor.follow(new);
        }
        self.rows = rows;
    }

    /// Selects a row. Returns false if it is not in the list.
    pub fn select(&mut self, id: R::Id) -> bool {
        let index = self.rows.iter().position(|row| row.id() == id);
        if let Some(index) = index {
            self.select_index(index);
        }
        index.is_some()
    }
}

impl<R> List<R> {
    /// Sets the number of lines on screen.
    pub fn fit(&mut self, height: usize) {
        self.cursor.fit(self.rows.len(), height);
    }

    /// Returns the rows.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Returns the cursor.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Returns the selected row.
    pub fn selected(&self) -> Option<&R> {
        self.rows.get(self.cursor.selected())
    }

    /// Selects a row by index.
    pub fn select_index(&mut self, index: usize) {
        self.cursor.fit(self.rows.len(), self.cursor.height());
        self.cursor.select(index);
    }

    /// Moves to a matching row. Returns false if there is none.
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

    /// Selects a line of the screen. Returns true if it was selected already.
    pub fn click(&mut self, line: usize) -> bool {
        self.cursor.click(line)
    }

    /// Moves the selection. Returns false if the action is not a movement.
    pub fn handle(&mut self, action: Action) -> bool {
        self.cursor.handle(action)
    }

    /// Returns the position as `3/120`.
    pub fn position(&self) -> String {
        match self.rows.len() {
            0 => "empty".to_owned(),
            length => format!("{}/{length}", self.cursor.selected() + 1),
        }
    }
}
