//! The fork tree: which process started which, and how each exited. Exited and reparented processes
//! keep their place; the current parent is shown beside a reparented one.

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
            empty::Empty,
            interface::{ColumnChoice, View, ViewSize, unknown_setting},
            tree::{
                columns::ColumnSelection,
                figures::FIGURES,
                zombie_marks::{ZombieMarks, ancestors},
            },
        },
        widget::{
            canvas::Canvas,
            columns::Sorted,
            forest::{self, Forest, Row, ShownExits, TreeFilter},
            list::List,
        },
    },
};

/// kthreadd, the parent of all kernel threads.
const KTHREADD: u32 = 2;

/// Rows of the fork tree, folds and order.
#[derive(Default)]
pub struct Tree {
    list: List<Row>,
    forest: Forest,
    filter: TreeFilter,
    columns: ColumnSelection,
    /// The sort key of each process.
    ranks: ColumnCache<Option<u128>>,
    /// The requested order, and what the siblings were last ordered from.
    ordered: Option<(Sorted, Option<OrderSource>)>,
    zombies: ZombieMarks,
    /// True if the cursor follows the newest process.
    follow: bool,
    /// The version that the rows were made from; `None` if they must be made again.
    made_from: Option<((u64, u64), u64)>,
    /// The model's count of processes removed from its list, as of then.
    made_unlisted: u64,
    /// True if the order has changed since then.
    reordered: bool,
    /// True if all sort keys for the next order are known.
    ranked: bool,
    /// True if the last frame's time went into the order.
    spent_on_order: bool,
    /// True once kernel threads have been folded, which happens when they first appear: there are
    /// hundreds, and they are rarely of interest.
    kthreads_folded: bool,
}

