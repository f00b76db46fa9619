//! The layout of a table's columns: which ones fit, and where. Numbers only.

use std::ops::Range;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The title.
    pub title: &'static str,
    /// The width.
    pub width: Width,
    /// True if cells are aligned to the right.
    pub right: bool,
    /// On a narrow screen, the column with the highest rank is dropped first. Columns of rank 0
    /// stay.
    pub rank: u8,
}

/// The width of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Terminal columns.
    Fixed(u16),
    /// The remaining columns, at least this many unless nothing else can be dropped.
    Rest(u16),
}

/// The column that sorts, and its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorted {
    /// Index of the column.
    pub column: usize,
    /// True if the smallest value comes first.
    pub ascending: bool,
}

impl Sorted {
    /// Returns an order with the largest value first.
    pub fn descending(column: usize) -> Sorted {
        Sorted {
            column,
            ascending: false,
        }
    }
}

/// Returns a column for figures, aligned to the right.
pub const fn figure(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        title,
        width: Width::Fixed(width),
        right: true,
        rank,
    }
}

/// Returns a column for text.
pub const fn word(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        title,
        width: Width::Fixed(width),
        right: false,
        rank,
    }
}

/// Returns the column that takes the remaining width. Other columns are dropped before it has fewer
/// than `least` columns.
pub const fn rest(title: &'static str, least: u16) -> Column {
    Column {
        title,
        width: Width::Rest(least),
        right: false,
        rank: 0,
    }
}

/// From this width on, gaps are wide.
const ROOMY: u16 = 100;

/// Returns the columns that fit, by index, with their places from the left edge.
pub fn place(columns: &[Column], width: u16) -> Vec<(usize, Range<u16>)> {
    let gap = if width >= ROOMY { 2 } else { 1 };
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let needed = |kept: &[usize]| -> u16 {
        let widths = kept.iter().map(|&column| match columns[column].width {
            Width::Fixed(width) | Width::Rest(width) => width + gap,
        });
        widths.sum::<u16>().saturating_sub(gap)
    };
    while needed(&kept) > width
        && let Some(worst) = kept
            .iter()
            .copied()
            .max_by_key(|&column| columns[column].rank)
        && columns[worst].rank > 0
    {
        kept.retain(|&column| column != worst);
    }
    let fixed = kept.iter().map(|&column| match columns[column].width {
        Width::Fixed(width) => width + gap,
        Width::Rest(_) => gap,
    });
    let fixed: u16 = fixed.sum();
    let left = (width + gap).saturating_sub(fixed);
    let mut x = 0;
    kept.into_iter()
        .map(|column| {
            let start = x;
            let end = match columns[column].width {
                Width::Fixed(width) => start + width,
                Width::Rest(_) => start + left,
            };
            x = end + gap;
            (column, start.min(width)..end.min(width))
        })
        .collect()
}

/// Returns the column at `x` on a screen `width` columns wide.
pub fn column_at(columns: &[Column], x: u16, width: u16) -> Option<usize> {
    let places = place(columns, width.saturating_sub(1)).into_iter();
    let mut behind = places.skip_while(|(_, place)| place.end <= x);
    behind.next().map(|(column, _)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_screens_drop_the_least_important_columns() {
        let columns = [
            figure("PID", 7, 0),
            rest("PROCESS", 22),
            figure("AGE", 8, 1),
            word("X", 9, 2),
        ];
        assert_eq!(
            place(&columns, 60),
            [(0, 0..7), (1, 8..41), (2, 42..50), (3, 51..60)]
        );
        assert_eq!(place(&columns, 40), [(0, 0..7), (1, 8..31), (2, 32..40)]);
        assert_eq!(place(&columns, 30), [(0, 0..7), (1, 8..30)]);
        assert_eq!(place(&columns, 5), [(0, 0..5), (1, 5..5)]);
    }
}
