//! What a person wants to know of a trace, as plain text: first who started,
//! killed and never reaped what, within the first 30 lines; then the details.
//!
//! The same events give the same bytes: there is no clock here, no colour and
//! no order of a hash. Nothing is left out in silence: a list that is cut says
//! by how much, and what is unknown says why.

mod chosen;
mod faults;
mod forks;
mod head;
mod killed;
mod outcome;
mod page;
mod started;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
mod zombies;

use crate::{
    event::Comm,
    model::{Key, Model},
};
pub use chosen::chosen;
use page::Page;

/// The summary of a trace, in lines of at most `width` columns.
pub fn summary(model: &Model, width: usize) -> String {
    let mut page = Page::new(width);
    let tally = model.tally();
    head::write(model, &tally, &mut page);
    started::write(&tally, &mut page);
    killed::write(model, &tally, &mut page);
    zombies::owners(model, &tally, &mut page);
    zombies::unreaped(model, &mut page);
    faults::write(model, &mut page);
    forks::write(model, &mut page);
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
