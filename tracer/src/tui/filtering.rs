//! The line that says what is left out, while anything is.

use super::{
    app::App,
    canvas::Canvas,
    phrase::{Phrase, Tone},
};
use crate::{
    event::{escaped, units},
    filter::Truth,
};

pub fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (Some(filter), 1..) = (app.sieve.filter(), canvas.height()) else {
        return;
    };
    let width = canvas.width();
    let (yes, unknown) = (app.sieve.count(Truth::Yes), app.sieve.count(Truth::Unknown));
    let all = app.data().model.process_count();
    let mut counts = Phrase::of(Tone::Strong, units::count(yes as u64))
        .and(Tone::Dim, format!(" of {}", units::count(all as u64)));
    if unknown > 0 {
        counts.push(
            Tone::Warn,
            format!(", {} unknown", units::count(unknown as u64)),
        );
    }
    let room = width.saturating_sub(counts.width() as u16 + 2);
    let text = escaped(filter.text().as_bytes());
    let line = Phrase::of(Tone::Paused, " only ").and(Tone::Strong, format!(" {text}"));
    canvas.put(0, 0, room, &line);
    canvas.put_right(0, 0, width, &counts);
}
