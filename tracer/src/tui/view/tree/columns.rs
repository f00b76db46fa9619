//! The tree's choice of columns, and the column that sorts.

use crate::tui::{
    view::{
        interface::ColumnChoice,
        tree::figures::{FIGURES, Figure, NAME},
    },
    widget::columns::{Column, Sorted, column_at},
};

/// Shown columns and order.
pub struct ColumnSelection {
    /// Indices into [`FIGURES`], ascending.
    shown: Vec<usize>,
    columns: Vec<Column>,
    /// By index into [`FIGURES`]; `None` for the order of appearance.
    sorted: Option<Sorted>,
}

impl Default for ColumnSelection {
    fn default() -> Self {
        let usual = (0..FIGURES.len()).filter(|&figure| FIGURES[figure].usual);
        ColumnSelection::of(usual, None)
    }
}

impl ColumnSelection {
    fn of(figures: impl Iterator<Item = usize>, sorted: Option<Sorted>) -> ColumnSelection {
        let shown: Vec<_> = figures.collect();
        ColumnSelection {
            columns: shown.iter().map(|&figure| FIGURES[figure].column).collect(),
            shown,
            sorted,
        }
    }

    /// Returns the shown columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the figure in a column.
    pub fn figure(&self, column: usize) -> usize {
        self.shown[column]
    }

    /// Returns the figure that sorts, if any.
    pub fn sorted(&self) -> Option<Sorted> {
        self.sorted
    }

    /// Returns the column that sorts, if it is shown.
    pub fn sorted_column(&self) -> Option<Sorted> {
        let sorted = self.sorted?;
        let column = self
            .shown
            .iter()
            .position(|&figure| figure == sorted.column)?;
        Some(Sorted { column, ..sorted })
    }

    /// Shows or hides a figure.
    pub fn toggle(&mut self, figure: usize) {
        if figure == NAME {
            return;
        }
        let shown = |other: usize| self.shown.contains(&other) != (other == figure);
        *self = ColumnSelection::of(
            (0..FIGURES.len()).filter(|&other| shown(other)),
            self.sorted,
        );
    }

    /// Sorts by the next shown column; after the last, in order of appearance.
    pub fn sort_by_next(&mut self) {
        let current = self.sorted_column().map(|sorted| sorted.column);
        let next = current.map_or(0, |column| column + 1);
        self.sorted = self.shown.get(next).map(|&figure| default_order(figure));
    }

    /// Reverses the order.
    pub fn reverse(&mut self) {
        if let Some(sorted) = &mut self.sorted {
            sorted.ascending ^= true;
        }
    }

    /// Sorts by a figure, then in reverse, then in order of appearance.
    pub fn sort_by(&mut self, figure: usize) {
        let default = default_order(figure);
        self.sorted = match self.sorted {
            Some(sorted) if sorted == default => Some(Sorted {
                ascending: !default.ascending,
                ..default
            }),
            Some(sorted) if sorted.column == figure => None,
            Some(_) | None => Some(default),
        };
    }

    /// Sorts by the column with its title at `x`.
    pub fn click(&mut self, x: u16, width: u16) {
        if let Some(column) = column_at(&self.columns, x, width) {
            self.sort_by(self.shown[column]);
        }
    }

    /// Returns the settings to save.
    pub fn saved(&self) -> Vec<(&'static str, String)> {
        let titles = self.columns.iter().map(|column| column.title);
        let titles: Vec<_> = titles.collect();
        let sort = match self.sorted {
            Some(sorted) => {
                let way = if sorted.ascending { "up" } else { "down" };
                format!("{} {way}", FIGURES[sorted.column].column.title)
            }
            None => "born".to_owned(),
        };
        vec![("columns", titles.join(" ")), ("sort", sort)]
    }

    /// Restores a saved setting.
    pub fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name == "columns" {
            let mut shown = value
                .split_whitespace()
                .map(by_title)
                .collect::<Result<Vec<_>, _>>()?;
            shown.push(NAME);
            shown.sort_unstable();
            shown.dedup();
            *self = ColumnSelection::of(shown.into_iter(), self.sorted);
            return Ok(());
        }
        self.sorted = match value.split_once(' ') {
            None if value == "born" => None,
            Some((title, way @ ("up" | "down"))) => Some(Sorted {
                column: by_title(title)?,
                ascending: way == "up",
            }),
            Some(_) | None => {
                return Err(format!("expected a column and up or down, not {value:?}"));
            }
        };
        Ok(())
    }

    /// Returns all figures to choose from.
    pub fn column_choices(&self) -> Vec<ColumnChoice> {
        let choice = |(number, figure): (usize, &Figure)| ColumnChoice {
            title: figure.column.title,
            about: figure.about,
            shown: self.shown.contains(&number),
            sorted: (self.sorted)
                .filter(|sorted| sorted.column == number)
                .map(|sorted| sorted.ascending),
        };
        FIGURES.iter().enumerate().map(choice).collect()
    }
}

fn default_order(figure: usize) -> Sorted {
    Sorted {
        column: figure,
        ascending: FIGURES[figure].ascending,
    }
}

/// Returns the figure with a title.
fn by_title(title: &str) -> Result<usize, String> {
    let mut figures = FIGURES.iter();
    let figure = figures.position(|figure| figure.column.title == title);
    figure.ok_or_else(|| format!("there is no column {title:?}"))
}
