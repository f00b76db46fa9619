//! Tables of the report: kinds with their columns, typed cells, and the interface of
//! what shows them. A section describes a table once; [`super::page`] shows it as text
//! and the export as JSON. This module must not know either.

use super::scope::Scope;
use crate::{
    event::{Comm, Text},
    model::{Key, Outcome, Sender},
};

/// A kind of table, the same in text and in JSON.
pub struct TableKind {
    /// Name, which each row has in JSON.
    pub name: &'static str,
    /// What a row is, for the documentation.
    pub about: &'static str,
    /// The columns.
    pub columns: &'static [Column],
}

/// A column of a table.
pub struct Column {
    /// Key in JSON. A time has two: with `_ns` appended, since boot, and with `_time`, on
    /// the wall clock.
    pub key: &'static str,
    /// Title in text; none if only JSON has the column.
    pub title: Option<&'static str>,
    /// Alignment in text.
    pub align: Align,
    /// What its cells hold, if anything.
    pub holds: Holds,
    /// Meaning, for the documentation.
    pub about: &'static str,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// A number or a duration, ns.
    Number,
    /// A yes or no.
    Flag,
    /// A time.
    Time,
    /// Text, such as a command name.
    Text,
    /// The arguments of a command line.
    Arguments,
    /// A process.
    Process,
    /// A signal.
    Signal,
    /// The outcome of a process.
    Outcome,
    /// The outcomes of several processes.
    Outcomes,
    /// The sender of a signal.
    Sender,
}

/// The alignment of a column.
#[derive(Clone, Copy, PartialEq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

impl Column {
    /// Returns a column of text.
    pub const fn left(key: &'static str, title: &'static str, about: &'static str) -> Column {
        Column {
            key,
            title: Some(title),
            align: Align::Left,
            holds: Holds::Text,
            about,
        }
    }

    /// Returns a column of numbers.
    pub const fn right(key: &'static str, title: &'static str, about: &'static str) -> Column {
        Column {
            align: Align::Right,
            holds: Holds::Number,
            ..Column::left(key, title, about)
        }
    }

    /// Returns a column of times.
    pub const fn time(key: &'static str, title: &'static str, about: &'static str) -> Column {
        Column {
            holds: Holds::Time,
            ..Column::left(key, title, about)
        }
    }

    /// Returns this column with cells that hold something else.
    pub const fn of(self, holds: Holds) -> Column {
        Column { holds, ..self }
    }

    /// Returns a column of text that only JSON has.
    pub const fn json(key: &'static str, about: &'static str) -> Column {
        Column {
            title: None,
            ..Column::left(key, "", about)
        }
    }

    /// Returns a column of times that only JSON has.
    pub const fn json_time(key: &'static str, about: &'static str) -> Column {
        Column {
            title: None,
            ..Column::time(key, "", about)
        }
    }
}

/// A value in a table.
#[derive(Clone, Debug)]
pub enum Cell {
    /// There is no value.
    Nothing,
    /// There is a value, but it is not known.
    Unknown,
    /// A number.
    Count(u64),
    /// A number that may include what belongs elsewhere.
    Estimate(u64),
    /// A share, percent.
    Share(u64),
    /// A yes or no.
    Flag(bool),
    /// A duration, ns.
    Duration(u64),
    /// The lower bound of a duration, ns.
    AtLeast(u64),
    /// A time, ns since boot.
    Time(u64),
    /// A process.
    Process(Key),
    /// Several processes of one command name, of which this is one.
    Several(Key),
    /// A command name, if it is known.
    Command(Option<Comm>),
    /// A command line, NUL-separated.
    Arguments(Text),
    /// Any other text.
    Text(String),
    /// A signal by its number.
    Signal(i32),
    /// The outcome of a process.
    Outcome(Outcome),
    /// The outcomes of several processes with their numbers, the most frequent first.
    Outcomes(Vec<(Outcome, u64)>),
    /// The sender of a fatal signal.
    Sender(Sender),
}

impl Cell {
    /// Returns the cell of a value, or [`Cell::Unknown`].
    pub fn known<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
        value.map_or(Cell::Unknown, cell)
    }

    /// Returns the cell of a value, or [`Cell::Nothing`].
    pub fn some<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
        value.map_or(Cell::Nothing, cell)
    }
}

/// What shows a report.
pub trait Output {
    /// Takes the title of a section.
    fn section(&mut self, title: &str);

    /// Takes a line of text.
    fn line(&mut self, text: &str);

    /// Takes a label and a paragraph.
    fn labelled(&mut self, label: &str, text: &str);

    /// Takes a row that exists for programs: the text says the same in words.
    fn facts(&mut self, scope: &Scope<'_>, kind: &'static TableKind, row: Vec<Cell>);

    /// Takes a table. `counts` are the number of rows usually shown and the number of all
    /// rows. Reads as many rows as it shows.
    fn table(
        &mut self,
        scope: &Scope<'_>,
        kind: &'static TableKind,
        counts: (usize, usize),
        rows: &mut dyn Iterator<Item = Vec<Cell>>,
    );
}
