//! Outcomes as text: of one process in a word, of many in a line, and the sender of the
//! signal that ended one.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    event::{Purpose, signal_name},
    model::{Model, Outcome, Sender},
};

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

/// Returns counts by outcome, of which the most frequent come first: `38990 ok, 1000
/// exit 3, 10 SIGKILL`.
pub fn outcomes(counts: &[(Outcome, u64)]) -> String {
    const SHOWN: usize = 5;
    let rest: u64 = counts.iter().skip(SHOWN).map(|&(_, count)| count).sum();
    let shown = counts.iter().take(SHOWN);
    let shown = shown.map(|&(outcome, count)| format!("{count} {}", text(outcome)));
    let rest = (rest > 0).then(|| format!("{rest} other"));
    shown.chain(rest).collect::<Vec<_>>().join(", ")
}

/// Returns the sender of a fatal signal, or the reason why it is unknown.
pub fn sender_text(model: &Model, sender: &Sender) -> String {
    match sender {
        Sender::OomKiller => "the kernel: out of memory".to_owned(),
        Sender::Kernel => "the kernel".to_owned(),
        Sender::Itself => "itself".to_owned(),
        Sender::Process(comm, pid) => format!("{comm}[{pid}]"),
        Sender::Unknown => format!("unknown: {}", why_unknown(model)),
    }
}

fn why_unknown(model: &Model) -> &'static str {
    let missing = model
        .session()
        .and_then(|session| session.missing(Purpose::Signal));
    if missing.is_some() {
        "no hook available"
    } else if model.gaps().is_empty() {
        "not observed"
    } else {
        "records were lost"
    }
}

/// Returns counts by outcome, the most frequent first.
pub fn most_frequent(counts: &BTreeMap<Outcome, u64>) -> Vec<(Outcome, u64)> {
    let mut all: Vec<_> = counts
        .iter()
        .map(|(&outcome, &count)| (outcome, count))
        .collect();
    all.sort_by_key(|&(outcome, count)| (Reverse(count), outcome));
    all
}
