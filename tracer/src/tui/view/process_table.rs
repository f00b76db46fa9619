//! The view that Faults, Forks and Deaths share: a table of processes, sorted by one column. Each
//! of them supplies columns, rows and cells.

use crate::{
    model::Key,
    tui::{
        input::action::Action,
        state::{
            column_cache::{Source, can_wait},
            data::Data,
            search::{SearchFrom, SearchQuery},
        },
        style::phrase::Phrase,
        view::{
            empty::Empty,
            interface::{View, ViewSize},
        },
        widget::{
            canvas::Canvas,
            columns::Column,
            list::{Identity, List},
            sort_order::SortOrder,
        },
    },
};

/// The rows of a process table.
pub trait Rows: Default {
    /// A process, or a group of processes.
    type Row: Identity + Copy;

    /// The columns.
    const COLUMNS: &'static [Column];

    /// The columns that the table can be sorted by, in the order of the key; empty if the order is
    /// fixed.
    const SORTS: &'static [usize] = &[];

    /// Updates what the rows are made from. Returns false while part of it is still outdated.
    fn collect(&mut self, _: &Data<'_>, _: SortOrder) -> bool {
        true
    }

    /// Returns the rows in order.
    fn rows(&mut self, data: &Data<'_>, order: SortOrder) -> Vec<Self::Row>;

    /// Returns the process of a row; `None` for a group.
    fn process(row: Self::Row) -> Option<Key>;

    /// Returns the identity of the row of a process.
    fn id(key: Key) -> <Self::Row as Identity>::Id;

    /// Performs an action of the view's own. Returns `None` if the action is not one.
    fn handle(
        &mut self,
        _: Action,
        _: &Data<'_>,
        _selected: Option<Self::Row>,
    ) -> Option<Change<Self>> {
        None
    }

    /// Returns true if a row that is not a process matches a search.
    fn matches_group(_row: Self::Row, _: &SearchQuery) -> bool {
        false
    }

    /// Returns the status, `position` included.
    fn status(&self, data: &Data<'_>, order: SortOrder, position: &str) -> String;

    /// Discards everything derived from the model. Settings stay.
    fn reset(&mut self);

    /// Returns the message for a table without rows.
    fn empty(&self, data: &Data<'_>) -> Empty;

    /// Returns the text of a cell.
    fn cell(&self, data: &Data<'_>, row: Self::Row, column: usize, width: usize) -> Phrase;
}

/// The consequence of an action for the rows.
pub enum Change<R: Rows> {
    /// The rows stay.
    None,
    /// The rows change; the selection stays where it can.
    Rows,
    /// The rows change, and this one is selected.
    Select(<R::Row as Identity>::Id),
}

/// A table of processes.
pub struct ProcessTable<R: Rows> {
    rows: R,
    list: List<R::Row>,
    order: SortOrder,
    made_from: Option<Source<u64>>,
}

impl<R: Rows> Default for ProcessTable<R> {
    fn default() -> Self {
        ProcessTable {
            rows: R::default(),
            list: List::default(),
            order: SortOrder::of(R::COLUMNS, R::SORTS),
            made_from: None,
        }
    }
}

impl<R: Rows> ProcessTable<R> {
    fn update(&mut self, data: &Data<'_>) {
        let source = (data.slow_version(), data.filter.generation());
        if self.made_from == Some(source) {
            return;
        }
        let complete = self.rows.collect(data, self.order);
        if !complete && can_wait(&self.made_from, &source) {
            return;
        }
        self.made_from = complete.then_some(source);
        self.list.replace(self.rows.rows(data, self.order));
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }
}

impl<R: Rows> View for ProcessTable<R> {
    fn refresh(&mut self, data: &Data<'_>, size: ViewSize) {
        self.update(data);
        self.list.fit(size.height.saturating_sub(1));
    }

    fn handle(&mut self, action: Action, data: &Data<'_>) {
        let selected = self.list.selected().copied();
        match self.rows.handle(action, data, selected) {
            Some(Change::None) => {}
            Some(Change::Rows) => self.changed(data),
            Some(Change::Select(id)) => {
                self.changed(data);
                self.list.select(id);
            }
            None if action == Action::Sort && !R::SORTS.is_empty() => {
                self.order.advance();
                self.changed(data);
            }
            None => _ = self.list.handle(action),
        }
    }

    fn find(&mut self, data: &Data<'_>, query: &SearchQuery, from: SearchFrom) -> bool {
        self.update(data);
        self.list.find(from, |&row| match R::process(row) {
            Some(key) => query.matches(&data.model.process(key)),
            None => R::matches_group(row, query),
        })
    }

    fn click_title(&mut self, x: u16, width: u16, data: &Data<'_>) {
        if self.order.click(x, width) {
            self.changed(data);
        }
    }

    fn click(&mut self, line: usize) -> bool {
        self.list.click(line)
    }

    fn selected(&self, _: &Data<'_>) -> Option<Key> {
        R::process(*self.list.selected()?)
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update(data);
        self.list.select(R::id(key));
    }

    fn status(&self, data: &Data<'_>) -> String {
        self.rows.status(data, self.order, &self.list.position())
    }

    fn reset(&mut self) {
        self.rows.reset();
        self.list = List::default();
        self.made_from = None;
    }

    fn saved(&self) -> Vec<(&'static str, String)> {
        self.order.saved()
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.order.restore(name, value)
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        let rows = self.list.rows();
        if rows.is_empty() {
            return canvas.note(&self.rows.empty(data).phrases(data));
        }
        canvas.table(
            R::COLUMNS,
            self.order.sorted(),
            self.list.cursor(),
            |index, column, width| self.rows.cell(data, rows[index], column, width),
        );
    }
}
