//! Findings about zombies: those that an owner has not reaped, and those that it left
//! unreaped for long and no longer owns.

use std::cmp::Reverse;

use super::{
    Finding, FindingKind, Key, LastWait, LeftZombies, Model, Occurrences, OwnedZombies, OwnerTally,
    ReapKind, Reapers, Reaping, Successor, TenureEnd, ZombieTime, left::LONG,
};
use crate::event::{
    Comm, Disposition,
    units::{duration, plural},
};

/// Maximum number of findings about former zombies; the others are summed up.
const LEFT_LISTED: usize = 12;

impl Model {
    /// Returns the command name and PID of a process.
    pub(super) fn label(&self, key: Key) -> String {
        let process = self.process(key);
        format!("{}[{}]", command(process.known_comm()), process.id.tgid)
    }

    pub(super) fn unreaped_findings(&self, now: u64) -> Vec<Finding> {
        let owners = self.unreaped(now).into_iter();
        let found = owners.filter_map(|(owner, owned)| self.unreaped_finding(owner, &owned, now));
        let mut findings: Vec<_> = found.collect();
        findings.sort_by_key(|finding| Reverse(finding.count));
        findings
    }

    /// Returns a finding about an owner's zombies, if it has owned any for longer than
    /// a second.
    pub fn unreaped_finding(
        &self,
        owner: Option<Key>,
        owned: &OwnedZombies,
        now: u64,
    ) -> Option<Finding> {
        let owned_for = owned.owned_for.filter(|time| time.min >= LONG)?;
        let (count, oldest) = (owned.unreaped, owned.oldest?);
        let name = owner.map_or_else(|| "An unknown parent".to_owned(), |owner| self.label(owner));
        let them = if count == 1 { "it" } else { "them" };
        let mut says = match owned.traced {
            0 => format!(
                "{name} has not reaped {}",
                plural(count, "child", "children")
            ),
            traced if traced == count => {
                let zombies = plural(count, "zombie", "zombies");
                format!("{name} traces {zombies} and has not waited for {them}")
            }
            traced => format!("{name} has not reaped {count} zombies, {traced} of which it traces"),
        };
        says += &format!("; oldest {oldest}");
        if owned.inherited == count && owned_for < oldest {
            says += &format!("; it inherited {them} {owned_for} ago");
        } else if owned.inherited > 0 && owned_for < oldest {
            says += &format!("; it inherited {} of them", owned.inherited);
        }
        if let Some(parent) = owned.traced_parent {
            says += &format!("; until it waits, {} cannot", self.label(parent));
        }
        if let Some(owner) = owner {
            says += &self.describe_reaping(owner, owned.traced < count, now);
        }
        Some(Finding {
            kind: FindingKind::Unreaped,
            process: owner,
            count,
            since: owned.since,
            until: Some(now),
            says,
        })
    }

