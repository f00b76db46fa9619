//! The line that shows the place in a recording and marks along it: processes killed by a signal,
//! zombies that waited, gaps.

use std::ops::Range;

use crate::tui::{
    input::control::Control,
    state::{
        playhead::{Mark, Playhead},
        stream::Stream,
    },
    style::{
        glyphs::Glyphs,
        phrase::{Phrase, Tone},
    },
    widget::canvas::Canvas,
};

/// The bar is left out where it would have fewer columns.
const MIN_COLUMNS: u16 = 12;

/// Returns the text and the columns of the bar beside it.
fn parts(stream: &Stream, playhead: &Playhead, width: u16) -> (Phrase, Range<u16>) {
    let text = playhead.phrase(stream.is_live());
    let start = (text.width() as u16).min(width);
    let end = width.saturating_sub(1);
    match end.saturating_sub(start) >= MIN_COLUMNS {
        true => (text, start..end),
        false => (text, end..end),
    }
}

/// Draws the line, if something is played.
pub fn draw(stream: &Stream, canvas: &mut Canvas<'_>) {
    let (Some(playhead), 1..) = (stream.playhead(), canvas.height()) else {
        return;
    };
    let width = canvas.width();
    let (text, bar) = parts(stream, &playhead, width);
    canvas.put(0, 0, width, &text);
    let cells = usize::from(bar.end - bar.start);
    let here = cell_of(playhead.now, &playhead, cells);
    let mut line = Phrase::new();
    for cell in 0..cells {
        let mark = within(stream.marks(), cell, cells);
        let (tone, sign) = sign(mark, canvas.glyphs(), cell <= here);
        line.push(tone, sign);
    }
    canvas.put(bar.start, 0, cells as u16, &line);
    if cells > 0 {
        canvas.point(bar.start + here as u16, 0);
    }
}

/// Returns the seek that a click at `x` requests.
pub fn at(stream: &Stream, x: u16, width: u16) -> Option<Control> {
    let playhead = stream.playhead()?;
    let (_, bar) = parts(stream, &playhead, width);
    bar.contains(&x).then(|| {
        let whole = u128::from(playhead.ended.saturating_sub(playhead.began));
        let part = whole * u128::from(x - bar.start) / u128::from(bar.end - bar.start - 1).max(1);
        Control::At(playhead.began.saturating_add(part as u64))
    })
}

fn cell_of(at: u64, playhead: &Playhead, cells: usize) -> usize {
    let whole = playhead.ended.saturating_sub(playhead.began).max(1);
    let since = at.saturating_sub(playhead.began);
    let last = cells.saturating_sub(1);
    let cell = u128::from(since) * last as u128 / u128::from(whole);
    usize::try_from(cell).map_or(last, |cell| cell.min(last))
}

/// Returns everything that is marked in a cell.
fn within(marks: &[Mark], cell: usize, cells: usize) -> Mark {
    let place = |cell: usize| cell * marks.len() / cells.max(1);
    let end = place(cell + 1).max(place(cell) + 1).min(marks.len());
    let here = marks.get(place(cell)..end).unwrap_or_default();
    here.iter().fold(Mark::default(), |sum, mark| Mark {
        events: sum.events || mark.events,
        killed: sum.killed || mark.killed,
        zombie: sum.zombie || mark.zombie,
        gap: sum.gap || mark.gap,
    })
}

/// Returns the glyph of the most serious mark.
fn sign(mark: Mark, glyphs: &Glyphs, past: bool) -> (Tone, &'static str) {
    let lane = &glyphs.lane;
    match mark {
        Mark { gap: true, .. } => (Tone::Bad, lane.lost),
        Mark { killed: true, .. } => (Tone::Bad, lane.killed),
        Mark { zombie: true, .. } => (Tone::Alert, glyphs.zombie),
        Mark { events: true, .. } if past => (Tone::Accent, lane.alive),
        Mark { events: true, .. } => (Tone::Dim, lane.alive),
        Mark { events: false, .. } => (Tone::Faint, glyphs.frame[4]),
    }
}
