//! The line of the views' names, and what the active one says of itself.

use super::{
    app::App,
    canvas::Canvas,
    phrase::{Phrase, Tone},
    view::{Data, Entry, VIEWS},
};
use crate::event::units;

/// The view whose name stands at a place.
pub fn at(app: &App, data: &Data<'_>, x: u16, width: u16) -> Option<usize> {
    let named = names(app, data, usize::from(width));
    let mut end = 0;
    named.into_iter().position(|name| {
        end += name.width();
        usize::from(x) < end
    })
}

/// The views by number; only the active one by name where room is short.
pub fn draw(app: &App, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let width = canvas.width();
    let status = Phrase::of(Tone::Dim, app.view().status(data));
    let named = names(app, data, usize::from(width));
    let tabs = named.into_iter().fold(Phrase::new(), Phrase::joined);
    let used = canvas.put(0, 0, width, &tabs);
    canvas.put_right(used + 1, 0, width.saturating_sub(used + 1), &status);
}

/// What is written for each view.
fn names(app: &App, data: &Data<'_>, width: usize) -> Vec<Phrase> {
    let zombies = data.model.zombies().len();
    let status = Phrase::of(Tone::Dim, app.view().status(data));
    let name = |(number, entry): (usize, &Entry), all: bool| {
        let count = match (entry.name, zombies) {
            ("Zombies", 1..) if all => format!(" {}", units::count(zombies as u64)),
            _ => String::new(),
        };
        if number == app.active {
            let text = format!(" {} {}{count} ", number + 1, entry.name);
            return Phrase::of(Tone::ActiveTab, text);
        }
        let name = match all {
            true => format!(" {}{count}", entry.name),
            false => String::new(),
        };
        // The tab that follows brings a space of its own.
        let gap = if app.active == number + 1 { "" } else { " " };
        Phrase::of(Tone::Key, format!(" {}", number + 1))
            .and(Tone::Tab, name)
            .and(Tone::Tab, gap)
    };
    let names = |all: bool| -> Vec<Phrase> {
        let entries = VIEWS.iter().enumerate();
        entries.map(|entry| name(entry, all)).collect()
    };
    let long = names(true);
    let wanted = long.iter().map(Phrase::width).sum::<usize>() + status.width() + 2;
    match wanted <= width {
        true => long,
        false => names(false),
    }
}
