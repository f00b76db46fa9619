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

/// A row of the table of views.
pub struct Entry {
    /// The name on the tab.
    pub name: &'static str,
    /// The content of the view, for the help text.
    pub about: &'static str,
    /// The actions of its own, beyond those that work everywhere.
    pub actions: &'static [Action],
    /// Returns a new view.
    pub open: fn() -> Box<dyn View>,
}

/// The views in the order of their numbers.
pub const VIEWS: &[Entry] = &[
    Entry {
        name: "Tree",
        about: "which process started which, and how each exited",
        actions: &[
            Action::Details,
            Action::OnlyThis,
            Action::Left,
            Action::Right,
            Action::FoldBelow,
            Action::UnfoldBelow,
            Action::FoldAll,
            Action::UnfoldAll,
            Action::Sort,
            Action::Reverse,
            Action::Columns,
            Action::Exited,
            Action::Threads,
            Action::Follow,
        ],
        open: || Box::<Tree>::default(),
    },
    Entry {
        name: "Timeline",
        about: "when each process ran, and what happened at once",
        actions: &[
            Action::Details,
            Action::OnlyThis,
            Action::ZoomIn,
            Action::ZoomOut,
            Action::ZoomAll,
            Action::Earlier,
            Action::Later,
            Action::MuchEarlier,
            Action::MuchLater,
            Action::SplitGroup,
            Action::ShowIdle,
            Action::Follow,
        ],
        open: || Box::<Timeline>::default(),
    },
    Entry {
        name: "Zombies",
        about: "owners of zombies: how many, since when, at what cost",
        actions: &[Action::Details, Action::OnlyThis],
        open: || Box::<Zombies>::default(),
    },
    Entry {
        name: "Faults",
        about: "page faults by process and class",
        actions: &[
            Action::Details,
            Action::OnlyThis,
            Action::Sort,
            Action::Exited,
        ],
        open: || Box::<ProcessTable<Faults>>::default(),
    },
    Entry {
        name: "Forks",
        about: "cost of each fork: time, page tables, pages copied on write",
        actions: &[Action::Details, Action::OnlyThis, Action::Sort],
        open: || Box::<ProcessTable<Forks>>::default(),
    },
    Entry {
        name: "Deaths",
        about: "exited processes by cause, with the sender of the signal",
        actions: &[
            Action::Details,
            Action::OnlyThis,
            Action::Sort,
            Action::Left,
            Action::Right,
        ],
        open: || Box::<ProcessTable<Deaths>>::default(),
    },
    Entry {
        name: "Events",
        about: "all events, one line each",
        actions: &[Action::Details, Action::OnlyThis, Action::Follow],
        open: || Box::<Events>::default(),
    },
    Entry {
        name: "Process",
        about: "the life of one process",
        actions: &[Action::Parent, Action::OnlyThis, Action::Back],
        open: || Box::<Process>::default(),
    },
    Entry {
        name: "Health",
        about: "findings, hooks, lost records, cost of tracer",
        actions: &[Action::Details],
        open: || Box::<Health>::default(),
    },
];

/// Returns the names of the views in the order of their numbers.
pub fn names() -> impl Iterator<Item = &'static str> {
    VIEWS.iter().map(|entry| entry.name)
}

/// The view that [`Action::Details`] opens.
pub const DETAILS: usize = 7;
