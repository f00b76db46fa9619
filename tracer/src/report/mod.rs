//! What a person wants to know of a trace, as plain text: first who started,
//! killed and never reaped what, within the first 30 lines; then the details.
//!
//! The same events give the same bytes: there is no clock here, no colour and
//! no order of a hash. Nothing is left out in silence: a list that is cut says
//! by how much, and what is unknown says why.

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
use page::Page;

/// A part of what there is to say, asked for by name.
pub struct ReportSection {
    pub name: &'static str,
    pub help: &'static str,
    write: fn(&Model, &Tally, &mut Page),
}

/// Every part; help is derived from it.
pub const SECTIONS: [ReportSection; 7] = [
    ReportSection {
        name: "tree",
        help: "what started what",
        write: |model, tally, page| {
            started::write(tally, page);
            tree::write(model, page);
        },
    },
    ReportSection {
        name: "deaths",
        help: "what died otherwise than well, and of what",
        write: |model, tally, page| {
            killed::write(model, tally, page);
            deaths::write(model, page);
        },
    },
    ReportSection {
        name: "zombies",
        help: "who does not reap, and how long reaping took",
        write: |model, tally, page| {
            zombies::owners(model, tally, page);
            zombies::unreaped(model, page);
        },
    },
    ReportSection {
        name: "faults",
        help: "who faults, and of which kinds",
        write: |model, _, page| faults::write(model, page),
    },
    ReportSection {
        name: "forks",
        help: "what forks cost: time, and pages copied on write",
        write: |model, _, page| forks::write(model, page),
    },
    ReportSection {
        name: "states",
        help: "who was held up: uninterruptible, waiting for a CPU, slow to wake",
        write: |model, _, page| states::write(model, page),
    },
    ReportSection {
        name: "findings",
        help: "what a person should know, a sentence each",
        write: |model, _, page| findings::write(model, page),
    },
];

/// One part of the report, after its head.
pub fn section(model: &Model, section: &ReportSection, width: usize) -> String {
    let mut page = Page::new(width);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    (section.write)(model, &tally, &mut page);
    page.text()
}

/// The summary of a trace, in lines of at most `width` columns.
pub fn summary(model: &Model, width: usize) -> String {
    let mut page = Page::new(width);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    started::write(&tally, &mut page);
    killed::write(model, &tally, &mut page);
    zombies::owners(model, &tally, &mut page);
    zombies::unreaped(model, &mut page);
    findings::write(model, &mut page);
    faults::write(model, &mut page);
    forks::write(model, &mut page);
    states::if_counted(model, &mut page);
    tree::write(model, &mut page);
    coverage::write(model, &mut page);
    page.text()
}
