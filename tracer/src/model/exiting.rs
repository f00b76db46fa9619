//! Processes that cannot end: their last thread has called `do_exit`, and they are
//! not zombies yet.

use super::{Finding, FindingKind, Key, Model, Process, State};
use crate::event::{Purpose, units::duration};

/// Duration of an exit that is not just the work of `do_exit`, ns.
const LONG: u64 = 1_000_000_000;
/// SIGKILL (signal(7)).
const SIGKILL: i32 = 9;

impl Model {
    /// Returns a finding for each process that has been exiting for over a second at
    /// `now`. None without a hook that shows the end of an exit. Takes time linear in
    /// the processes present for each.
    pub(super) fn exiting_findings(&self, now: u64) -> Vec<Finding> {
        let ends = [Purpose::Zombie, Purpose::Switch];
        if ends.iter().all(|&purpose| self.missing(purpose).is_some()) {
            return Vec::new();
        }
        let finding = |key: Key| {
            let (time, at_least) = self.exiting_age(key, now);
            if time < LONG {
                return None;
            }
            let mut says = format!(
                "{} has been exiting for {}{}",
                self.label(key),
                if at_least { "over " } else { "" },
                duration(time)
            );
            if let Some(reason) = self.exiting_reason(key) {
                says += &format!("; {reason}");
            }
            Some(Finding {
                kind: FindingKind::Exiting,
                process: Some(key),
                count: 1,
                since: self.process(key).exited_at,
                until: Some(now),
                says,
            })
        };
        self.exiting().filter_map(finding).collect()
    }

    /// Returns a finding for an exit that took over a second and is over. None if its
    /// end may have been lost.
    pub(super) fn slow_exit_finding(&self, key: Key) -> Option<Finding> {
        let (began, ended) = self.process(key).slow_exit()?;
        if self
            .gaps()
            .iter()
            .any(|gap| gap.hides_lives() && gap.since <= ended && gap.until >= began)
        {
            return None;
        }
        let time = duration(ended.saturating_sub(began));
        Some(Finding {
            kind: FindingKind::Exiting,
            process: Some(key),
            count: 1,
            since: Some(began),
            until: Some(ended),
            says: format!("{} was exiting for {time}", self.label(key)),
        })
    }

    /// Returns how long a process has been exiting at `now`, ns. True if that is a lower
    /// bound, because it was exiting already when it was found.
    pub fn exiting_age(&self, key: Key, now: u64) -> (u64, bool) {
        match self.process(key).exiting_time(now) {
            Some(time) => (time, false),
            None => (now.saturating_sub(self.began()), true),
        }
    }

    /// Returns the processes that an exiting init of a pid namespace waits for: it has
    /// killed all others (`zap_pid_ns_processes`, kernel/pid_namespace.c), and these are
    /// still present. Empty for any other process.
    fn awaited_by(&self, init: Key) -> Vec<Key> {
        let process = self.process(init);
        let is_init = process.ns.is_some_and(|(pid, level)| pid == 1 && level > 0);
        if process.state() != State::Exiting || !is_init {
            return Vec::new();
        }
        let mut awaited: Vec<Key> = self.index.present.iter().copied().collect();
        awaited.retain(|&key| {
            let mut signals = self.processes[key].signals.iter();
            key != init
                && signals.any(|(_, signal)| {
                    signal.sig == SIGKILL && signal.from_kernel() && signal.by.process == process.id
                })
        });
        awaited.sort_unstable();
        awaited
    }

    /// Returns the reason why a process is still exiting, as a clause: an init of a pid
    /// namespace waits for the processes that it has killed. None if it is unknown.
    pub fn exiting_reason(&self, key: Key) -> Option<String> {
        let awaited = self.awaited_by(key);
        let &first = awaited.first()?;
        let others = match awaited.len() - 1 {
            0 => String::new(),
            1 => " and 1 other process".to_owned(),
            others => format!(" and {others} other processes"),
        };
        let owner = self.process(first).owner();
        let held = match (self.process(first).state(), owner) {
            (State::Zombie, Some(owner)) => {
                format!("a zombie that {} has not reaped", self.label(owner))
            }
            (State::Zombie, None) => "a zombie that its parent has not reaped".to_owned(),
            _ => "which has not ended since it got SIGKILL".to_owned(),
        };
        Some(format!(
            "as init of a pid namespace it waits for {}, {held}{others}",
            self.label(first)
        ))
    }
}

impl Process {
    /// Returns when its exit began and when it became a zombie, ns since boot, if that
    /// took a second or longer.
    pub(super) fn slow_exit(&self) -> Option<(u64, u64)> {
        let (began, ended) = (self.exited_at?, self.zombie_at?);
        (ended.saturating_sub(began) >= LONG).then_some((began, ended))
    }
}
