//! The line that says where in a recording the picture is, and what lies before
//! it and behind: deaths by signal, zombies that waited, what is missing.

use std::ops::Range;

use super::{
    app::{App, Mode},
    canvas::Canvas,
    phrase::{Phrase, Tone},
    playing::{Control, Mark, Playhead},
    theme::Look,
};

/// Columns for the bar at least, or there is none.
const LEAST: u16 = 12;

/// The words, and where the bar is beside them.
fn parts(app: &App, playhead: &Playhead, width: u16) -> (Phrase, Range<u16>) {
    let words = playhead.phrase(app.mode == Mode::Live);
    let start = (words.width() as u16).min(width);
    let end = width.saturating_sub(1);
    match end.saturating_sub(start) >= LEAST {
        true => (words, start..end),
        false => (words, end..end),
    }
}

pub fn draw(app: &App, look: &Look, canvas: &mut Canvas<'_>) {
    let (Some(playhead), 1..) = (app.playhead, canvas.height()) else {
        return;
    };
    let width = canvas.width();
    let (words, bar) = parts(app, &playhead, width);
    canvas.put(0, 0, width, &words);
    let cells = usize::from(bar.end - bar.start);
    let here = cell_of(playhead.now, &playhead, cells);
    let mut line = Phrase::new();
    for cell in 0..cells {
        let mark = within(&app.marks, cell, cells);
        let (tone, sign) = sign(mark, look, cell <= here);
        line.push(tone, sign);
    }
    canvas.put(bar.start, 0, cells as u16, &line);
    if cells > 0 {
        canvas.point(bar.start + here as u16, 0);
    }
}

/// What a click there asks for.
pub fn at(app: &App, x: u16, width: u16) -> Option<Control> {
    let playhead = app.playhead?;
    let (_, bar) = parts(app, &playhead, width);
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

/// All that is marked in a cell.
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

/// The gravest of it.
fn sign(mark: Mark, look: &Look, past: bool) -> (Tone, &'static str) {
    let lane = &look.glyphs.lane;
    match mark {
        Mark { gap: true, .. } => (Tone::Bad, lane.lost),
        Mark { killed: true, .. } => (Tone::Bad, lane.killed),
        Mark { zombie: true, .. } => (Tone::Alert, look.glyphs.zombie),
        Mark { events: true, .. } if past => (Tone::Accent, lane.alive),
        Mark { events: true, .. } => (Tone::Dim, lane.alive),
        Mark { events: false, .. } => (Tone::Faint, look.glyphs.frame[4]),
    }
}
