//! Names and counts as every section of a report writes them.

use crate::{
    event::Comm,
    model::{Key, Model},
};

/// `nginx[812]`.
pub fn process_name(model: &Model, key: Key) -> String {
    let process = model.process(key);
    comm_and_pid(process.known_comm(), process.id.tgid)
}

pub fn comm_and_pid(comm: Option<Comm>, pid: u32) -> String {
    format!("{}[{pid}]", command_name(comm))
}

/// The command name of a process.
pub fn command(model: &Model, key: Key) -> String {
    command_name(model.process(key).known_comm())
}

/// `?` while no event has told it.
pub fn command_name(comm: Option<Comm>) -> String {
    comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

/// What a list of processes is not complete without, where some were let go.
pub fn evicted_note(model: &Model) -> String {
    match model.unlisted() {
        0 => String::new(),
        gone => format!(" ({gone} that ended long ago are no longer listed)"),
    }
}

/// `1 process`, `2 processes`.
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
