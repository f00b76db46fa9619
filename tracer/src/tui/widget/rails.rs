//! The lines that join rows of the fork tree to their parents.

use crate::tui::{
    style::{
        glyphs::Glyphs,
        phrase::{Phrase, Tone},
    },
    widget::forest::Row,
};

/// Columns left for glyph and name, however deep the tree is.
const MIN_NAME: usize = 14;

/// Draws the lines before a row. In a tree too deep for the screen, the lines of the highest
/// ancestors are left out. `rows` returns the row at an index.
pub fn rails(
    rows: impl Fn(usize) -> Option<Row>,
    row: usize,
    glyphs: &Glyphs,
    width: usize,
) -> Phrase {
    let follows = siblings_follow(rows, row);
    let levels = (width.saturating_sub(MIN_NAME) / 2).max(1);
    let depth = follows.len();
    let mut text = String::new();
    for (level, &follows) in follows.iter().enumerate().take(levels).rev() {
        text.push_str(match (level, follows) {
            (level, _) if level + 1 == levels && depth > levels => glyphs.tree_cut,
            (0, true) => glyphs.tree_fork,
            (0, false) => glyphs.tree_last,
            (_, true) => glyphs.tree_pass,
            (_, false) => "  ",
        });
    }
    Phrase::of(Tone::Faint, text)
}

/// Returns true for each level where siblings follow: the row itself first, then each ancestor
/// except the root.
fn siblings_follow(rows: impl Fn(usize) -> Option<Row>, row: usize) -> Vec<bool> {
    std::iter::successors(rows(row), |row| rows(row.parent()? as usize))
        .take_while(|row| row.parent().is_some())
        .map(|row| !row.is_last())
        .collect()
}
