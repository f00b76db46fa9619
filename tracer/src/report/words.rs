//! Names and counts in the form that all sections use.

use super::scope::Scope;
use crate::{
    event::{Comm, units::duration},
    model::{Key, Model},
};

/// Returns the command name and PID of a process: `nginx[812]`.
pub fn process_name(model: &Model, key: Key) -> String {
    let process = model.process(key);
    comm_and_pid(process.known_comm(), process.id.tgid)
}

/// Returns `nginx[812]`, or `?[812]` if the command name is unknown.
pub fn comm_and_pid(comm: Option<Comm>, pid: u32) -> String {
    format!("{}[{pid}]", command_name(comm))
}

/// Returns the command name of a process.
pub fn command(model: &Model, key: Key) -> String {
    command_name(model.process(key).known_comm())
}

/// Returns the command name, or `?` if it is unknown.
pub fn command_name(comm: Option<Comm>) -> String {
    comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

/// Returns the time of day of a moment in ns since boot, with the date where one is
/// needed, or the time since the beginning if the wall clock is unknown. `digits` is
/// the number of digits of the second.
pub fn time(scope: &Scope<'_>, at: u64, digits: usize) -> String {
    let model = scope.model;
    let Some(session) = model.session() else {
        return match at.checked_sub(model.began()) {
            Some(since) => format!("+{}", duration(since)),
            None => format!("-{}", duration(model.began() - at)),
        };
    };
    let [at, began, ended] = [at, model.began(), model.now()].map(|at| session.realtime(at));
    scope.layout.zone.within(at, (began, ended), digits)
}
