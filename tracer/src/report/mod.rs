//! What a person wants to know of a trace, as plain text: first who started,
//! killed and never reaped what, within the first 30 lines; then the details.
//!
//! The same events give the same bytes: there is no clock here, no colour and
//! no order of a hash. Nothing is left out in silence: a list that is cut says
//! by how much, and what is unknown says why.

mod faults;
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

use crate::model::{Key, Model};
use page::Page;

/// The summary of a trace, in lines of at most `width` columns.
pub fn summary(model: &Model, width: usize) -> String {
    let mut page = Page::new(width);
    head::write(model, &mut page);
    started::write(model, &mut page);
    killed::write(model, &mut page);
    zombies::owners(model, &mut page);
    zombies::unreaped(model, &mut page);
    faults::write(model, &mut page);
    tree::write(model, &mut page);
    trust::write(model, &mut page);
    page.text()
}

/// `nginx[812]`.
fn name(model: &Model, key: Key) -> String {
    let process = model.process(key);
    format!("{}[{}]", command(model, key), process.id.tgid)
}

/// The command name; `?` while no event has told it.
fn command(model: &Model, key: Key) -> String {
    let comm = model.process(key).known_comm();
    comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

/// `1 process`, `2 processes`.
fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
