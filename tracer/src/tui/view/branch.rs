//! One row of the tree in words: the lines that join it to its parent, its
//! name, and its figures.

use super::{
    Data,
    forest::{self, Row},
};
use crate::{
    model::{Creation, Model, Process, State},
    tui::{
        phrase::{Phrase, Tone},
        theme::Glyphs,
        words,
    },
};

/// So much is left for glyph and name, however deep the tree.
const LEAST_NAME: usize = 14;

pub fn name(model: &Model, rows: &[Row], index: usize, glyphs: &Glyphs, width: usize) -> Phrase {
    let row = rows[index];
    let rails = rails(&forest::rails(rows, index), glyphs, width);
    match row.thread {
        Some(thread) => rails.joined(thread_name(model.process(row.key), thread, glyphs)),
        None => rails.joined(branch(model, row, glyphs)),
    }
}

/// The lines that join a row to its parent. Those of the highest ancestors go
/// first where the tree is too deep for the screen.
pub fn rails(follows: &[bool], glyphs: &Glyphs, width: usize) -> Phrase {
    let levels = (width.saturating_sub(LEAST_NAME) / 2).max(1);
    let depth = follows.len();
    let mut text = String::new();
    for (level, &follows) in follows.iter().enumerate().take(levels).rev() {
        text.push_str(match (level, follows) {
            (level, _) if level + 1 == levels && depth > levels => glyphs.tree_cut,
            (0, true) => glyphs.tree_fork,
            (0, false) => glyphs.tree_last,
            (_, true) => glyphs.tree_pass,
            (_, false) => "  ",
        });
    }
    Phrase::of(Tone::Faint, text)
}

/// Glyph, name, who adopted it, how much is folded away, arguments.
fn branch(model: &Model, row: Row, glyphs: &Glyphs) -> Phrase {
    let process = model.process(row.key);
    let state = process.state();
    let gone = state.is_gone();
    let (name_tone, rest_tone) = match (gone, process.kthread) {
        (true, _) => (Tone::Dim, Tone::Faint),
        (false, true) => (Tone::Dim, Tone::Dim),
        (false, false) => (Tone::Strong, Tone::Dim),
    };
    let name = match process.kthread {
        true => format!("[{}]", words::name(process)),
        false => words::name(process),
    };
    let mut phrase = Phrase::of(words::state_tone(state), glyphs.state(state))
        .and(Tone::Plain, " ")
        .and(name_tone, name);
    if process.is_reparented() {
        let parent = match process.parent {
            Some(parent) => words::label(model, parent),
            None => "?".to_owned(),
        };
        let tone = if gone { Tone::Faint } else { Tone::Accent };
        phrase.push(tone, format!(" {} {parent}", glyphs.adopted_by));
    }
    if row.folded > 0 {
        phrase.push(
            Tone::Accent,
            format!(" {} {} more", glyphs.folded, row.folded),
        );
    }
    if process.created_by == Creation::Missed {
        phrase.push(Tone::Warn, " birth unseen");
    }
    if let Some(arguments) = words::arguments_beyond_name(process) {
        phrase.push(rest_tone, format!(" {arguments}"));
    }
    phrase
}

fn thread_name(process: &Process, thread: u32, glyphs: &Glyphs) -> Phrase {
    let comm = process
        .threads
        .get(thread as usize)
        .map(|thread| thread.comm);
    Phrase::of(Tone::Accent, glyphs.thread)
        .and(Tone::Plain, " ")
        .and(Tone::Dim, comm.map_or_else(|| "?".to_owned(), words::comm))
}

pub fn thread_cell(process: &Process, thread: u32, column: usize) -> Phrase {
    let Some(thread) = process.threads.get(thread as usize) else {
        return Phrase::new();
    };
    match column {
        0 => Phrase::of(Tone::Dim, thread.id.pid.to_string()),
        2 => Phrase::of(Tone::Dim, "thread"),
        _ => Phrase::new(),
    }
}

pub fn cell(data: &Data<'_>, process: &Process, column: usize, width: usize) -> Phrase {
    let state = process.state();
    let phrase = match column {
        0 => Phrase::plain(process.id.tgid.to_string()),
        2 => {
            let tone = match state {
                State::Zombie => Tone::Bad,
                State::Exiting => Tone::Warn,
                State::Alive | State::Reaped | State::Vanished => Tone::Dim,
            };
            Phrase::of(tone, state.name())
        }
        3 => Phrase::plain(words::age(process, data.now)),
        4 => return words::ending(process, width),
        5 => words::threads(process),
        6 => words::faults(data.model, process.faults.total()),
        _ => words::copies(data.model, &process.faults),
    };
    if state.is_gone() {
        phrase.all(Tone::Dim)
    } else {
        phrase
    }
}
