//! The line that shows the active filter and how many processes match it, or how many
//! processes are no longer listed.

use crate::{
    event::{escaped, units},
    filter::Truth,
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        widget::canvas::Canvas,
    },
};

/// Number of commands named among the processes that are no longer listed.
const NAMED: usize = 3;

/// Returns true if there is something to show.
pub fn is_needed(data: &Data<'_>) -> bool {
    data.filter.filter().is_some() || data.model.unlisted() > 0
}

/// Draws the filter, if there is one, and what is missing from every list.
pub fn draw(data: &Data<'_>, canvas: &mut Canvas<'_>) {
    if canvas.height() == 0 || !is_needed(data) {
        return;
    }
    let Some(filter) = data.filter.filter() else {
        canvas.put(0, 0, canvas.width(), &unlisted(data));
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
        if let Some((Some(comm), most)) = data.model.unlisted_by_comm().first() {
            let most = units::count(*most);
            counts.push(Tone::Warn, format!(" ({most} {comm})"));
        }
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

/// Returns the number of processes that are no longer listed, and the commands with most
/// of them.
fn unlisted(data: &Data<'_>) -> Phrase {
    let all = data.model.unlisted();
    let noun = if all == 1 { "process" } else { "processes" };
    let mut line = Phrase::of(
        Tone::Warn,
        format!(" {} {noun} no longer listed", units::count(all)),
    );
    let by_comm = data.model.unlisted_by_comm();
    for (number, &(comm, count)) in by_comm.iter().take(NAMED).enumerate() {
        let before = if number == 0 { ": " } else { ", " };
        let name = comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string());
        line.push(Tone::Dim, format!("{before}{} {name}", units::count(count)));
    }
    if by_comm.len() > NAMED {
        line.push(Tone::Dim, ", …");
    }
    line
}
