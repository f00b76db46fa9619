//! Which columns of the tree are shown and which of them sorts.

use crate::tui::{
    view::{
        interface::ColumnChoice,
        tree::figures::{FIGURES, Figure, NAME},
    },
    widget::columns::{Column, Sorted, column_at},
};

pub struct Chosen {
    /// By place in [`FIGURES`], ascending.
    shown: Vec<usize>,
    columns: Vec<Column>,
    /// By place in [`FIGURES`]; none: the order of appearance.
    sorted: Option<Sorted>,
}

impl Default for Chosen {
    fn default() -> Self {
        let usual = (0..FIGURES.len()).filter(|&figure| FIGURES[figure].usual);
        Chosen::of(usual, None)
    }
}

impl Chosen {
    fn of(figures: impl Iterator<Item = usize>, sorted: Option<Sorted>) -> Chosen {
        let shown: Vec<_> = figures.collect();
        Chosen {
            columns: shown.iter().map(|&figure| FIGURES[figure].column).collect(),
            shown,
            sorted,
        }
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The figure in a column.
    pub fn figure(&self, column: usize) -> usize {
        self.shown[column]
    }

    /// Which figure sorts, if any.
    pub fn sorted(&self) -> Option<Sorted> {
        self.sorted
    }

    /// The same by its place on the screen, if it is shown there.
    pub fn sorted_column(&self) -> Option<Sorted> {
        let sorted = self.sorted?;
        let column = self
            .shown
            .iter()
            .position(|&figure| figure == sorted.column)?;
        Some(Sorted { column, ..sorted })
    }

    pub fn toggle(&mut self, figure: usize) {
        if figure == NAME {
            return;
        }
        let shown = |other: usize| self.shown.contains(&other) != (other == figure);
        *self = Chosen::of(
            (0..FIGURES.len()).filter(|&other| shown(other)),
            self.sorted,
        );
    }

    /// By the first column that is shown, by the next, …, by none.
    pub fn sort_by_next(&mut self) {
        let current = self.sorted_column().map(|sorted| sorted.column);
        let next = current.map_or(0, |column| column + 1);
        self.sorted = self.shown.get(next).map(|&figure| first(figure));
    }

    pub fn reverse(&mut self) {
        if let Some(sorted) = &mut self.sorted {
            sorted.ascending ^= true;
        }
    }

    /// By that figure; by it already: the other way round; then by none.
    pub fn sort_by(&mut self, figure: usize) {
        let first = first(figure);
        self.sorted = match self.sorted {
            Some(sorted) if sorted == first => Some(Sorted {
                ascending: !first.ascending,
                ..first
            }),
            Some(sorted) if sorted.column == figure => None,
            Some(_) | None => Some(first),
        };
    }

    pub fn click(&mut self, x: u16, width: u16) {
        if let Some(column) = column_at(&self.columns, x, width) {
            self.sort_by(self.shown[column]);
        }
    }

    /// By name, for the next time.
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

    pub fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        if name == "columns" {
            let mut shown = value
                .split_whitespace()
                .map(named)
                .collect::<Result<Vec<_>, _>>()?;
            shown.push(NAME);
            shown.sort_unstable();
            shown.dedup();
            *self = Chosen::of(shown.into_iter(), self.sorted);
            return Ok(());
        }
        self.sorted = match value.split_once(' ') {
            None if value == "born" => None,
            Some((title, way @ ("up" | "down"))) => Some(Sorted {
                column: named(title)?,
                ascending: way == "up",
            }),
            Some(_) | None => return Err(format!("{value:?} is no column and up or down")),
        };
        Ok(())
    }

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

fn first(figure: usize) -> Sorted {
    Sorted {
        column: figure,
        ascending: FIGURES[figure].ascending,
    }
}

/// The figure whose column has this title.
fn named(title: &str) -> Result<usize, String> {
    let mut figures = FIGURES.iter();
    let figure = figures.position(|figure| figure.column.title == title);
    figure.ok_or_else(|| format!("there is no column {title:?}"))
}
