//! Findings: conditions a user should know without asking, one sentence each.
//! Zombies that were left unreaped, failed forks, repeated crashes, OOM kills and lost
//! records, each with the time it happened. They cover the whole stream, not only its
//! end, and depend on the model alone, so that reports, exports and the dashboard
//! agree. Those about zombies are in `zombie_findings.rs`.

use std::collections::BTreeMap;

use super::{GapSpan, Key, Killed, Model, Occurrences, Process, Sender};
use crate::event::{
    GapCause, signal_name,
    units::{duration, plural},
};

/// Number of deaths of one command by one signal that form a finding.
const MANY_DEATHS: u64 = 3;

/// A condition found in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Kind of the condition.
    pub kind: FindingKind,
    /// Process it is about; none if there are several or it is unknown.
    pub process: Option<Key>,
    /// Number of zombies, failures, deaths, records or times.
    pub count: u64,
    /// Time at which it began, ns since boot; none if it is unknown.
    pub since: Option<u64>,
    /// Time at which it was last seen, ns since boot; none if it is unknown.
    pub until: Option<u64>,
    /// Sentence shown to the user.
    pub says: String,
}

impl Finding {
    /// Returns the time at which its process shows the condition: where it began, or the latest
    /// death, because that is the death of its process. Unit: ns since boot.
    pub fn place(&self) -> Option<u64> {
        match self.kind {
            FindingKind::OutOfMemory | FindingKind::Crashing => self.until.or(self.since),
            FindingKind::Unreaped
            | FindingKind::LeftZombies
            | FindingKind::ForkFailed
            | FindingKind::Exiting
            | FindingKind::Lost => self.since.or(self.until),
        }
    }
}

/// The kind of a [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A process does not reap its children.
    Unreaped,
    /// A process left zombies unreaped, which are gone or have another owner now.
    LeftZombies,
    /// A process could not fork.
    ForkFailed,
    /// The OOM killer killed a command.
    OutOfMemory,
    /// A command crashes repeatedly.
    Crashing,
    /// A process is exiting and cannot end.
    Exiting,
    /// Records were lost or are missing.
    Lost,
}

impl FindingKind {
    /// Returns the name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            FindingKind::Unreaped => "unreaped",
            FindingKind::LeftZombies => "left_zombies",
            FindingKind::ForkFailed => "fork_failed",
            FindingKind::OutOfMemory => "out_of_memory",
            FindingKind::Crashing => "crashing",
            FindingKind::Exiting => "exiting",
            FindingKind::Lost => "lost",
        }
    }
}

/// The part of a process's life that findings depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Its death by a signal.
    pub killed: Option<Killed>,
    /// True if a former owner left it unreaped for a second or longer.
    left: bool,
    /// True if its exit took a second or longer and is over.
    slow_exit: bool,
}

impl Evidence {
    /// Returns what findings need to know of a process; none if that is nothing.
    pub fn of(process: &Process, now: u64) -> Option<Evidence> {
        let (killed, left) = (Killed::of(process), process.was_left(now));
        let slow_exit = process.slow_exit().is_some();
        (killed.is_some() || left || slow_exit).then_some(Evidence {
            killed,
            left,
            slow_exit,
        })
    }
}

impl Model {
    /// Returns the findings as of `now`, the most frequent first within each kind.
    /// Takes time linear in the retained processes.
    pub fn findings(&self, now: u64) -> Vec<Finding> {
        let processes = self.processes();
        let evidence: Vec<_> = processes
            .filter_map(|(key, process)| Some((key, Evidence::of(&process, now)?)))
            .collect();
        let evidence: Vec<_> = evidence.iter().map(|(key, it)| (*key, it)).collect();
        self.findings_of(now, &evidence)
    }

    /// Returns the same findings from the evidence of the retained processes, if the
    /// caller has it already. Takes time linear in this and in the zombies.
    pub fn findings_of(&self, now: u64, evidence: &[(Key, &Evidence)]) -> Vec<Finding> {
        let evidence = evidence.iter();
        let evidence = evidence.filter(|&&(key, _)| self.has_in_this_part(key));
        let mut findings = self.unreaped_findings(now);
        findings.extend(self.exiting_findings(now));
        let slow = evidence.clone().filter(|(_, it)| it.slow_exit);
        findings.extend(slow.filter_map(|&(key, _)| self.slow_exit_finding(key)));
        let left = evidence.clone().filter(|(_, it)| it.left);
        findings.extend(self.left_findings(left.map(|&(key, _)| key)));
        findings.extend(self.fork_findings());
        let killed = evidence.filter_map(|&(key, it)| Some((key, it.killed.as_ref()?)));
        findings.extend(self.death_findings(killed));
        if self.totals.lost > 0 {
            let larger_buffer_helps = self.gaps.iter().any(|gap| {
                let kinds = gap.lost.iter().map(|&(kind, _)| kind);
                gap.cause.larger_buffer_helps(kinds)
            });
            let advice = if larger_buffer_helps {
                " (a larger --buffer may help)"
            } else {
                ""
            };
            findings.push(Finding {
                kind: FindingKind::Lost,
                process: None,
                count: self.totals.lost,
                since: self.gaps.iter().map(|gap| gap.since).min(),
                until: self.gaps.iter().map(|gap| gap.until).max(),
                says: match self.gaps.iter().any(GapSpan::hides_lives) {
                    true => format!(
                        "{}: counts are lower bounds{advice}",
                        plural(self.totals.lost, "record was lost", "records were lost")
                    ),
                    false => format!(
                        "{} beyond a user's budget and not sent, no lives among them",
                        plural(self.totals.lost, "record was", "records were")
                    ),
                },
            });
        }
        findings.extend(self.unmeasured_gap_findings());
        findings
    }

