//! The fork tree: who started whom, and what became of them. The dead keep
//! their place, and so do orphans: whoever is their parent now is named beside
//! them.

mod branch;
mod columns;
mod figures;
mod zombie_marks;

use crate::{
    model::Key,
    tui::{
        input::action::Action,
        state::{
            column_cache::ColumnCache,
            data::Data,
            search::{SearchFrom, SearchQuery, seek},
        },
        style::phrase::Tone,
        view::{
            interface::{ColumnChoice, Room, View, unknown_setting},
            tree::{
                columns::Chosen,
                figures::FIGURES,
                zombie_marks::{Zombies, ancestors},
            },
        },
        widget::{
            canvas::Canvas,
            columns::Sorted,
            forest::{self, Dead, Filter, Forest, Row},
            list::List,
        },
    },
};

/// kthreadd, the parent of all kernel threads.
const KTHREADD: u32 = 2;

#[derive(Default)]
pub struct Tree {
    list: List<Row>,
    forest: Forest,
    filter: Filter,
    chosen: Chosen,
    /// What sorts, of each process.
    ranks: ColumnCache<Option<u128>>,
    /// What these are, and the model that siblings were last put in order by.
    arranged: Option<(Sorted, Option<Arranged>)>,
    zombies: Zombies,
    /// The cursor goes to whoever is new.
    follow: bool,
    /// What the rows were made from; none: they must be made anew.
    made_from: Option<((u64, u64), u64)>,
    /// How many the model had let go then.
    made_without: u64,
    /// The order is another one since then.
    rearranged: bool,
    /// All is known that the next order is made from.
    ranked: bool,
    /// The last picture's time was taken by the order.
    has_arranged: bool,
    /// Kernel threads are folded away once, when they first appear: there are
    /// hundreds, and they are seldom what one came for.
    kthreads_folded: bool,
}

/// Its version, the filter's, and how many it had let go.
type Arranged = ((u64, u64), u64, u64);

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
        self.zombies.update(data);
        // What is recent changes with time alone; once a second is enough.
        let second = match self.filter.dead {
            Dead::Recent => data.now / 1_000_000_000,
            Dead::All | Dead::None => 0,
        };
        let source = (data.version(), second);
        let is_made = self.made_from == Some(source) && !self.rearranged;
        if is_made && !self.is_out_of_order(data) {
            return;
        }
        self.forest.update(data.model, &self.filter);
        let arranges = !self.can_wait(data) || !std::mem::take(&mut self.has_arranged);
        if arranges && self.is_out_of_order(data) {
            self.rearranged |= self.arrange(data);
            if self.can_wait(data) {
                self.has_arranged = true;
                return;
            }
        }
        if self.made_from != Some(source) || self.rearranged {
            self.list.replace(self.forest.rows(data, &self.filter));
            self.made_from = Some(source);
            self.made_without = data.model.unlisted();
            self.rearranged = false;
            self.follow(data);
        }
    }

    /// To put many in order and to make their rows takes longer than one picture
    /// may: they take turns, unless the reader asked for either, or rows tell of
    /// some who were let go.
    fn can_wait(&self, data: &Data<'_>) -> bool {
        let order = self.arranged.map(|(sorted, _)| sorted);
        data.redraws
            && data.is_crowded()
            && self.made_from.is_some()
            && self.made_without == data.model.unlisted()
            && order == self.chosen.sorted()
    }

    fn is_out_of_order(&self, data: &Data<'_>) -> bool {
        let arranged = |sorted| Some((sorted, Some(arranged_from(data))));
        match self.chosen.sorted() {
            Some(sorted) => self.arranged != arranged(sorted),
            None => self.arranged.is_some(),
        }
    }

    /// Puts siblings in the order that is asked for, or goes on to find out what
    /// that is; whether the order is another one.
    fn arrange(&mut self, data: &Data<'_>) -> bool {
        let Some(sorted) = self.chosen.sorted() else {
            self.arranged = None;
            self.ranks = ColumnCache::default();
            self.forest.disarrange();
            self.forest.update(data.model, &self.filter);
            return true;
        };
        let figure = |(sorted, _): (Sorted, _)| sorted.column;
        if self.arranged.map(figure) != Some(sorted.column) {
            self.ranks = ColumnCache::default();
        }
        let waits = self.can_wait(data);
        let known = std::mem::take(&mut self.ranked) && waits || {
            let order = FIGURES[sorted.column].order;
            let known = self.ranks.update(data, |_, process| order(data, process));
            self.ranked = known && waits;
            known && !waits
        };
        let asked_for = self.arranged.map(|(sorted, _)| sorted) != Some(sorted);
        if known || asked_for {
            let ranks = &self.ranks;
            self.forest.arrange(data.model, |place| {
                ranks.at(place).map_or(0, |&(key, figure)| {
                    match figure.filter(|_| data.filter.shows(key)) {
                        // What is unknown comes last, either way.
                        None => 0,
                        Some(figure) if sorted.ascending => u128::MAX - figure,
                        Some(figure) => figure.saturating_add(1),
                    }
                })
            });
        }
        self.arranged = Some((sorted, known.then(|| arranged_from(data))));
        known || asked_for
    }

    /// Puts the cursor on the newest of those who are listed.
    fn follow(&mut self, data: &Data<'_>) {
        if !self.follow {
            return;
        }
        let rows = self.list.rows().iter().enumerate();
        let processes = rows.filter(|(_, row)| row.thread.is_none() && data.filter.shows(row.key));
        if let Some((newest, _)) = processes.max_by_key(|(_, row)| row.key) {
            self.list.select_index(newest);
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
        for ancestor in ancestors(data.model, key) {
            self.filter.folded.remove(&ancestor);
        }
        self.follow = false;
        self.changed(data);
        self.list.select((key, None));
    }

    /// Folds or unfolds every branch of the selected one.
    fn fold_below(&mut self, data: &Data<'_>, fold: bool) {
        let Some(&row) = self.list.selected() else {
            return;
        };
        for branch in self.forest.branches_below(row.key) {
            match fold {
                true => self.filter.folded.insert(branch),
                false => self.filter.folded.remove(&branch),
            };
        }
        self.changed(data);
        self.list.select((row.key, None));
    }

    /// Folds everything but the roots; the cursor goes to what hides its place.
    fn fold_all(&mut self, data: &Data<'_>) {
        let selected = self.list.selected().map(|row| row.key);
        let model = data.model;
        let not_roots = self
            .forest
            .branches()
            .filter(|&key| model.tree_parent(key).is_some());
        self.filter.folded.extend(not_roots);
        self.changed(data);
        let mut up = selected;
        while let Some(key) = up
            && !self.list.select((key, None))
        {
            up = model.tree_parent(key);
        }
    }
}

