//! Which columns of a table fit, and where. Numbers only.

use std::ops::Range;

#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub title: &'static str,
    pub width: Width,
    pub right: bool,
    /// Where room is short, the highest goes first.
    pub rank: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Fixed(u16),
    /// What is left, which is more than this unless nothing else can go.
    Rest(u16),
}

/// The column that decides the order, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sorted {
    pub column: usize,
    /// The smallest first.
    pub ascending: bool,
}

impl Sorted {
    /// The largest first.
    pub fn descending(column: usize) -> Sorted {
        Sorted {
            column,
            ascending: false,
        }
    }
}

/// A column of figures.
pub const fn figure(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        title,
        width: Width::Fixed(width),
        right: true,
        rank,
    }
}

/// A column of words.
pub const fn word(title: &'static str, width: u16, rank: u8) -> Column {
    Column {
        title,
        width: Width::Fixed(width),
        right: false,
        rank,
    }
}

/// The column that takes what is left; other columns go before it has less
/// than `least`.
pub const fn rest(title: &'static str, least: u16) -> Column {
    Column {
        title,
        width: Width::Rest(least),
        right: false,
        rank: 0,
    }
}

/// From this width on there is room for wide gaps.
const ROOMY: u16 = 100;

/// The columns that fit, by number, with their places from the left edge.
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

/// The column at a place on a screen of that width.
pub fn column_at(columns: &[Column], x: u16, width: u16) -> Option<usize> {
    let places = place(columns, width.saturating_sub(1)).into_iter();
    let mut behind = places.skip_while(|(_, place)| place.end <= x);
    behind.next().map(|(column, _)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_screens_lose_the_least_important_columns() {
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
