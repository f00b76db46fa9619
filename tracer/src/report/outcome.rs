//! What became of a process, in a word, and of many, in a line.

use std::{collections::BTreeMap, fmt};

use crate::{
    event::signal_name,
    model::{Process, State, WaitStatus},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Ok,
    Code(i32),
    Killed(i32),
    Alive,
    Unseen,
}

impl Outcome {
    pub fn of(process: &Process) -> Outcome {
        match process.status {
            Some(status) => Outcome::from(status),
            None if process.state() == State::Alive => Outcome::Alive,
            None => Outcome::Unseen,
        }
    }
}

impl From<WaitStatus> for Outcome {
    fn from(status: WaitStatus) -> Self {
        match (status.signal(), status.exit_code()) {
            (Some(signal), _) => Outcome::Killed(signal),
            (None, Some(0) | None) => Outcome::Ok,
            (None, Some(code)) => Outcome::Code(code),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Ok => f.write_str("ok"),
            Outcome::Code(code) => write!(f, "exit {code}"),
            Outcome::Killed(signal) => f.write_str(&signal_text(*signal)),
            Outcome::Alive => f.write_str("alive"),
            Outcome::Unseen => f.write_str("end not seen"),
        }
    }
}

/// Every signal has a text, also one that has no name.
pub fn signal_text(signal: i32) -> String {
    signal_name(signal).map_or_else(|| format!("signal {signal}"), |name| name.into_owned())
}

/// How many ended how.
#[derive(Default)]
pub struct Outcomes(BTreeMap<Outcome, u64>);

impl Outcomes {
    pub fn add(&mut self, outcome: Outcome) {
        *self.0.entry(outcome).or_default() += 1;
    }

    pub fn count(&self, which: impl Fn(Outcome) -> bool) -> u64 {
        self.0
            .iter()
            .filter(|&(&outcome, _)| which(outcome))
            .map(|(_, count)| count)
            .sum()
    }
}

impl fmt::Display for Outcomes {
    /// `38990 ok, 1000 exit 3, 10 SIGKILL`: the most frequent first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|&(outcome, count)| (std::cmp::Reverse(count), outcome));
        let rest: u64 = all.iter().skip(SHOWN).map(|&(_, count)| count).sum();
        let shown = all
            .iter()
            .take(SHOWN)
            .map(|(outcome, count)| format!("{count} {outcome}"));
        let rest = (rest > 0).then(|| format!("{rest} otherwise"));
        f.write_str(&shown.chain(rest).collect::<Vec<_>>().join(", "))
    }
}
