//! What a person wants to know of a trace, as plain text: first who started,
//! killed and never reaped what, within the first 30 lines; then the details.
//!
//! The same events give the same bytes: there is no clock here, no colour and
//! no order of a hash. Nothing is left out in silence: a list that is cut says
//! by how much, and what is unknown says why.

mod chosen;
mod deaths;
mod faults;
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
mod trust;
mod zombies;

use crate::{
    event::Comm,
    model::{Key, Model, Tally},
};
pub use chosen::chosen;
use page::Page;

/// A part of what there is to say, asked for by name.
pub struct Part {
    pub name: &'static str,
    pub help: &'static str,
    write: fn(&Model, &Tally, &mut Page),
}

/// Every part; help is derived from it.
pub const PARTS: [Part; 7] = [
    Part {
        name: "tree",
        help: "what started what",
        write: |model, tally, page| {
            started::write(tally, page);
            tree::write(model, page);
        },
    },
    Part {
        name: "deaths",
        help: "what died otherwise than well, and of what",
        write: |model, tally, page| {
            killed::write(model, tally, page);
            deaths::write(model, page);
        },
    },
    Part {
        name: "zombies",
        help: "who does not reap, and how long reaping took",
        write: |model, tally, page| {
            zombies::owners(model, tally, page);
            zombies::unreaped(model, page);
        },
    },
    Part {
        name: "faults",
        help: "who faults, and of which kinds",
        write: |model, _, page| faults::write(model, page),
    },
    Part {
        name: "forks",
        help: "what forks cost: time, and pages copied on write",
        write: |model, _, page| forks::write(model, page),
    },
    Part {
        name: "states",
        help: "who was held up: uninterruptible, waiting for a CPU, slow to wake",
        write: |model, _, page| states::write(model, page),
    },
    Part {
        name: "findings",
        help: "what a person should know, a sentence each",
        write: |model, _, page| findings::write(model, page),
    },
];

/// One part of the report, after its head.
pub fn part(model: &Model, part: &Part, width: usize) -> String {
    let mut page = Page::new(width);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    (part.write)(model, &tally, &mut page);
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
    trust::write(model, &mut page);
    page.text()
}

/// `nginx[812]`.
fn name(model: &Model, key: Key) -> String {
    let process = model.process(key);
    named(process.known_comm(), process.id.tgid)
}

fn named(comm: Option<Comm>, pid: u32) -> String {
    format!("{}[{pid}]", command_name(comm))
}

/// The command name of a process.
fn command(model: &Model, key: Key) -> String {
    command_name(model.process(key).known_comm())
}

/// `?` while no event has told it.
fn command_name(comm: Option<Comm>) -> String {
    comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

/// What a list of processes is not complete without, where some were let go.
fn of_those_kept(model: &Model) -> String {
    match model.gone_by() {
        0 => String::new(),
        gone => format!(" ({gone} that ended long ago are no longer listed)"),
    }
}

/// `1 process`, `2 processes`.
fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
