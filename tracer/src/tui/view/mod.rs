//! The views, one file each, and the table from which tabs, number keys and
//! help are derived. To add a view, add its file and its row.

mod branch;
mod chosen;
mod deaths;
mod doings;
mod events;
mod facts;
mod faults;
mod figures;
mod forest;
mod forks;
mod health;
mod lanes;
mod legend;
mod lifeline;
mod marks;
mod page;
mod process;
mod strip;
mod timeline;
mod tree;
mod window;
mod zombies;

use super::{
    OwnCost,
    action::Action,
    canvas::Canvas,
    chooser::Choice,
    glyphs::Glyphs,
    log::Log,
    needle::{Needle, Whence},
    sieve::Sieve,
};
use crate::model::{Key, Model};

/// What there is to see: of the living stream, or frozen by a pause.
pub struct Data<'a> {
    pub model: &'a Model,
    pub log: &'a Log,
    /// Which processes the reader has asked for.
    pub sieve: &'a Sieve,
    /// The time on the reader's clock, ns since boot: not before any event.
    pub now: u64,
    pub own: Option<OwnCost>,
    /// Events may still come.
    pub live: bool,
    /// Another picture follows soon, whether or not the reader presses a key.
    pub moves: bool,
    /// Text may hold some.
    pub glyphs: &'static Glyphs,
}

impl Data<'_> {
    /// Two looks at the model with the same version see the same, through the
    /// same sieve.
    pub fn version(&self) -> (u64, u64) {
        (self.model.totals().events, self.sieve.generation())
    }

    /// There are so many that not all can be done for every picture.
    pub fn is_crowded(&self) -> bool {
        const MANY: usize = 5_000;
        self.live && self.model.process_count() > MANY
    }

    /// The same for what costs a visit to every process: where there are many
    /// and events still come, it changes but once a second.
    pub fn slow_version(&self) -> (u64, u64) {
        if self.is_crowded() {
            (0, self.now / 1_000_000_000)
        } else {
            (self.model.totals().events, 0)
        }
    }
}

/// Cells for a view to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub width: usize,
    pub height: usize,
}

/// One way of looking at the model. All of it but `draw` is free of paint.
pub trait View {
    /// Brings what is listed up to date, before it is drawn.
    fn refresh(&mut self, data: &Data<'_>, room: Room);

    /// Does what a key asked for, among the actions of the view's own row and
    /// the movements.
    fn on(&mut self, action: Action, data: &Data<'_>);

    /// Goes to a match, if there is one.
    fn find(&mut self, data: &Data<'_>, needle: &Needle, whence: Whence) -> bool;

    /// Puts the cursor on a line of the screen, counted below the titles;
    /// whether it was there already.
    fn click(&mut self, _line: usize) -> bool {
        false
    }

    /// Sorts by the column whose title is there on a screen of that width.
    fn click_title(&mut self, _x: u16, _width: u16, _: &Data<'_>) {}

    /// The process that the cursor is on.
    fn selected(&self, data: &Data<'_>) -> Option<Key>;

    /// Puts the cursor on a process, as far as that makes sense here.
    fn show(&mut self, data: &Data<'_>, key: Key);

    /// What is listed and where the reader is, in a few words.
    fn status(&self, data: &Data<'_>) -> String;

    fn draw(&self, data: &Data<'_>, canvas: &mut Canvas<'_>);

    /// The model that it looked at is gone, and another begins. How it looks
    /// stays as it is.
    fn begin_again(&mut self);

    /// What of it outlasts the dashboard, by name.
    fn kept(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Makes it as it was kept; an error says why that cannot be.
    fn restore(&mut self, _name: &str, _value: &str) -> Result<(), String> {
        Err("this view keeps nothing".to_owned())
    }

    /// The columns to choose from; none where they are what they are.
    fn choices(&self) -> Vec<Choice> {
        Vec::new()
    }

    /// Shows one of these, or hides it.
    fn toggle(&mut self, _choice: usize) {}

    /// Sorts by one of these; if it does already, the other way round.
    fn sort_by(&mut self, _choice: usize, _: &Data<'_>) {}
}

/// One row of the table of views.
pub struct Entry {
    pub name: &'static str,
    /// What question it answers; for the help text.
    pub about: &'static str,
    /// What can be done here beyond what can be done everywhere.
    pub actions: &'static [Action],
    pub open: fn() -> Box<dyn View>,
}

pub const VIEWS: &[Entry] = &[
    Entry {
        name: "Tree",
        about: "what started what, and what became of it",
        actions: &[
            Action::Details,
            Action::Only,
            Action::Left,
            Action::Right,
            Action::FoldBelow,
            Action::UnfoldBelow,
            Action::FoldAll,
            Action::UnfoldAll,
            Action::Sort,
            Action::Reverse,
            Action::Columns,
            Action::Dead,
            Action::Threads,
            Action::Follow,
        ],
        open: || Box::<tree::Tree>::default(),
    },
    Entry {
        name: "Timeline",
        about: "when it happened: who lived when, and what happened at once",
        actions: &[
            Action::Details,
            Action::Only,
            Action::ZoomIn,
            Action::ZoomOut,
            Action::ZoomAll,
            Action::Earlier,
            Action::Later,
            Action::MuchEarlier,
            Action::MuchLater,
            Action::Regroup,
            Action::Quiet,
            Action::Follow,
        ],
        open: || Box::<timeline::Timeline>::default(),
    },
    Entry {
        name: "Zombies",
        about: "who leaves zombies, since when, at what cost",
        actions: &[Action::Details, Action::Only],
        open: || Box::<zombies::Zombies>::default(),
    },
    Entry {
        name: "Faults",
        about: "which process faults, and how",
        actions: &[Action::Details, Action::Only, Action::Sort, Action::Dead],
        open: || Box::<faults::Faults>::default(),
    },
    Entry {
        name: "Forks",
        about: "what each fork cost: time, page tables, pages copied on write",
        actions: &[Action::Details, Action::Only, Action::Sort],
        open: || Box::<forks::Forks>::default(),
    },
    Entry {
        name: "Deaths",
        about: "who died, of what, by whom",
        actions: &[
            Action::Details,
            Action::Only,
            Action::Sort,
            Action::Left,
            Action::Right,
        ],
        open: || Box::<deaths::Deaths>::default(),
    },
    Entry {
        name: "Events",
        about: "what happened, one line each",
        actions: &[Action::Details, Action::Only, Action::Follow],
        open: || Box::<events::Events>::default(),
    },
    Entry {
        name: "Process",
        about: "the whole story of one process",
        actions: &[Action::Parent, Action::Only, Action::Back],
        open: || Box::<process::Story>::default(),
    },
    Entry {
        name: "Health",
        about: "what was found, and can I trust it: hooks, losses, own cost",
        actions: &[],
        open: || Box::<health::Health>::default(),
    },
];

/// Their names, in the order of their numbers.
pub fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|entry| entry.name)
}

/// Where [`Action::Details`] leads.
pub const DETAILS: usize = 7;
