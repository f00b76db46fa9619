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
mod faults;
mod filtered;
mod findings;
mod forks;
mod head;
mod killed;
mod outcome;
mod page;
mod started;
mod states;
#[cfg(test)]
mod tests;
mod tree;
mod words;
mod zombies;

use crate::model::{Model, Tally};
pub use filtered::filtered;
pub use page::Layout;
use page::Page;

/// A section of the report that can be printed alone.
pub struct ReportSection {
    /// Name on the command line.
    pub name: &'static str,
    /// Description for the help text.
    pub help: &'static str,
    write: fn(&Model, &Tally, &mut Page),
}

/// All sections. The help text is derived from them.
pub const SECTIONS: [ReportSection; 7] = [
    ReportSection {
        name: "tree",
        help: "which process started which, and the outcome",
        write: |model, tally, page| {
            started::write(tally, page);
            tree::write(model, page);
        },
    },
    ReportSection {
        name: "deaths",
        help: "failed and killed processes, with the cause",
        write: |model, tally, page| {
            killed::write(model, tally, page);
            deaths::write(model, page);
        },
    },
    ReportSection {
        name: "zombies",
        help: "owners of zombies, and how long reaping took",
        write: |model, tally, page| {
            zombies::owners(model, tally, page);
            zombies::unreaped(model, page);
        },
    },
    ReportSection {
        name: "faults",
        help: "page faults by process and class",
        write: |model, _, page| faults::write(model, page),
    },
    ReportSection {
        name: "forks",
        help: "cost of forks: time, and pages copied on write",
        write: |model, _, page| forks::write(model, page),
    },
    ReportSection {
        name: "states",
        help: "processes that were blocked, waited for a CPU or were slow to run after a wake-up",
        write: |model, _, page| states::write(model, page),
    },
    ReportSection {
        name: "findings",
        help: "problems found, one sentence each",
        write: |model, _, page| findings::write(model, page),
    },
];

/// Returns the head of the report and one section.
pub fn section(model: &Model, section: &ReportSection, layout: impl Into<Layout>) -> String {
    let mut page = Page::new(layout);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    (section.write)(model, &tally, &mut page);
    page.text()
}

/// Returns the summary of a trace.
pub fn summary(model: &Model, layout: impl Into<Layout>) -> String {
    let mut page = Page::new(layout);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    started::write(&tally, &mut page);
    killed::write(model, &tally, &mut page);
    zombies::owners(model, &tally, &mut page);
    zombies::unreaped(model, &mut page);
    findings::write(model, &mut page);
    faults::write(model, &mut page);
    forks::write(model, &mut page);
    states::write_if_counted(model, &mut page);
    tree::write(model, &mut page);
    coverage::write(model, &mut page);
    page.text()
}
