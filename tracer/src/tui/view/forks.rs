//! The cost of each fork: time, page tables, and pages copied on write by parent and child.

use std::cmp::Reverse;

use crate::{
    event::units,
    model::{ForkCost, Key, Process, SharingEnd, State},
    tui::{
        state::{column_cache::ColumnCache, data::Data},
        style::phrase::{Phrase, Tone},
        text::words,
        view::{empty::Empty, process_table::Rows},
        widget::{
            columns::{Column, figure, rest},
            sort_order::SortOrder,
        },
    },
};

const COLUMNS: [Column; 9] = [
    figure("CHILD", 7, 0),
    rest("PARENT", 18),
    figure("TOOK", 8, 0),
    figure("PAGES", 7, 2),
    figure("TABLES", 8, 4),
    figure("PARENT COW", 11, 0),
    figure("CHILD COW", 10, 1),
    figure("PEAK/S", 7, 3),
    figure("SHARED FOR", 15, 1),
];

/// Forks that copied an address space, listed by child and sorted by a cost.
#[derive(Default)]
pub struct Forks {
    /// The value to sort by; `None` for a process whose fork copied no address space.
    figures: ColumnCache<Option<Option<u64>>>,
    /// The column of these values.
    sorted_by: Option<usize>,
}

fn figure_of(process: &Process, cost: &ForkCost, column: usize) -> Option<u64> {
    match column {
        0 => process.forked_at,
        2 => cost.took,
        3 => cost.space.pages,
        5 => Some(cost.parent.count),
        6 => Some(cost.child.count),
        7 => Some(cost.both.peak),
        _ => None,
    }
}

impl Rows for Forks {
    type Row = Key;

    const COLUMNS: &'static [Column] = &COLUMNS;
    const SORTS: &'static [usize] = &[2, 5, 6, 3, 7, 0];

    fn collect(&mut self, data: &Data<'_>, order: SortOrder) -> bool {
        let column = order.column();
        if self.sorted_by != column {
            self.sorted_by = column;
            self.figures = ColumnCache::default();
        }
        let column = column.unwrap_or_default();
        self.figures.update(data, |_, process| {
            let cost = process.fork_cost.as_deref()?;
            Some(figure_of(process, cost, column))
        })
    }

    fn rows(&mut self, data: &Data<'_>, _: SortOrder) -> Vec<Key> {
        let listed = self.figures.iter().filter_map(|(key, &figure)| {
            let order = Reverse(figure?);
            data.filter.shows(key).then_some((order, key))
        });
        let mut rows: Vec<_> = listed.collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, key)| key).collect()
    }

    fn process(row: Key) -> Option<Key> {
        Some(row)
    }

    fn id(key: Key) -> Key {
        key
    }

    fn status(&self, _: &Data<'_>, order: SortOrder, position: &str) -> String {
        format!("by {} · {position}", order.title())
    }

    fn reset(&mut self) {
        self.figures = ColumnCache::default();
    }

    fn empty(&self, data: &Data<'_>) -> Empty {
        let copied = self.figures.iter().filter(|(_, figure)| figure.is_some());
        let nothing = "No fork has copied an address space";
        Empty::of(data, nothing, ("fork", "forks"), copied.map(|(key, _)| key))
            .yet(data)
            .of_the_past(data)
    }

    fn cell(&self, data: &Data<'_>, key: Key, column: usize, _: usize) -> Phrase {
        let process = data.model.process(key);
        match process.fork_cost.as_deref() {
            Some(cost) => cell(data, &process, cost, column),
            None => Phrase::new(),
        }
    }
}

fn cell(data: &Data<'_>, process: &Process, cost: &ForkCost, column: usize) -> Phrase {
    let unknown = || Phrase::of(Tone::Faint, "?");
    match column {
        0 => Phrase::plain(process.id.tgid.to_string()),
        1 => match process.forked_by {
            Some(by) => Phrase::of(
                Tone::Strong,
                words::subject(data.model, by.process.leader()),
            ),
            None => unknown(),
        },
        2 => cost
            .took
            .map_or_else(unknown, |took| Phrase::plain(units::duration(took))),
        3 => cost
            .space
            .pages
            .map_or_else(unknown, |pages| Phrase::plain(units::count(pages))),
        // No address space is without page tables: the kernel's counter was not found.
        4 if cost.space.page_tables == 0 => unknown(),
        4 => Phrase::plain(units::bytes(cost.space.page_tables)),
        8 => shared_for(data, process, cost),
        copies => match figure_of(process, cost, copies) {
            Some(count) => words::fork_copies(data.model, cost, count),
            None => unknown(),
        },
    }
}

/// Returns how long the child shared its parent's pages, and the event that ended it.
fn shared_for(data: &Data<'_>, process: &Process, cost: &ForkCost) -> Phrase {
    let is_over = cost.ended.is_some() || process.state() == State::Alive;
    let Some(forked) = process.forked_at.filter(|_| is_over) else {
        return Phrase::of(Tone::Faint, "?");
    };
    let since = |at: u64| units::duration(at.saturating_sub(forked));
    match cost.ended {
        Some(SharingEnd::Exec(at)) => Phrase::plain(since(at)).and(Tone::Dim, ", exec"),
        Some(SharingEnd::Exit(at)) => Phrase::plain(since(at)).and(Tone::Dim, ", exit"),
        None => Phrase::of(Tone::Accent, since(data.now)),
    }
}
