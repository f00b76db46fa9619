//! The line that shows the active filter and how many processes match it.

use crate::{
    event::{escaped, units},
    filter::Truth,
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        widget::canvas::Canvas,
    },
};

/// Draws the filter, if there is one.
pub fn draw(data: &Data<'_>, canvas: &mut Canvas<'_>) {
    let (Some(filter), 1..) = (data.filter.filter(), canvas.height()) else {
        return;
    };
    let width = canvas.width();
    let (yes, unknown) = (
        data.filter.count(Truth::Yes),
        data.filter.count(Truth::Unknown),
    );
    let all = data.model.process_count();
    let mut counts = Phrase::of(Tone::Strong, units::count(yes as u64))
        .and(Tone::Dim, format!(" of {}", units::count(all as u64)));
    let unlisted = data.model.unlisted();
    if unlisted > 0 {
        let unlisted = units::count(unlisted);
        counts.push(Tone::Warn, format!(" listed, {unlisted} no longer"));
    }
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
