//! The fork tree: who started whom, and what became of them. The dead keep
//! their place, and so do orphans: whoever is their parent now is named beside
//! them.

use super::{
    Data, Room, View,
    forest::{self, Dead, Filter, Forest, Row},
};
use crate::{
    model::{Creation, Key, Model, Process, State},
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        list::List,
        needle::{Needle, Whence, seek},
        phrase::{Phrase, Tone},
        theme::Glyphs,
        words,
    },
};

const COLUMNS: [Column; 8] = [
    figure("PID", 7, 0),
    rest("PROCESS", 28),
    word("STATE", 8, 6),
    figure("AGE", 8, 2),
    figure("EXIT", 9, 0),
    figure("THR", 4, 5),
    figure("FAULTS", 6, 3),
    figure("COW", 6, 4),
];

/// So much is left for glyph and name, however deep the tree.
const NAME: usize = 14;

/// kthreadd, the parent of all kernel threads.
const KTHREADD: u32 = 2;

#[derive(Default)]
pub struct Tree {
    list: List<Row>,
    forest: Forest,
    filter: Filter,
    /// What the rows were made from; none: they must be made anew.
    made_from: Option<(u64, u64)>,
    /// Kernel threads are folded away once, when they first appear: there are
    /// hundreds, and they are seldom what one came for.
    kthreads_folded: bool,
}

impl Tree {
    fn update(&mut self, data: &Data<'_>) {
        if !self.kthreads_folded
            && let Some(kthreadd) = data.model.find_pid(KTHREADD)
            && data.model.process(kthreadd).kthread
        {
            self.filter.folded.insert(kthreadd);
            self.kthreads_folded = true;
            self.made_from = None;
        }
        // What is recent changes with time alone; once a second is enough.
        let second = match self.filter.dead {
            Dead::Recent => data.now / 1_000_000_000,
            Dead::All | Dead::None => 0,
        };
        let source = Some((data.version(), second));
        if self.made_from != source {
            self.forest.update(data.model);
            self.list
                .replace(self.forest.rows(data.model, data.now, &self.filter));
            self.made_from = source;
        }
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }

    /// Folds what is below the selected row, or goes to its parent.
    fn left(&mut self, data: &Data<'_>) {
        let Some(&row) = self.list.selected() else {
            return;
        };
        let below = self.list.rows().get(self.list.cursor().selected() + 1);
        let open = below.is_some_and(|below| {
            below.thread.is_some() && below.key == row.key && row.thread.is_none()
                || below.thread.is_none() && data.model.tree_parent(below.key) == Some(row.key)
        });
        if open && row.thread.is_none() {
            self.filter.folded.insert(row.key);
            self.changed(data);
        } else if let Some(parent) = forest::parent(self.list.rows(), self.list.cursor().selected())
        {
            self.list.select_index(parent);
        }
    }

    /// Unfolds the selected row, or goes to its first child.
    fn right(&mut self, data: &Data<'_>) {
        let Some(&row) = self.list.selected() else {
            return;
        };
        let selected = self.list.cursor().selected();
        if self.filter.folded.remove(&row.key) {
            self.changed(data);
        } else if forest::parent(self.list.rows(), selected + 1) == Some(selected) {
            self.list.select_index(selected + 1);
        }
    }

    fn reveal(&mut self, data: &Data<'_>, key: Key) {
        let mut up = data.model.tree_parent(key);
        while let Some(key) = up {
            self.filter.folded.remove(&key);
            up = data.model.tree_parent(key);
        }
        self.changed(data);
        self.list.select((key, None));
    }
}

impl View for Tree {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn on(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Left => self.left(data),
            Action::Right => self.right(data),
            Action::UnfoldAll => {
                self.filter.folded.clear();
                self.changed(data);
            }
            Action::Dead => {
                self.filter.dead = match self.filter.dead {
                    Dead::All => Dead::Recent,
                    Dead::Recent => Dead::None,
                    Dead::None => Dead::All,
                };
                self.changed(data);
            }
            Action::Threads => {
                self.filter.with_threads ^= true;
                self.changed(data);
            }
            movement => {
                self.list.on(movement);
            }
        }
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        let everything = Filter {
            folded: Default::default(),
            ..self.filter.clone()
        };
        self.forest.update(data.model);
        let rows = self.forest.rows(data.model, data.now, &everything);
        let selected = self.list.selected().map(|row| (row.key, row.thread));
        let from = rows
            .iter()
            .position(|row| Some((row.key, row.thread)) == selected);
        let found = seek(rows.len(), from.unwrap_or(0), whence, |index| {
            rows[index].thread.is_none() && needle.matches(data.model.process(rows[index].key))
        });
        if let Some(found) = found {
            self.reveal(data, rows[found].key);
        }
        found.is_some()
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        self.list.selected().map(|row| row.key)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        if data.model.process(key).state().is_gone() {
            self.filter.dead = Dead::All;
        }
        self.reveal(data, key);
    }

    fn status(&self, _: &Data<'_>) -> String {
        let dead = match self.filter.dead {
            Dead::All => "",
            Dead::Recent => "dead: last 10 s · ",
            Dead::None => "dead hidden · ",
        };
        let threads = if self.filter.with_threads {
            "threads · "
        } else {
            ""
        };
        format!("{dead}{threads}{}", self.list.position())
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let glyphs = canvas.glyphs();
        let rows = self.list.rows();
        canvas.table(
            &COLUMNS,
            None,
            self.list.cursor(),
            |index, column, width| {
                let row = rows[index];
                let process = data.model.process(row.key);
                if column == 1 {
                    let rails = rails(&forest::rails(rows, index), glyphs, width);
                    return match row.thread {
                        Some(thread) => rails.joined(thread_name(process, thread, glyphs)),
                        None => rails.joined(branch(data.model, row, glyphs)),
                    };
                }
                match row.thread {
                    Some(thread) => thread_cell(process, thread, column),
                    None => cell(data, process, column, width),
                }
            },
        );
    }
}

/// The lines that join a row to its parent. Those of the highest ancestors go
/// first where the tree is too deep for the screen.
fn rails(follows: &[bool], glyphs: &Glyphs, width: usize) -> Phrase {
    let levels = (width.saturating_sub(NAME) / 2).max(1);
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

fn thread_cell(process: &Process, thread: u32, column: usize) -> Phrase {
    let Some(thread) = process.threads.get(thread as usize) else {
        return Phrase::new();
    };
    match column {
        0 => Phrase::of(Tone::Dim, thread.id.pid.to_string()),
        2 => Phrase::of(Tone::Dim, "thread"),
        _ => Phrase::new(),
    }
}

fn cell(data: &Data<'_>, process: &Process, column: usize, width: usize) -> Phrase {
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
        _ => words::faults(data.model, process.faults.write_protect),
    };
    if state.is_gone() {
        phrase.all(Tone::Dim)
    } else {
        phrase
    }
}
