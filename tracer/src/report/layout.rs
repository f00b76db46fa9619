//! How a report is laid out: width, time zone, and the number of rows of its tables.

use crate::event::Zone;

/// The layout of a report. A number is the layout with that width, in UTC.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Maximum width of a line, in columns.
    pub width: usize,
    /// Number of rows of each table.
    pub rows: Rows,
    /// Time zone of all times of day.
    pub zone: Zone,
}

impl From<usize> for Layout {
    fn from(width: usize) -> Layout {
        Layout {
            width,
            rows: Rows::Usual,
            zone: Zone::default(),
        }
    }
}

/// The number of rows of each table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// As many as suit the table: a few in text, all in JSON.
    #[default]
    Usual,
    /// This many.
    Top(usize),
    /// All, and equal deaths are not folded.
    All,
}

impl Rows {
    /// Returns the maximum number of rows of a table that usually has `usual`.
    pub fn limit(self, usual: usize) -> usize {
        match self {
            Rows::Usual => usual,
            Rows::Top(count) => count,
            Rows::All => usize::MAX,
        }
    }
}
