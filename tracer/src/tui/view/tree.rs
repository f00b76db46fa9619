//! The fork tree: who started whom, and what became of them. The dead keep
//! their place, and so do orphans: whoever is their parent now is named beside
//! them.

use super::{
    Data, Room, View, branch,
    forest::{self, Dead, Filter, Forest, Row},
};
use crate::{
    model::Key,
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest, word},
        list::List,
        needle::{Needle, Whence, seek},
        phrase::Tone,
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
    figure("COW?", 6, 4),
];

/// The column with the tree itself.
const NAME: usize = 1;

/// kthreadd, the parent of all kernel threads.
const KTHREADD: u32 = 2;

#[derive(Default)]
pub struct Tree {
    list: List<Row>,
    forest: Forest,
    filter: Filter,
    /// What the rows were made from; none: they must be made anew.
    made_from: Option<((u64, u64), u64)>,
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
            self.forest.update(data.model, &self.filter);
            self.list.replace(self.forest.rows(data, &self.filter));
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
        self.forest.update(data.model, &self.filter);
        let rows = self.forest.rows(data, &everything);
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

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
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
                let process = data.model.process(rows[index].key);
                let phrase = match (column, rows[index].thread) {
                    (NAME, _) => branch::name(data.model, rows, index, glyphs, width),
                    (_, Some(thread)) => branch::thread_cell(process, thread, column),
                    (_, None) => branch::cell(data, process, column, width),
                };
                // It is there for those below it.
                match data.sieve.shows(rows[index].key) {
                    true => phrase,
                    false => phrase.all(Tone::Faint),
                }
            },
        );
    }
}
