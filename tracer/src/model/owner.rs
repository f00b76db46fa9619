//! The owners of a zombie: the process that must wait for it, and those that had to
//! before. A zombie passes to another owner when its owner exits, or when a tracer
//! (ptrace(2)) waits for it or exits.

use serde::{Deserialize, Serialize};

use super::{
    Key, Process, ReapKind, State, ZombieTime,
    former_owner::{FORMER_OWNERS, FormerOwner},
    zombie_time::Bounds,
};
use crate::event::Disposition;

/// The time during which a zombie had one owner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tenure {
    /// The owner; none if it is unknown.
    pub owner: Option<Key>,
    /// Time at which it became the owner of a zombie, ns since boot. An upper bound
    /// if [`Self::time`] is not exact.
    pub since: u64,
    /// Time at which it ceased to be, ns since boot; `now` if it still is. An upper
    /// bound if [`Self::time`] is not exact.
    pub until: u64,
    /// Time between the two.
    pub time: ZombieTime,
    /// The end of the tenure; none if it lasts.
    pub end: Option<TenureEnd>,
}

/// The end of a [`Tenure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TenureEnd {
    /// The zombie was reaped.
    Reaped(ReapKind),
    /// The owner exited and its heir became the owner. The kind tells how the zombie
    /// was reaped in the end; none if it is still a zombie.
    Inherited(Option<ReapKind>),
    /// The tracer waited or exited and the parent became the owner. The kind tells
    /// how the zombie was reaped in the end; none if it is still a zombie.
    Untraced(Option<ReapKind>),
}

impl TenureEnd {
    /// Returns the name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            TenureEnd::Reaped(_) => "reap",
            TenureEnd::Inherited(_) => "owner_exit",
            TenureEnd::Untraced(_) => "tracer",
        }
    }

    /// Returns how the zombie was reaped in the end; none if it is still one.
    pub fn reaped(self) -> Option<ReapKind> {
        match self {
            TenureEnd::Reaped(kind) => Some(kind),
            TenureEnd::Inherited(kind) | TenureEnd::Untraced(kind) => kind,
        }
    }
}

impl Process {
    /// Returns the tracer that must wait for the exited process before its parent
    /// may.
    pub(super) fn tracer(&self) -> Option<Key> {
        self.pending.as_ref()?.tracer
    }

    /// Returns the process that must wait for it: its tracer if that holds it, or
    /// its parent. None if that is unknown.
    pub fn owner(&self) -> Option<Key> {
        self.tracer().or(self.parent)
    }

    /// Returns the owners that it had as a zombie before [`Self::owner`], the first
    /// one first.
    pub fn former_owners(&self) -> &[FormerOwner] {
        let pending = self.pending.as_ref();
        pending.map_or(&[], |pending| &pending.rare.former_owners)
    }

    /// Changes the parent and the tracer that holds it. A zombie remembers the owner
    /// that it had until then.
    pub(super) fn hand_over(&mut self, at: u64, parent: Option<Key>, tracer: Option<Key>) {
        let (before, was_zombie) = (self.owner(), self.state() == State::Zombie);
        let traced = self.tracer().is_some();
        self.set_owner(parent, tracer);
        if !was_zombie || self.owner() == before {
            return;
        }
        let former = &mut self.pending_mut().rare.former_owners;
        match former.get_mut(FORMER_OWNERS - 1) {
            Some(last) => (last.owner, last.until) = (None, at),
            None => former.push(FormerOwner {
                owner: before,
                until: at,
                traced,
            }),
        }
    }

    /// Sets the parent and the tracer that holds it.
    fn set_owner(&mut self, parent: Option<Key>, tracer: Option<Key>) {
        self.parent = parent;
        if tracer.is_some() || self.tracer().is_some() {
            self.pending_mut().tracer = tracer;
        }
    }

    /// Takes the parent and the tracer from a snapshot. The first owner that is known
    /// owned it before the snapshot too.
    pub(super) fn found_with_owner(&mut self, at: u64, parent: Option<Key>, tracer: Option<Key>) {
        match self.owner() {
            None => self.set_owner(parent, tracer),
            Some(_) => self.hand_over(at, parent, tracer),
        }
    }

    /// Marks it as released by the exit of its owner `by`: nobody waited for it.
    pub(super) fn release_by_exit(&mut self, at: u64, by: Option<Key>) {
        self.reaped_at = Some(at);
        self.reaped_by = None;
        self.autoreaped = Some(false);
        let pending = self.pending.as_mut();
        let last = pending.and_then(|pending| pending.rare.former_owners.last_mut());
        if let Some(last) = last.filter(|last| last.owner == by) {
            // The heir became its parent, but never had to wait.
            last.until = at;
        }
        self.forget_late_zombie_start(at);
    }

    /// Undoes [`Self::release_by_exit`], because the process is still there.
    pub(super) fn revoke_release(&mut self) {
        if self.reap_kind() == Some(ReapKind::OwnerExit) {
            self.reaped_at = None;
            self.autoreaped = None;
        }
    }

    /// Returns how it left the process table; none if it has not.
    pub fn reap_kind(&self) -> Option<ReapKind> {
        if self.state() != State::Reaped {
            return None;
        }
        Some(match (self.autoreaped, self.reaped_by, self.reaped_at) {
            (Some(true), _, _) => ReapKind::Autoreap,
            (_, Some(_), _) => ReapKind::Wait,
            (_, None, Some(_)) => ReapKind::OwnerExit,
            (_, None, None) => ReapKind::Unseen,
        })
    }

    /// Returns true if the kernel releases its children as they exit, as far as
    /// known: it ignores SIGCHLD or set SA_NOCLDWAIT, or it is the init of a pid
    /// namespace and exits, which has no heir.
    pub(super) fn discards_children(&self) -> bool {
        let reaping = self.reaping.as_ref();
        let policy = reaping.and_then(|reaping| reaping.sigchld_policy);
        self.has_exited() && self.heir.is_none()
            || policy.is_some_and(|(_, policy)| {
                policy.nocldwait || policy.sigchld == Disposition::Ignored
            })
    }

    /// Returns the owners that it had as a zombie, in order. Empty if it has not been
    /// one, as far as known.
    pub fn tenures(&self, now: u64) -> impl Iterator<Item = Tenure> + '_ {
        let span = self.zombie_span(now);
        let reaped = self.reap_kind();
        let former = self.former_owners();
        let seen = self.last_seen_as_zombie();
        let seen = seen.filter(|_| reaped == Some(ReapKind::Unseen));
        // The last former owner reaped it and passed it on in one.
        let is_last = former
            .last()
            .is_some_and(|last| Some(last.until) == self.reaped_at);
        let count = former.len() + usize::from(!is_last);
        (0..count).filter_map(move |place| {
            let span = span?;
            let begins = match place.checked_sub(1) {
                Some(before) => former[before].until.into(),
                None => span.start,
            };
            let (owner, ends) = match former.get(place) {
                Some(former) => {
                    let until = Bounds {
                        // It may have been reaped before.
                        earliest: Some(seen.map_or(former.until, |seen| seen.min(former.until))),
                        latest: former.until,
                    };
                    (former.owner, until)
                }
                None => (self.owner(), span.end),
            };
            let end = match former.get(place) {
                _ if place + 1 == count => reaped.map(TenureEnd::Reaped),
                Some(former) if former.traced => Some(TenureEnd::Untraced(reaped)),
                Some(_) | None => Some(TenureEnd::Inherited(reaped)),
            };
            Some(Tenure {
                owner,
                since: begins.latest,
                until: ends.latest,
                time: begins.until(ends),
                end,
            })
        })
    }
}
