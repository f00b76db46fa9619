//! Outcomes as text: of one process in a word, of many in a line.

use std::collections::BTreeMap;

use crate::{event::signal_name, model::Outcome};

/// Returns the outcome of a process.
pub fn text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Code(code) => format!("exit {code}"),
        Outcome::Killed(signal) => signal_text(signal),
        Outcome::Alive => "alive".to_owned(),
        Outcome::Unseen => "end not seen".to_owned(),
    }
}

/// Returns the name of a signal, or `signal 70` for one without a name.
pub fn signal_text(signal: i32) -> String {
    signal_name(signal).map_or_else(|| format!("signal {signal}"), |name| name.into_owned())
}

/// Returns counts by outcome, the most frequent first: `38990 ok, 1000 exit 3, 10
/// SIGKILL`.
pub fn outcomes(counts: &BTreeMap<Outcome, u64>) -> String {
    const SHOWN: usize = 5;
    let mut all: Vec<_> = counts.iter().collect();
    all.sort_by_key(|&(outcome, count)| (std::cmp::Reverse(count), outcome));
    let rest: u64 = all.iter().skip(SHOWN).map(|&(_, count)| count).sum();
    let shown = all.iter().take(SHOWN);
    let shown = shown.map(|&(&outcome, count)| format!("{count} {}", text(outcome)));
    let rest = (rest > 0).then(|| format!("{rest} other"));
    shown.chain(rest).collect::<Vec<_>>().join(", ")
}
