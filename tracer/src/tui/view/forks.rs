//! What forks cost: time, page tables, and pages copied on write by parent and
//! child.

use std::cmp::Reverse;

use super::{Data, Room, View};
use crate::{
    event::{Purpose, units},
    model::{ForkCost, Key, Process, SharingEnd},
    tui::{
        action::Action,
        canvas::Canvas,
        columns::{Column, figure, rest},
        list::List,
        needle::{Needle, Whence},
        order::Order,
        phrase::{Phrase, Tone},
        words,
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

/// The columns that the list can be sorted by, in the order of the key.
const SORTS: [usize; 6] = [2, 5, 6, 3, 7, 0];

pub struct Forks {
    list: List<Key>,
    order: Order,
    made_from: Option<((u64, u64), u64)>,
}

impl Default for Forks {
    fn default() -> Forks {
        Forks {
            list: List::default(),
            order: Order::of(&COLUMNS, &SORTS),
            made_from: None,
        }
    }
}

impl Forks {
    fn update(&mut self, data: &Data<'_>) {
        let source = Some((data.slow_version(), data.sieve.generation()));
        if self.made_from == source {
            return;
        }
        self.made_from = source;
        let column = self.order.column();
        let listed = data.model.processes().filter_map(|(key, process)| {
            let cost = process.fork_cost.as_deref()?;
            let order = Reverse(figure_of(process, cost, column));
            data.sieve.shows(key).then_some((order, key))
        });
        let mut rows: Vec<_> = listed.collect();
        rows.sort_unstable();
        self.list
            .replace(rows.into_iter().map(|(_, key)| key).collect());
    }

    fn changed(&mut self, data: &Data<'_>) {
        self.made_from = None;
        self.update(data);
        self.list.fit(self.list.cursor().height());
    }
}

fn figure_of(process: &Process, cost: &ForkCost, column: usize) -> Option<u64> {
    match column {
        0 => process.forked_at,
        2 => cost.took,
        3 => cost.space.pages,
        5 => Some(cost.parent_copies),
        6 => Some(cost.child_copies),
        7 => Some(cost.peak.1),
        _ => None,
    }
}

impl View for Forks {
    fn refresh(&mut self, data: &Data<'_>, room: Room) {
        self.update(data);
        self.list.fit(room.height.saturating_sub(1));
    }

    fn on(&mut self, action: Action, data: &Data<'_>) {
        if action == Action::Sort {
            self.order.go_on();
            self.changed(data);
        } else {
            self.list.on(action);
        }
    }

    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool {
        self.update(data);
        self.list
            .find(whence, |&key| needle.matches(data.model.process(key)))
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
        self.list.selected().copied()
    }

    fn show(&mut self, data: &Data<'_>, key: Key) {
        self.update(data);
        self.list.select(key);
    }

    fn status(&self, _: &Data<'_>) -> String {
        let sorted = self.order.title();
        format!("by {sorted} · {}", self.list.position())
    }

    fn begin_again(&mut self) {
        *self = Forks {
            order: self.order,
            ..Forks::default()
        };
    }

    fn kept(&self) -> Vec<(&'static str, String)> {
        self.order.kept()
    }

    fn restore(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.order.restore(name, value)
    }

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>) {
        if self.list.rows().is_empty() {
            return canvas.note(&[Phrase::of(
                Tone::Dim,
                "No fork has copied an address space yet.",
            )]);
        }
        canvas.table(
            &COLUMNS,
            self.order.sorted(),
            self.list.cursor(),
            |index, column, _| {
                let process = data.model.process(self.list.rows()[index]);
                match process.fork_cost.as_deref() {
                    Some(cost) => cell(data, process, cost, column),
                    None => Phrase::new(),
                }
            },
        );
    }
}

fn cell(data: &Data<'_>, process: &Process, cost: &ForkCost, column: usize) -> Phrase {
    let unknown = || Phrase::of(Tone::Faint, "?");
    match column {
        0 => Phrase::plain(process.id.tgid.to_string()),
        1 => match process.forked_by {
            Some(by) => Phrase::of(Tone::Strong, words::whose(data.model, by.process.leader())),
            None => unknown(),
        },
        2 => cost
            .took
            .map_or_else(unknown, |took| Phrase::plain(units::duration(took))),
        3 => cost
            .space
            .pages
            .map_or_else(unknown, |pages| Phrase::plain(units::count(pages))),
        4 => Phrase::plain(units::bytes(cost.space.page_tables)),
        8 => shared_for(data, process, cost),
        copies => match figure_of(process, cost, copies) {
            Some(_) if copies_missing(data) => unknown(),
            Some(count) if cost.ambiguous && count > 0 => {
                Phrase::of(Tone::Warn, "~").and(Tone::Plain, units::count(count))
            }
            Some(0) => Phrase::of(Tone::Dim, "0"),
            Some(count) => Phrase::plain(units::count(count)),
            None => unknown(),
        },
    }
}

fn copies_missing(data: &Data<'_>) -> bool {
    let session = data.model.session();
    session.is_some_and(|session| session.missing(Purpose::Cow).is_some())
}

/// How long the child ran in its parent's pages, and what ended it.
fn shared_for(data: &Data<'_>, process: &Process, cost: &ForkCost) -> Phrase {
    let Some(forked) = process.forked_at else {
        return Phrase::of(Tone::Faint, "?");
    };
    let since = |at: u64| units::duration(at.saturating_sub(forked));
    match cost.ended {
        Some(SharingEnd::Exec(at)) => Phrase::plain(since(at)).and(Tone::Dim, ", exec"),
        Some(SharingEnd::Exit(at)) => Phrase::plain(since(at)).and(Tone::Dim, ", exit"),
        None => Phrase::of(Tone::Accent, since(data.now)),
    }
}
