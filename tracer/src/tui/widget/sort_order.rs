//! The column that a table is sorted by: chosen by a key, by a click on a title, or restored. Knows
//! nothing of the rows.

use crate::tui::widget::columns::{Column, Sorted, column_at};

/// The name of the saved setting.
const SORT: &str = "sort";

/// The column that a table is sorted by, among those that can sort it.
#[derive(Clone, Copy, Debug)]
pub struct SortOrder {
    columns: &'static [Column],
    /// The columns to sort by, in the order of the key.
    sorts: &'static [usize],
    /// Index into `sorts`.
    at: usize,
}

impl SortOrder {
    /// Returns the order by the first of `sorts`. Without any, the table's order is fixed.
    pub const fn of(columns: &'static [Column], sorts: &'static [usize]) -> SortOrder {
        SortOrder {
            columns,
            sorts,
            at: 0,
        }
    }

    /// Returns the index of the column; `None` if the order is fixed.
    pub fn column(self) -> Option<usize> {
        self.sorts.get(self.at).copied()
    }

    /// Returns the title of the column.
    pub fn title(self) -> &'static str {
        self.column()
            .map_or("", |column| self.columns[column].title)
    }

    /// Returns the column and its direction, for the titles.
    pub fn sorted(self) -> Option<Sorted> {
        self.column().map(Sorted::descending)
    }

    /// Sorts by the next column.
    pub fn advance(&mut self) {
        self.at = (self.at + 1) % self.sorts.len().max(1);
    }

    /// Sorts by the column with its title at `x`, on a screen `width` columns wide. Returns false
    /// if that column cannot sort.
    pub fn click(&mut self, x: u16, width: u16) -> bool {
        let column = column_at(self.columns, x, width);
        self.choose(|sort| Some(sort) == column)
    }

    /// Returns the setting to save.
    pub fn saved(self) -> Vec<(&'static str, String)> {
        self.column()
            .map(|column| (SORT, self.columns[column].title.to_owned()))
            .into_iter()
            .collect()
    }

    /// Restores a saved setting.
    ///
    /// # Errors
    ///
    /// Says why the name or the value is not valid.
    pub fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        if self.sorts.is_empty() {
            return Err("this view has no settings".to_owned());
        }
        if name != SORT {
            return Err(format!("there is no setting {name:?} here, only {SORT}"));
        }
        let columns = self.columns;
        match self.choose(|sort| columns[sort].title == value) {
            true => Ok(()),
            false => Err(format!("the view cannot be sorted by {value:?}")),
        }
    }

    fn choose(&mut self, wanted: impl Fn(usize) -> bool) -> bool {
        let at = self.sorts.iter().position(|&sort| wanted(sort));
        self.at = at.unwrap_or(self.at);
        at.is_some()
    }
}