    /// Describes how an owner of zombies treats them, in clauses. Its heir is not
    /// mentioned if it has no claim to them, as to those that the owner traces.
    fn describe_reaping(&self, owner: Key, has_heir: bool, now: u64) -> String {
        let unknown = Reaping::default();
        let process = self.process(owner);
        let reaping = process.reaping.as_deref().unwrap_or(&unknown);
        let mut says = match self.last_wait(owner) {
            LastWait::At(last) => format!(
                "; it last waited {} ago",
                duration(now.saturating_sub(last))
            ),
            LastWait::Never => "; it has never waited".to_owned(),
            LastWait::NotSinceTracing => "; it has not waited since tracing began".to_owned(),
            LastWait::Unknown => "; its waits are not traced".to_owned(),
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
        let heir = reaping.heir;
        let heir = heir.filter(|heir| has_heir && *heir != process.id);
        if let Some(heir) = heir.and_then(|heir| self.find(heir)) {
            says += &format!("; if it exits, {} inherits them", self.label(heir));
        }
        says
    }

    /// Returns findings about zombies that their owners left unreaped for long and no
    /// longer own. `zombies` are the retained ones among these.
    pub(super) fn left_findings(&self, zombies: impl Iterator<Item = Key>) -> Vec<Finding> {
        let Reapers { by_owner, by_name } = self.left_zombies(zombies);
        let present = by_owner.into_iter().map(|(key, owned)| {
            let name = key.map_or_else(|| "An unknown parent".to_owned(), |key| self.label(key));
            (name, key, owned)
        });
        let evicted = by_name.into_iter();
        let evicted = evicted.map(|(comm, (_, owned))| (command(comm), None, owned));
        let mut found = Vec::new();
        for (name, key, OwnerTally { left, .. }) in present.chain(evicted) {
            for (end, left) in left {
                let process = key;
                let says = describe_left(&name, end, &left);
                found.push((left_finding(process, &left.times, says), left.longest));
            }
        }
        found.sort_by_key(|&(ref finding, longest)| Reverse((finding.count, longest)));
        let rest = found.split_off(found.len().min(LEFT_LISTED));
        let mut findings: Vec<_> = found.into_iter().map(|(finding, _)| finding).collect();
        findings.extend(rest_finding(&rest));
        findings
    }
}

fn command(comm: Option<Comm>) -> String {
    comm.map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

fn left_finding(process: Option<Key>, times: &Occurrences, says: String) -> Finding {
    Finding {
        kind: FindingKind::LeftZombies,
        process,
        count: times.count,
        since: times.span.map(|(since, _)| since),
        until: times.span.map(|(_, until)| until),
        says,
    }
}

/// Returns the sentence about zombies of one owner, or of evicted owners with one name,
/// that had the same end.
fn describe_left(name: &str, end: TenureEnd, left: &LeftZombies) -> String {
    let count = left.times.count;
    let (them, zombies) = (
        if count == 1 { "it" } else { "them" },
        plural(count, "zombie", "zombies"),
    );
    let (itself, its) = match left.owners {
        1 => ("it", "its"),
        _ => ("they", "their"),
    };
    let successor = match left.successor {
        Successor::One(id, comm) => format!("{}[{}]", command(comm), id.tgid),
        Successor::Several => "several processes".to_owned(),
        Successor::Unknown => "an unknown process".to_owned(),
    };
    let longest = match left.longest.exact() {
        Some(longest) if count > 1 => format!("up to {}", duration(longest)),
        _ => left.longest.to_string(),
    };
    let then = |kind: Option<ReapKind>| match kind {
        None => format!("; {successor} owns {them} now"),
        Some(ReapKind::Wait | ReapKind::Autoreap) => format!("; {successor} reaped {them}"),
        Some(ReapKind::Unseen) => {
            format!("; the call that reaped {them} was not seen")
        }
        Some(ReapKind::OwnerExit) => format!("; the exit of {successor} released {them}"),
    };
    let how = match end {
        TenureEnd::Reaped(ReapKind::Wait) => format!(", then {itself} reaped {them}"),
        TenureEnd::Reaped(ReapKind::OwnerExit) => {
            format!("; {its} exit released {them}, {itself} never waited for {them}")
        }
        TenureEnd::Reaped(ReapKind::Unseen | ReapKind::Autoreap) => {
            format!("; the call that reaped {them} was not seen")
        }
        TenureEnd::Inherited(kind) => format!(", until {itself} exited{}", then(kind)),
        TenureEnd::Untraced(kind) => format!(" as {its} tracer{}", then(kind)),
    };
    let verb = match end {
        TenureEnd::Untraced(_) => "held",
        TenureEnd::Reaped(_) | TenureEnd::Inherited(_) => "left",
    };
    let several = match left.owners {
        1 => String::new(),
        owners => format!(" × {owners}"),
    };
    format!("{name}{several} {verb} {zombies} for {longest}{how}")
}

/// Returns one finding that sums up many.
fn rest_finding(rest: &[(Finding, ZombieTime)]) -> Option<Finding> {
    let longest = rest.iter().map(|&(_, longest)| longest).max()?;
    let mut times = Occurrences::default();
    for (finding, _) in rest {
        times.extend(finding.count, finding.since.zip(finding.until));
    }
    let says = format!(
        "In {} further cases, {} were left, the longest for {longest}",
        rest.len(),
        plural(times.count, "zombie", "zombies"),
    );
    Some(left_finding(None, &times, says))
}
