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

/// Returns the number of zombies now, and under a filter how many of them match; empty if there
/// are none.
fn zombies(data: &Data<'_>) -> String {
    let all = data.model.zombies().len();
    let shown = data.model.zombies().filter(|&key| data.filter.shows(key));
    match (all, data.filter.filter()) {
        (0, _) => String::new(),
        (all, None) => format!(" {}", units::count(all as u64)),
        (all, Some(_)) => {
            let shown = units::count(shown.count() as u64);
            format!(" {shown} of {}", units::count(all as u64))
        }
    }
}

/// Returns the text of each tab.
fn names(active: usize, status: &Phrase, data: &Data<'_>, width: usize) -> Vec<Phrase> {
    let zombies = zombies(data);
    let name = |(number, entry): (usize, &Entry), all: bool| {
        let count = match entry.name {
            "Zombies" if all => zombies.as_str(),
            _ => "",
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
