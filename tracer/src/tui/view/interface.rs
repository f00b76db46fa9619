//! The trait that all views implement: update from the model, actions, and drawing on a canvas. Only
//! `draw` may know colours and cells.

use crate::{
    model::Key,
    tui::{
        input::action::Action,
        state::{
            data::Data,
            search::{SearchFrom, SearchQuery},
        },
        widget::canvas::Canvas,
    },
};

/// The size of a view in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewSize {
    /// Columns.
    pub width: usize,
    /// Lines, column titles included.
    pub height: usize,
}

/// A column that the reader can show, hide or sort by.
pub struct ColumnChoice {
    /// The column's title.
    pub title: &'static str,
    /// The content of the column.
    pub about: &'static str,
    /// True if the column is shown.
    pub shown: bool,
    /// `Some(true)` if the column sorts with the smallest first, `Some(false)` with the largest.
    pub sorted: Option<bool>,
}

/// One way of looking at the model.
pub trait View {
    /// Updates the rows before they are drawn.
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize);

    /// Performs one of the view's own actions or a movement.
    fn handle(&mut self, action: Action, data: &Data<'_>);

    /// Moves to a match. Returns false if there is none.
    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool;

    /// Selects a line of the screen, counted below the titles. Returns true if it was selected
    /// already.
    fn click(&mut self, _line: usize) -> bool {
        false
    }

    /// Sorts by the column with its title at `x`, on a screen `width` columns wide.
    fn click_title(&mut self, _x: u16, _width: u16, _: &Data<'_>) {}

    /// Returns the selected process.
    fn selected(&self, data: &Data<'_>) -> Option<Key>;

    /// Returns the time that the selected line is about, ns since boot, where that is another than
    /// the present: its details are shown as of then.
    fn selected_time(&self) -> Option<u64> {
        None
    }

    /// Selects a process, if the view lists it.
    fn show(&mut self, data: &Data<'_>, key: Key);

    /// Returns a few words for the line of tabs: settings and position.
    fn status(&self, data: &Data<'_>) -> String;

    /// Draws the view as of the last [`View::refresh`].
    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>);

    /// Discards everything derived from the model, which is replaced. Settings stay.
    fn reset(&mut self);

    /// Returns the settings to save, by name.
    fn saved(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Restores a saved setting.
    ///
    /// # Errors
    ///
    /// Says why the name or the value is not valid.
    fn restore(&mut self, _name: &str, _value: &str) -> Result<(), String> {
        Err("this view has no settings".to_owned())
    }

    /// Returns the columns to choose from; empty where they are fixed.
    fn column_choices(&self) -> Vec<ColumnChoice> {
        Vec::new()
    }

    /// Shows or hides one of [`View::column_choices`].
    fn toggle_column(&mut self, _choice: usize) {}

    /// Sorts by one of [`View::column_choices`]; reverses the order if that column sorts already.
    fn sort_by_column(&mut self, _choice: usize, _: &Data<'_>) {}
}

/// Returns the error for a setting that the view does not save.
pub fn unknown_setting(view: &dyn View, name: &str) -> String {
    let known: Vec<_> = view.saved().into_iter().map(|(name, _)| name).collect();
    format!(
        "there is no setting {name:?} here, only {}",
        known.join(", ")
    )
}
