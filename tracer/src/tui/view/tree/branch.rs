//! A row of the tree as text: rails, name, marks, arguments.

use crate::{
    event::units,
    model::{Creation, Model, Process},
    tui::{
        state::data::Data,
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
        text::words,
        view::tree::{figures::FIGURES, zombie_marks::ZombieMarks},
        widget::{forest::Row, rails::rails},
    },
};

/// Returns the cell with rails and name.
pub fn name(
    data: &Data<'_>,
    rows: &[Row],
    index: usize,
    zombies: &ZombieMarks,
    width: usize,
) -> Phrase {
    let (row, glyphs) = (rows[index], data.glyphs);
    let row_at = |index: usize| rows.get(index).copied();
    let rails = rails(row_at, index, glyphs, width);
    match row.thread {
        Some(thread) => rails.joined(thread_name(&data.model.process(row.key), thread, glyphs)),
        None => rails.joined(branch(data.model, row, zombies, glyphs)),
    }
}

/// Returns glyph, name, current parent, folded descendants, zombies, copied pages, arguments.
fn branch(model: &Model, row: Row, zombies: &ZombieMarks, glyphs: &Glyphs) -> Phrase {
    let process = model.process(row.key);
    let state = process.state();
    let exited = state.is_gone();
    let (name_tone, rest_tone) = match (exited, process.kthread) {
        (true, _) => (Tone::Dim, Tone::Faint),
        (false, true) => (Tone::Dim, Tone::Dim),
        (false, false) => (Tone::Strong, Tone::Dim),
    };
    let name = match process.kthread {
        true => format!("[{}]", words::name(&process)),
        false => words::name(&process),
    };
    let mut phrase = Phrase::of(words::state_tone(state), glyphs.state(state))
        .and(Tone::Plain, " ")
        .and(name_tone, name);
    if process.is_reparented() {
        let parent = match process.parent {
            Some(parent) => words::label(model, parent),
            None => "?".to_owned(),
        };
        let tone = if exited { Tone::Faint } else { Tone::Accent };
        phrase.push(tone, format!(" {} {parent}", glyphs.adopted_by));
    }
    if row.folded > 0 {
        phrase.push(
            Tone::Accent,
            format!(" {} {} more", glyphs.folded, row.folded),
        );
    }
    let zombies = zombies.marked(row);
    if zombies > 0 {
        let count = units::count(zombies.into());
        phrase.push(Tone::Plain, " ");
        phrase.push(
            Tone::Alert,
            format!("{}{}{count}", glyphs.zombie, glyphs.times),
        );
    }
    if let Some(copies) = copied(&process) {
        phrase.push(Tone::Warn, format!(" COW {}", units::count(copies)));
    }
    if process.created_by == Creation::Missed {
        phrase.push(Tone::Warn, " fork not seen");
    }
    if let Some(arguments) = words::arguments_beyond_name(&process) {
        phrase.push(rest_tone, format!(" {arguments}"));
    }
    phrase
}

/// A fork is marked if it made parent and child copy this many pages (16 MiB with pages of 4 KiB).
/// Every fork copies a few.
const MANY_COPIES: u64 = 4_096;

/// Returns the pages copied on write because of the process's fork, if there are many.
fn copied(process: &Process) -> Option<u64> {
    let copies = process.fork_cost.as_ref()?.both.count;
    (copies >= MANY_COPIES).then_some(copies)
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

/// Returns a cell of a thread, which has little besides its number.
pub fn thread_cell(process: &Process, thread: u32, column: usize) -> Phrase {
    let Some(thread) = process.threads.get(thread as usize) else {
        return Phrase::new();
    };
    match FIGURES[column].column.title {
        "PID" => Phrase::of(Tone::Dim, thread.id.pid.to_string()),
        "STATE" => Phrase::of(Tone::Dim, "thread"),
        _ => Phrase::new(),
    }
}
