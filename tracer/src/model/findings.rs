//! Findings: conditions a user should know without asking, one sentence each.
//! Unreaped zombies, failed forks, repeated crashes, OOM kills and lost records.
//! They depend on the model alone, so that reports, exports and the dashboard
//! agree.

use std::collections::BTreeMap;

use super::{Key, Killed, Model, OwnedZombies, Reaping, Sender, ZombieAge};
use crate::event::{Disposition, GapCause, signal_name, units::duration};

/// Age from which a zombie is not just waiting for its parent's next turn, ns.
const OLD: u64 = 1_000_000_000;
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
    /// Sentence shown to the user.
    pub says: String,
}

/// The kind of a [`Finding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A process does not reap its children.
    Unreaped,
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
            FindingKind::ForkFailed => "fork_failed",
            FindingKind::OutOfMemory => "out_of_memory",
            FindingKind::Crashing => "crashing",
            FindingKind::Exiting => "exiting",
            FindingKind::Lost => "lost",
        }
    }
}

impl Model {
    /// Returns the findings as of `now`, the most frequent first within each kind.
    /// Takes time linear in the retained processes.
    pub fn findings(&self, now: u64) -> Vec<Finding> {
        let processes = self.processes();
        let killed = processes.filter_map(|(key, process)| Some((key, Killed::of(process)?)));
        self.findings_of(now, killed)
    }

    /// Returns the same findings from the retained processes' deaths, if the caller
    /// has them already. Takes time linear in these and in the zombies.
    pub fn findings_of(
        &self,
        now: u64,
        killed: impl Iterator<Item = (Key, Killed)>,
    ) -> Vec<Finding> {
        let mut findings = self.unreaped_findings(now);
        findings.extend(self.exiting_findings(now));
        findings.extend(self.fork_findings());
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
                says: format!(
                    "{} records were lost: counts are lower bounds{advice}",
                    self.totals.lost
                ),
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
            let (count, time) = gaps.fold((0_u64, 0_u64), |(count, time), gap| {
                let span = gap.until.saturating_sub(gap.since);
                (count + 1, time.saturating_add(span))
            });
            let times = match count {
                0 => return None,
                1 => "once".to_owned(),
                count => format!("{count} times"),
            };
            Some(Finding {
                kind: FindingKind::Lost,
                process: None,
                count,
                says: format!(
                    "For {} {why}, {times}: what happened then is unknown, counts are lower bounds",
                    duration(time)
                ),
            })
        })
    }

    pub(super) fn label(&self, key: Key) -> String {
        let process = self.process(key);
        let comm = process.known_comm();
        let comm = comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string());
        format!("{comm}[{}]", process.id.tgid)
    }

    fn unreaped_findings(&self, now: u64) -> Vec<Finding> {
        let owners = self.unreaped(now).into_iter();
        let found = owners.filter_map(|(owner, owned)| self.unreaped_finding(owner, &owned, now));
        let mut findings: Vec<_> = found.collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.count));
        findings
    }

    /// Returns a finding about an owner's zombies, if any is older than a second.
    pub fn unreaped_finding(
        &self,
        owner: Option<Key>,
        owned: &OwnedZombies,
        now: u64,
    ) -> Option<Finding> {
        let ZombieAge { ns, at_least } = owned.oldest.filter(|oldest| oldest.ns >= OLD)?;
        let count = owned.unreaped;
        let mut says = match owner {
            Some(owner) => self.label(owner),
            None => "An unknown parent".to_owned(),
        };
        let (children, over) = (
            if count == 1 { "child" } else { "children" },
            if at_least { "over " } else { "" },
        );
        says += &format!(
            " has not reaped {count} {children}; oldest {over}{}",
            duration(ns)
        );
        if let Some(owner) = owner {
            says += &self.describe_reaping(owner, now);
        }
        Some(Finding {
            kind: FindingKind::Unreaped,
            process: owner,
            count,
            says,
        })
    }

    /// Describes how an owner of zombies treats them, in clauses.
    fn describe_reaping(&self, owner: Key, now: u64) -> String {
        let unknown = Reaping::default();
        let process = self.process(owner);
        let reaping = process.reaping.as_deref().unwrap_or(&unknown);
        let mut says = match reaping.last_waited() {
            Some(last) => format!(
                "; it last waited {} ago",
                duration(now.saturating_sub(last))
            ),
            None if process.forked_at.is_some() => "; it has never waited".to_owned(),
            None => "; it has not waited since tracing began".to_owned(),
        };
        if let Some((_, sigchld_policy)) = reaping.sigchld_policy {
            if sigchld_policy.stopped {
                says += "; it is stopped";
            }
            if sigchld_policy.blocked {
                says += "; SIGCHLD is blocked";
            }
            says += match sigchld_policy.sigchld {
                Disposition::Default => "; SIGCHLD has no handler",
                Disposition::Ignored => "; SIGCHLD is ignored",
                Disposition::Caught if sigchld_policy.blocked => "",
                Disposition::Caught => "; it handles SIGCHLD",
            };
        }
        let heir = reaping.heir.filter(|heir| *heir != process.id);
        if let Some(heir) = heir.and_then(|heir| self.find(heir)) {
            says += &format!("; if it exits, {} inherits them", self.label(heir));
        }
        says
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
                says: format!("{caller} could not fork, {times}: {}", failures.last),
            }
        };
        failed.into_iter().map(finding).collect()
    }

    /// Returns findings for commands killed by the OOM killer or crashing
    /// repeatedly.
    fn death_findings(&self, killed: impl Iterator<Item = (Key, Killed)>) -> Vec<Finding> {
        let evicted = &self.retained.tally().killed.by_kind;
        let evicted = evicted
            .iter()
            .map(|(kind, &count)| (kind.clone(), (count, None)));
        let mut kinds: BTreeMap<Killed, (u64, Option<Key>)> = evicted.collect();
        for (key, killed) in killed {
            let (count, latest) = kinds.entry(killed).or_default();
            *count += 1;
            *latest = Some(key);
        }
        let mut findings: Vec<_> = kinds
            .into_iter()
            .filter_map(|(killed, (count, latest))| death_finding(&killed, count, latest))
            .collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.count));
        findings
    }
}

/// Returns a finding for `count` deaths of one kind.
fn death_finding(killed: &Killed, count: u64, latest: Option<Key>) -> Option<Finding> {
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
        says,
    })
}
