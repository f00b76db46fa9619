//! The column chooser: an overlay that shows or hides columns and selects the one that sorts. The
//! view supplies the columns.

use crate::tui::{
    input::action::Action,
    state::data::Data,
    style::phrase::{Phrase, Tone},
    view::interface::{ColumnChoice, View},
    widget::{canvas::Canvas, cursor::Cursor},
};

/// The open column chooser.
#[derive(Default)]
pub struct ColumnChooser {
    lines: Vec<Phrase>,
    cursor: Cursor,
    width: u16,
}

/// Columns for the title of a choice.
const TITLE: usize = 12;

impl ColumnChooser {
    /// Performs an action. Returns false if it does not concern the chooser, which then closes.
    pub fn handle(&mut self, action: Action, view: &mut dyn View, data: &Data<'_>) -> bool {
        let chosen = self.cursor.selected();
        match action {
            Action::Pause | Action::Details => view.toggle_column(chosen),
            Action::Sort | Action::Reverse => view.sort_by_column(chosen, data),
            movement => return self.cursor.handle(movement),
        }
        true
    }

    /// Updates the lines for a screen of this height.
    pub fn fit(&mut self, choices: &[ColumnChoice], height: u16) {
        self.lines = choices.iter().map(line).collect();
        let widest = self.lines.iter().map(Phrase::width).max();
        self.width = widest.unwrap_or(0) as u16 + FRAME;
        let room = usize::from(height.saturating_sub(2));
        self.cursor.fit(self.lines.len(), room.min(choices.len()));
    }

    /// Draws the overlay.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        let (width, height) = (canvas.width(), canvas.height());
        let lines = self.cursor.height() as u16 + 2;
        let own = self.width.min(width);
        let (left, top) = ((width - own) / 2, height.saturating_sub(lines) / 2);
        let mut overlay = canvas.part(left, top, own, lines);
        let mut inside = overlay.framed("Columns: Space shows or hides, s sorts, Esc closes");
        inside.page(&self.lines, &self.cursor);
        let selected = self.cursor.selected() - self.cursor.visible().start;
        let width = inside.width();
        inside.select(selected as u16, width.saturating_sub(1));
    }
}

/// Columns for the frame and the scroll bar.
const FRAME: u16 = 6;

fn line(choice: &ColumnChoice) -> Phrase {
    let (sign, tone) = match choice.shown {
        true => ("[x] ", Tone::Strong),
        false => ("[ ] ", Tone::Dim),
    };
    let order = match choice.sorted {
        Some(true) => " smallest first",
        Some(false) => " largest first",
        None => "",
    };
    Phrase::of(Tone::Key, sign)
        .joined(Phrase::of(tone, choice.title).padded(TITLE))
        .and(Tone::Plain, choice.about)
        .and(Tone::Sorted, order)
}
