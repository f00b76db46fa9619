//! The table of views. Tabs, number keys and help are derived from it. To add a view, add its file
//! and its row.

use crate::tui::{
    input::action::Action,
    view::{
        deaths::Deaths, events::Events, faults::Faults, forks::Forks, health::Health,
        interface::View, process::Process, process_table::ProcessTable, timeline::Timeline,
        tree::Tree, zombies::Zombies,
    },
};

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
        open: || Box::<Tree>::default(),
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
        open: || Box::<Timeline>::default(),
    },
    Entry {
        name: "Zombies",
        about: "who leaves zombies, since when, at what cost",
        actions: &[Action::Details, Action::Only],
        open: || Box::<Zombies>::default(),
    },
    Entry {
        name: "Faults",
        about: "which process faults, and how",
        actions: &[Action::Details, Action::Only, Action::Sort, Action::Dead],
        open: || Box::<ProcessTable<Faults>>::default(),
    },
    Entry {
        name: "Forks",
        about: "what each fork cost: time, page tables, pages copied on write",
        actions: &[Action::Details, Action::Only, Action::Sort],
        open: || Box::<ProcessTable<Forks>>::default(),
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
        open: || Box::<ProcessTable<Deaths>>::default(),
    },
    Entry {
        name: "Events",
        about: "what happened, one line each",
        actions: &[Action::Details, Action::Only, Action::Follow],
        open: || Box::<Events>::default(),
    },
    Entry {
        name: "Process",
        about: "the whole story of one process",
        actions: &[Action::Parent, Action::Only, Action::Back],
        open: || Box::<Process>::default(),
    },
    Entry {
        name: "Health",
        about: "what was found, and can I trust it: hooks, losses, own cost",
        actions: &[],
        open: || Box::<Health>::default(),
    },
];

/// Their names, in the order of their numbers.
pub fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|entry| entry.name)
}

/// Where [`Action::Details`] leads.
pub const DETAILS: usize = 7;
