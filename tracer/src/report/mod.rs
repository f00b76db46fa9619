//! The text report on a trace. Its first 30 lines answer which processes were
//! started, killed and never reaped, and by which; details follow.
//!
//! One file per section; `words`, `page` and `outcome` hold what they share. The
//! report is a pure function of the model: it reads no clock, uses no color and
//! does not depend on hash order, so equal events give equal bytes. A truncated
//! list states how much is missing, and an unknown value states why. This module
//! must not know where events come from or where the text goes.

mod coverage;
mod deaths;
#[cfg(test)]
mod documentation;
mod faults;
mod findings;
mod forks;
mod head;
mod killed;
mod layout;
mod outcome;
mod page;
mod processes;
mod scope;
mod started;
mod states;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod words;
mod zombies;

use crate::{filter::Filter, model::Model};
pub use layout::{Layout, Rows};
use page::Page;
pub use scope::Scope;
pub use table::{Align, Cell, Column, Holds, Output, TableKind};

/// A section of the report that can be printed alone.
#[derive(Debug)]
pub struct ReportSection {
    /// Name on the command line.
    pub name: &'static str,
    /// Description for the help text.
    pub help: &'static str,
    write: fn(&Scope<'_>, &mut dyn Output),
}

/// All sections. The help text is derived from them.
pub const SECTIONS: [ReportSection; 8] = [
    ReportSection {
        name: "tree",
        help: "which process started which, and the outcome",
        write: |scope, page| {
            started::write(scope, page);
            tree::write(scope, page);
        },
    },
    ReportSection {
        name: "deaths",
        help: "failed and killed processes with PID, time and cause, deaths by signal first",
        write: |scope, page| {
            killed::write(scope, page);
            deaths::write(scope, page);
        },
    },
    ReportSection {
        name: "zombies",
        help: "owners of zombies, and how long reaping took",
        write: |scope, page| {
            zombies::owners(scope, page);
            zombies::unreaped(scope, page);
        },
    },
    ReportSection {
        name: "faults",
        help: "page faults by process and class",
        write: faults::write,
    },
    ReportSection {
        name: "forks",
        help: "cost of forks: time, and pages copied on write",
        write: forks::write,
    },
    ReportSection {
        name: "states",
        help: "processes that were blocked, waited for a CPU or were slow to run after a wake-up",
        write: states::write,
    },
    ReportSection {
        name: "findings",
        help: "problems found, one sentence each",
        write: findings::write,
    },
    ReportSection {
        name: "processes",
        help: "processes with start, lifetime and outcome, one line each",
        write: processes::write,
    },
];

/// The kinds of tables, in the order of the summary.
pub const TABLES: [&TableKind; 20] = [
    &head::COMMAND,
    &head::TRACE,
    &processes::PROCESSES,
    &started::STARTED,
    &killed::KILLED,
    &deaths::DEATHS,
    &zombies::OWNERS,
    &zombies::ZOMBIES,
    &findings::FINDINGS,
    &faults::FAULTS,
    &faults::WRITES,
    &faults::COPIES,
    &forks::FORKS,
    &forks::COSTLIEST,
    &states::BLOCKED,
    &states::WAITING,
    &states::WAKEUPS,
    &tree::TREE,
    &coverage::HOOKS,
    &coverage::GAPS,
];

/// Writes the head of the report and some sections; the summary for none.
pub fn write(scope: &Scope<'_>, sections: &[&ReportSection], output: &mut dyn Output) {
    head::write(scope, output);
    match sections.is_empty() {
        true => write_summary(scope, output),
        false => write_sections(scope, sections, output),
    }
}

/// Writes some sections of the report without its head.
pub fn write_sections(scope: &Scope<'_>, sections: &[&ReportSection], output: &mut dyn Output) {
    for section in sections {
        (section.write)(scope, output);
    }
}

fn write_summary(scope: &Scope<'_>, output: &mut dyn Output) {
    if scope.filtered.is_some() {
        processes::write(scope, output);
    }
    started::write(scope, output);
    killed::write(scope, output);
    zombies::owners(scope, output);
    zombies::unreaped(scope, output);
    findings::write(scope, output);
    faults::write(scope, output);
    forks::write(scope, output);
    states::write_if_counted(scope, output);
    tree::write(scope, output);
    coverage::write(scope, output);
}

/// Returns some sections of the report as text, with its head; the summary for none.
pub fn text(
    model: &Model,
    sections: &[&ReportSection],
    filter: Option<&Filter>,
    layout: impl Into<Layout>,
) -> String {
    let layout = layout.into();
    let mut page = Page::new(layout.width);
    write(&Scope::new(model, filter, layout), sections, &mut page);
    page.text()
}

/// Returns the summary of a trace as text.
pub fn summary(model: &Model, layout: impl Into<Layout>) -> String {
    text(model, &[], None, layout)
}