impl View for Tree {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn handle(&mut self, action: Action, data: &Data<'_>) {
        match action {
            Action::Left => self.left(data),
            Action::Right => self.right(data),
            Action::FoldBelow => self.fold_below(data, true),
            Action::UnfoldBelow => self.fold_below(data, false),
            Action::FoldAll => self.fold_all(data),
            Action::UnfoldAll => {
                self.filter.folded.clear();
                self.changed(data);
            }
            Action::Sort => {
                self.chosen.sort_by_next();
                self.changed(data);
            }
            Action::Reverse => {
                self.chosen.reverse();
                self.changed(data);
            }
            Action::Follow => {
                self.follow ^= true;
                self.follow(data);
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
            movement => self.follow &= !self.list.handle(movement),
        }
    }

    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        let everything = Filter {
            folded: Default::default(),
            ..self.filter.clone()
        };
        self.forest.update(data.model, &self.filter);
        let rows = self.forest.rows(data, &everything);
        let selected = self.list.selected().map(|row| (row.key, row.thread));
        let start = rows
            .iter()
            .position(|row| Some((row.key, row.thread)) == selected);
        let found = seek(rows.len(), start.unwrap_or(0), from, |index| {
            rows[index].thread.is_none() && query.matches(data.model.process(rows[index].key))
        });
        if let Some(found) = found {
            self.reveal(data, rows[found].key);
        }
        found.is_some()
    }

    fn click(&mut self, line: usize) -> bool {
        self.follow = false;
        self.list.click(line)
    }

    fn click_title(&mut self, x: u16, width: u16, data: &Data<'_>) {
        self.chosen.click(x, width);
        self.changed(data);
    }

    fn column_choices(&self) -> Vec<ColumnChoice> {
        self.chosen.column_choices()
    }

    fn toggle_column(&mut self, choice: usize) {
        self.chosen.toggle(choice);
    }

    fn sort_by_column(&mut self, choice: usize, data: &Data<'_>) {
        self.chosen.sort_by(choice);
        self.changed(data);
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
        let follow = if self.follow { "following · " } else { "" };
        let sorted = match self.chosen.sorted() {
            Some(sorted) => format!("by {} · ", FIGURES[sorted.column].column.title),
            None => String::new(),
        };
        format!("{follow}{dead}{threads}{sorted}{}", self.list.position())
    }

    fn reset(&mut self) {
        *self = Tree {
            filter: Filter {
                folded: Default::default(),
                ..self.filter.clone()
            },
            chosen: std::mem::take(&mut self.chosen),
            follow: self.follow,
            ..Tree::default()
        };
    }

    fn saved(&self) -> Vec<(&'static str, String)> {
        let mut kept = self.chosen.saved();
        kept.push(("threads", self.filter.with_threads.to_string()));
        kept
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "columns" | "sort" => self.chosen.restore(name, value),
            "threads" => {
                let known = || format!("{value:?} is neither true nor false");
                self.filter.with_threads = value.parse().map_err(|_| known())?;
                Ok(())
            }
            _ => Err(unknown_setting(self, name)),
        }
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let rows = self.list.rows();
        canvas.table(
            self.chosen.columns(),
            self.chosen.sorted_column(),
            self.list.cursor(),
            |index, column, width| {
                let (row, figure) = (rows[index], self.chosen.figure(column));
                let process = data.model.process(row.key);
                let phrase = match (FIGURES[figure].cell, row.thread) {
                    (None, _) => branch::name(data, rows, index, &self.zombies, width),
                    (Some(_), Some(thread)) => branch::thread_cell(process, thread, figure),
                    (Some(cell), None) => match process.state().is_gone() && !keeps_tone(figure) {
                        true => cell(data, process, width).all(Tone::Dim),
                        false => cell(data, process, width),
                    },
                };
                // It is there for those below it.
                match data.filter.shows(row.key) {
                    true => phrase,
                    false => phrase.all(Tone::Faint),
                }
            },
        );
    }
}

/// How it ended is what one wants to know of the dead.
fn keeps_tone(figure: usize) -> bool {
    FIGURES[figure].column.title == "EXIT"
}

fn arranged_from(data: &Data<'_>) -> Arranged {
    (
        data.slow_version(),
        data.filter.generation(),
        data.model.unlisted(),
    )
}
