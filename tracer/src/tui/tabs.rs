//! The line of the views' names, and what the active one says of itself.

use super::{
    app::App,
    canvas::Canvas,
    phrase::{Phrase, Tone},
    view::{Data, VIEWS},
};
use crate::event::humane;

/// The views by number; only the active one by name where room is short.
pub fn draw(app: &App, data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let zombies = data.model.zombies().len();
    let status = Phrase::of(Tone::Dim, app.view().status(data));
    let names = |all: bool| {
        let mut phrase = Phrase::new();
        for (number, entry) in VIEWS.iter().enumerate() {
            let count = match (entry.name, zombies) {
                ("Zombies", 1..) if all => format!(" {}", humane::count(zombies as u64)),
                _ => String::new(),
            };
            if number == app.active {
                let text = format!(" {} {}{count} ", number + 1, entry.name);
                phrase.push(Tone::ActiveTab, text);
            } else {
                phrase.push(Tone::Key, format!(" {}", number + 1));
                let name = if all {
                    format!(" {}{count}", entry.name)
                } else {
                    String::new()
                };
                // The tab that follows brings a space of its own.
                phrase.push(Tone::Tab, name);
                if app.active != number + 1 {
                    phrase.push(Tone::Tab, " ");
                }
            }
        }
        phrase
    };
    let width = canvas.width();
    let wanted = names(true).width() + status.width() + 2;
    let tabs = names(wanted <= usize::from(width));
    let used = canvas.put(0, 0, width, &tabs);
    canvas.put_right(used + 1, 0, width.saturating_sub(used + 1), &status);
}
