//! The line with the names of the views and the status of the active one.

use crate::{
    event::units,
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        view::registry::{Entry, VIEWS},
        widget::canvas::Canvas,
    },
};

/// Returns the index of the view with its tab at `x`, on a screen `width` columns wide.
pub fn at(active: usize, status: String, data: &Data<'_>, x: u16, width: u16) -> Option<usize> {
    let status = Phrase::of(Tone::Dim, status);
    let names = names(active, &status, data, usize::from(width));
    let mut end = 0;
    names.into_iter().position(|name| {
        end += name.width();
        usize::from(x) < end
    })
}

/// Draws the tabs. On a narrow screen only the active view has its name.
pub fn draw(active: usize, status: String, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    let status = Phrase::of(Tone::Dim, status);
    let names = names(active, &status, data, usize::from(width));
    let tabs = names.into_iter().fold(Phrase::new(), Phrase::joined);
    let used = canvas.put(0, 0, width, &tabs);
    canvas.put_right(used + 1, 0, width.saturating_sub(used + 1), &status);
}

/// Returns the text of each tab.
fn names(active: usize, status: &Phrase, data: &Data<'_>, width: usize) -> Vec<Phrase> {
    let zombies = data.model.zombies().len();
    let name = |(number, entry): (usize, &Entry), all: bool| {
        let count = match (entry.name, zombies) {
            ("Zombies", 1..) if all => format!(" {}", units::count(zombies as u64)),
            _ => String::new(),
        };
        if number == active {
            let text = format!(" {} {}{count} ", number + 1, entry.name);
            return Phrase::of(Tone::ActiveTab, text);
        }
        let name = match all {
            true => format!(" {}{count}", entry.name),
            false => String::new(),
        };
        // The active tab begins with a space of its own.
        let gap = if active == number + 1 { "" } else { " " };
        Phrase::of(Tone::Key, format!(" {}", number + 1))
            .and(Tone::Tab, name)
            .and(Tone::Tab, gap)
    };
    let names = |all: bool| -> Vec<Phrase> {
        let entries = VIEWS.iter().enumerate();
        entries.map(|entry| name(entry, all)).collect()
    };
    let long = names(true);
    let needed = long.iter().map(Phrase::width).sum::<usize>() + status.width() + 2;
    match needed <= width {
        true => long,
        false => names(false),
    }
}
