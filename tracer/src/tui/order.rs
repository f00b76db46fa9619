//! The column by which a list is sorted: the next one by a key, another by its
//! title, the last one as it was kept. What order that is, the view knows.

use super::columns::{Column, Sorted, column_at};

/// The name under which it is kept.
const SORT: &str = "sort";

#[derive(Clone, Copy, Debug)]
pub struct Order {
    columns: &'static [Column],
    /// The columns to sort by, in the order of the key.
    sorts: &'static [usize],
    /// Place in those.
    at: usize,
}

impl Order {
    pub const fn of(columns: &'static [Column], sorts: &'static [usize]) -> Order {
        Order {
            columns,
            sorts,
            at: 0,
        }
    }

    pub fn column(self) -> usize {
        self.sorts[self.at]
    }

    pub fn title(self) -> &'static str {
        self.columns[self.column()].title
    }

    pub fn sorted(self) -> Option<Sorted> {
        Some(Sorted::descending(self.column()))
    }

    pub fn go_on(&mut self) {
        self.at = (self.at + 1) % self.sorts.len();
    }

    /// The title at that place of a screen so wide; whether one can sort by it.
    pub fn click(&mut self, x: u16, width: u16) -> bool {
        let column = column_at(self.columns, x, width);
        self.choose(|sort| Some(sort) == column)
    }

    pub fn kept(self) -> Vec<(&'static str, String)> {
        vec![(SORT, self.title().to_owned())]
    }

    pub fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name != SORT {
            return Err(format!("no {name:?} here, only {SORT}"));
        }
        let columns = self.columns;
        match self.choose(|sort| columns[sort].title == value) {
            true => Ok(()),
            false => Err(format!("no column {value:?} sorts here")),
        }
    }

    fn choose(&mut self, wanted: impl Fn(usize) -> bool) -> bool {
        let at = self.sorts.iter().position(|&sort| wanted(sort));
        self.at = at.unwrap_or(self.at);
        at.is_some()
    }
}