    /// Returns findings for gaps with an unknown number of missing records.
    fn unmeasured_gap_findings(&self) -> impl Iterator<Item = Finding> {
        let unknown = || self.gaps.iter().filter(|gap| gap.has_unknown_size());
        let kinds = [
            (true, "no tracer was running"),
            (false, "the recording could not be read"),
        ];
        kinds.into_iter().filter_map(move |(untraced, why)| {
            let gaps = unknown().filter(|gap| (gap.cause == GapCause::Untraced) == untraced);
            let (mut all, mut time) = (Occurrences::default(), 0_u64);
            for gap in gaps {
                all.extend(1, Some((gap.since, gap.until)));
                time = time.saturating_add(gap.until.saturating_sub(gap.since));
            }
            let Occurrences { count, span } = all;
            let times = match count {
                0 => return None,
                1 => "once".to_owned(),
                count => format!("{count} times"),
            };
            Some(Finding {
                kind: FindingKind::Lost,
                process: None,
                count,
                since: span.map(|(since, _)| since),
                until: span.map(|(_, until)| until),
                says: format!(
                    "For {} {why}, {times}: what happened then is unknown, counts are lower bounds",
                    duration(time)
                ),
            })
        })
    }

    fn fork_findings(&self) -> Vec<Finding> {
        let mut failed: Vec<_> = self.failed_forks().collect();
        failed.sort_by_key(|failures| std::cmp::Reverse(failures.count));
        let finding = |failures: &super::ForkFailures| {
            let process = self.find(failures.by);
            let caller = format!("{}[{}]", failures.last.comm, failures.by.tgid);
            let times = match failures.count {
                1 => "once".to_owned(),
                count => format!("{count} times"),
            };
            Finding {
                kind: FindingKind::ForkFailed,
                process,
                count: failures.count,
                since: Some(failures.first_at),
                until: Some(failures.last_at),
                says: format!("{caller} could not fork, {times}: {}", failures.last),
            }
        };
        failed.into_iter().map(finding).collect()
    }

    /// Returns findings for commands killed by the OOM killer or crashing
    /// repeatedly.
    fn death_findings<'a>(&self, killed: impl Iterator<Item = (Key, &'a Killed)>) -> Vec<Finding> {
        let evicted = &self.retained.tally().killed.by_kind;
        let evicted = evicted.iter().map(|(kind, &times)| (kind, (times, None)));
        let mut kinds: BTreeMap<&Killed, (Occurrences, Option<Key>)> = evicted.collect();
        for (key, killed) in killed {
            let (times, latest) = kinds.entry(killed).or_default();
            times.add(self.process(key).end_seen_at());
            *latest = Some(key);
        }
        let mut findings: Vec<_> = kinds
            .into_iter()
            .filter_map(|(killed, (times, latest))| death_finding(killed, times, latest))
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.count));
        findings
    }
}

/// Returns a finding for deaths of one kind.
fn death_finding(killed: &Killed, times: Occurrences, latest: Option<Key>) -> Option<Finding> {
    let Occurrences { count, span } = times;
    let comm = killed.comm.map_or("?".to_owned(), |comm| comm.to_string());
    let times = if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    };
    let signal = signal_name(killed.signal).map_or_else(
        || format!("signal {}", killed.signal),
        |name| name.into_owned(),
    );
    let (kind, says) = match killed.sender {
        Sender::OomKiller => (
            FindingKind::OutOfMemory,
            format!("{comm} was killed {times} because memory ran out"),
        ),
        Sender::Kernel | Sender::Itself if count >= MANY_DEATHS => (
            FindingKind::Crashing,
            format!("{comm} died of {signal} {times}"),
        ),
        Sender::Kernel | Sender::Itself | Sender::Process(..) | Sender::Unknown => return None,
    };
    Some(Finding {
        kind,
        process: latest,
        count,
        since: span.map(|(since, _)| since),
        until: span.map(|(_, until)| until),
        says,
    })
}