/// The version of the model, the generation of the filter, and the model's count of processes
/// removed from its list.
type OrderSource = ((u64, u64), u64, u64);

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
        // The set of recent exits changes with time; once a second is enough.
        let second = match self.filter.exited {
            ShownExits::Recent => data.now / 1_000_000_000,
            ShownExits::All | ShownExits::None => 0,
        };
        let source = (data.version(), second);
        let is_made = self.made_from == Some(source) && !self.reordered;
        if is_made && !self.is_out_of_order(data) {
            return;
        }
        self.forest.update(data.model, &self.filter);
        let orders = !self.can_wait(data) || !std::mem::take(&mut self.spent_on_order);
        if orders && self.is_out_of_order(data) {
            self.reordered |= self.order(data);
            if self.can_wait(data) {
                self.spent_on_order = true;
                return;
            }
        }
        if self.made_from != Some(source) || self.reordered {
            self.list.replace(self.forest.rows(data, &self.filter));
            self.made_from = Some(source);
            self.made_unlisted = data.model.unlisted();
            self.reordered = false;
            self.follow(data);
        }
    }

    /// Returns true if the order and the rows may be made in different frames, because both take
    /// longer than one. The reader's own request, and rows of evicted processes, do not wait.
    fn can_wait(&self, data: &Data<'_>) -> bool {
        let order = self.ordered.map(|(sorted, _)| sorted);
        data.redraws
            && data.is_crowded()
            && self.made_from.is_some()
            && self.made_unlisted == data.model.unlisted()
            && order == self.columns.sorted()
    }

    fn is_out_of_order(&self, data: &Data<'_>) -> bool {
        let arranged = |sorted| Some((sorted, Some(order_source(data))));
        match self.columns.sorted() {
            Some(sorted) => self.ordered != arranged(sorted),
            None => self.ordered.is_some(),
        }
    }

    /// Orders siblings as requested, or continues to collect the sort keys. Returns true if the
    /// order changed.
    fn order(&mut self, data: &Data<'_>) -> bool {
        let Some(sorted) = self.columns.sorted() else {
            self.ordered = None;
            self.ranks = ColumnCache::default();
            self.forest.restore_order();
            self.forest.update(data.model, &self.filter);
            return true;
        };
        let figure = |(sorted, _): (Sorted, _)| sorted.column;
        if self.ordered.map(figure) != Some(sorted.column) {
            self.ranks = ColumnCache::default();
        }
        let waits = self.can_wait(data);
        let known = std::mem::take(&mut self.ranked) && waits || {
            let order = FIGURES[sorted.column].order;
            let known = self.ranks.update(data, |_, process| order(data, process));
            self.ranked = known && waits;
            known && !waits
        };
        let requested = self.ordered.map(|(sorted, _)| sorted) != Some(sorted);
        if known || requested {
            let ranks = &self.ranks;
            self.forest.arrange(data.model, |place| {
                ranks.at(place).map_or(0, |&(key, figure)| {
                    match figure.filter(|_| data.filter.shows(key)) {
                        // Unknown values come last in either direction.
                        None => 0,
                        Some(figure) if sorted.ascending => u128::MAX - figure,
                        Some(figure) => figure.saturating_add(1),
                    }
                })
            });
        }
        self.ordered = Some((sorted, known.then(|| order_source(data))));
        known || requested
    }

    /// Returns the message for a tree without rows.
    fn empty(&self, data: &Data<'_>) -> Empty {
        let keys = || data.model.keys_since(0);
        let is_hidden = self.filter.exited != ShownExits::All;
        let is_gone = |key: Key| data.model.process(key).state().is_gone();
        let hidden = keys().filter(|&key| data.filter.shows(key) && is_gone(key));
        let listed = keys().filter(|&key| !is_hidden || !is_gone(key));
        let nouns = ("process", "processes");
        Empty::of(data, "No process was seen", nouns, listed)
            .yet(data)
            .of_the_past(data)
            .hint(
                is_hidden && hidden.count() > 0,
                "Exited processes are hidden: d shows them.",
            )
    }

    /// Selects the newest listed process.
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

    /// Folds the selected branch, or selects its parent.
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

    /// Unfolds the selected branch, or selects its first child.
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

    /// Folds or unfolds every branch below the selected row, itself included.
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

    /// Folds everything except the roots, and selects the row that hides the selected one.
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
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        self.update(data);
        self.list.fit(size.height.saturating_sub(1));
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
                self.columns.sort_by_next();
                self.changed(data);
            }
            Action::Reverse => {
                self.columns.reverse();
                self.changed(data);
            }
            Action::Follow => {
                self.follow ^= true;
                self.follow(data);
            }
            Action::Exited => {
                self.filter.exited = match self.filter.exited {
                    ShownExits::All => ShownExits::Recent,
                    ShownExits::Recent => ShownExits::None,
                    ShownExits::None => ShownExits::All,
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
        let everything = TreeFilter {
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
            rows[index].thread.is_none() && query.matches(&data.model.process(rows[index].key))
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
        self.columns.click(x, width);
        self.changed(data);
    }

    fn column_choices(&self) -> Vec<ColumnChoice> {
        self.columns.column_choices()
    }

    fn toggle_column(&mut self, choice: usize) {
        self.columns.toggle(choice);
    }

    fn sort_by_column(&mut self, choice: usize, data: &Data<'_>) {
        self.columns.sort_by(choice);
        self.changed(data);
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        self.list.selected().map(|row| row.key)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        if data.model.process(key).state().is_gone() {
            self.filter.exited = ShownExits::All;
        }
        self.reveal(data, key);
    }

    fn status(&self, _: &Data<'_>) -> String {
        let exited = match self.filter.exited {
            ShownExits::All => "",
            ShownExits::Recent => "exited: last 10 s · ",
            ShownExits::None => "exited hidden · ",
        };
        let threads = if self.filter.with_threads {
            "threads · "
        } else {
            ""
        };
        let follow = if self.follow { "following · " } else { "" };
        let sorted = match self.columns.sorted() {
            Some(sorted) => format!("by {} · ", FIGURES[sorted.column].column.title),
            None => String::new(),
        };
        format!("{follow}{exited}{threads}{sorted}{}", self.list.position())
    }

    fn reset(&mut self) {
        *self = Tree {
            filter: TreeFilter {
                folded: Default::default(),
                ..self.filter.clone()
            },
            columns: std::mem::take(&mut self.columns),
            follow: self.follow,
            ..Tree::default()
        };
    }

    fn saved(&self) -> Vec<(&'static str, String)> {
        let mut saved = self.columns.saved();
        saved.push(("threads", self.filter.with_threads.to_string()));
        saved
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "columns" | "sort" => self.columns.restore(name, value),
            "threads" => {
                let expected = || format!("expected true or false, not {value:?}");
                self.filter.with_threads = value.parse().map_err(|_| expected())?;
                Ok(())
            }
            _ => Err(unknown_setting(self, name)),
        }
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let rows = self.list.rows();
        if rows.is_empty() {
            return canvas.note(&self.empty(data).phrases(data));
        }
        canvas.table(
            self.columns.columns(),
            self.columns.sorted_column(),
            self.list.cursor(),
            |index, column, width| {
                let (row, figure) = (rows[index], self.columns.figure(column));
                let process = data.model.process(row.key);
                let phrase = match (FIGURES[figure].cell, row.thread) {
                    (None, _) => branch::name(data, rows, index, &self.zombies, width),
                    (Some(_), Some(thread)) => branch::thread_cell(&process, thread, figure),
                    (Some(cell), None) => match process.state().is_gone() && !keeps_tone(figure) {
                        true => cell(data, &process, width).all(Tone::Dim),
                        false => cell(data, &process, width),
                    },
                };
                // Rows that the filter excludes are ancestors of shown ones.
                match data.filter.shows(row.key) {
                    true => phrase,
                    false => phrase.all(Tone::Faint),
                }
            },
        );
    }
}

/// Returns true for the column that keeps its tone in exited processes.
fn keeps_tone(figure: usize) -> bool {
    FIGURES[figure].column.title == "EXIT"
}

fn order_source(data: &Data<'_>) -> OrderSource {
    (
        data.slow_version(),
        data.filter.generation(),
        data.model.unlisted(),
    )
}
