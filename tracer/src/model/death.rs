//! How a process ends: the signal, `do_exit`, the zombie, the last switch, the
//! reaping, the free. Each may arrive late or never; each says what it knows.

use super::{Key, Model, State, WaitStatus};
use crate::event::{Dead, Exit, Faults, LastSwitch, Notify, Signal, Usage, Wait, Who};

/// Deadly signals remembered per process: the first of each kind decides, so
/// a flood of them changes nothing.
const SIGNALS_KEPT: usize = 8;

impl Model {
    pub(super) fn on_signal(&mut self, at: u64, who: Who, signal: &Signal) {
        let key = self.of(who);
        let process = &mut self.processes[key];
        let known = process
            .signals
            .iter()
            .any(|(_, earlier)| earlier.sig == signal.sig);
        if !known && process.signals.len() < SIGNALS_KEPT {
            process.signals.push((at, signal.clone()));
        }
    }

    pub(super) fn on_oom_victim(&mut self, who: Who) {
        let key = self.of(who);
        self.processes[key].oom_victim = true;
    }

    /// A thread exits; with the last one, the process.
    pub(super) fn on_exit(&mut self, at: u64, who: Who, exit: &Exit) {
        let key = self.of(who);
        let process = &mut self.processes[key];
        if !process.usage_complete {
            process.usage = sum(process.usage, exit.usage);
            process.accounted = true;
        }
        process.exit_signal = Some(exit.exit_signal);
        if who.is_leader() {
            process.leader_exit = Some(exit.code);
            process.rename(exit.comm);
        }
        let position = process
            .threads
            .iter()
            .position(|thread| thread.id == who.task);
        let counted = match position {
            Some(position) => process.threads.swap_remove(position).faults,
            None => {
                process.threads_seen += 1;
                Faults::default()
            }
        };
        if let Some(faults) = exit.faults {
            self.charge(at, who.process, faults.since(counted));
        }
        let process = &self.processes[key];
        let last = exit
            .group_dead
            .unwrap_or(process.threads.is_empty() && process.leader_exit.is_some());
        if last {
            self.on_group_dead(at, key, exit);
        }
    }

    fn on_group_dead(&mut self, at: u64, key: Key, exit: &Exit) {
        self.totals.exits += 1;
        self.history.at(at).exits += 1;
        let parent = self.parent_of(exit.parent);
        self.change(key, |process| {
            // Threads whose exit was lost.
            process.threads.clear();
            process.exited_at = Some(at);
            process.sigchld = Some(exit.sigchld);
            // `wait_task_zombie` (kernel/exit.c): the group's code if it has
            // one, else the leader's own.
            let status = exit.group_code.or(process.leader_exit).unwrap_or(exit.code);
            process.status = Some(WaitStatus(status));
            if let Some(sig) = WaitStatus(status).signal() {
                process.signals.retain(|(_, signal)| signal.sig == sig);
            }
            process.parent = parent;
        });
        if let Some(reaper) = exit.reaper {
            let reaper = self.ensure(reaper);
            self.hand_on(key, reaper);
        }
    }

    /// `forget_original_parent` (kernel/exit.c): the living and the zombies of
    /// a dead process get another parent.
    fn hand_on(&mut self, from: Key, to: Key) {
        if from == to {
            return;
        }
        let adopted = std::mem::take(&mut self.processes[from].adopted);
        let children = self.processes[from]
            .tree_children
            .iter()
            .copied()
            .chain(adopted);
        for child in children.collect::<Vec<_>>() {
            let process = &mut self.processes[child];
            if process.parent == Some(from) && !process.state().is_gone() {
                process.parent = Some(to);
                self.processes[to].adopted.push(child);
            }
        }
    }

    pub(super) fn on_notify(&mut self, at: u64, who: Who, notify: &Notify) {
        let owner = self.ensure(notify.owner);
        let teller = self.of(who);
        let dead = match notify.dead {
            Dead::Subject => Some(teller),
            Dead::ChildPid(pid) => self.find_pid(pid),
            Dead::Child => self.unreaped.get(&(teller, notify.seen_pid)).copied(),
        };
        let Some(dead) = dead else { return };
        let handed_on = notify.dead != Dead::Subject;
        if handed_on && self.processes[dead].state() == State::Alive {
            // A number reused: not the zombie that was meant.
            return;
        }
        self.unreaped.remove(&(teller, notify.seen_pid));
        self.change(dead, |process| {
            process.parent = Some(owner);
            if notify.autoreap {
                process.autoreaped = Some(true);
            } else if !handed_on {
                process.zombie_at = Some(at);
                process.zombie_inferred = false;
            }
        });
        if !notify.autoreap {
            self.unreaped.insert((owner, notify.seen_pid), dead);
        }
    }

    pub(super) fn on_last_switch(&mut self, at: u64, who: Who, switch: &LastSwitch) {
        let key = self.of(who);
        self.change(key, |process| {
            if process
                .last_switch
                .as_ref()
                .is_none_or(|&(earlier, _)| earlier < at)
            {
                process.last_switch = Some((at, switch.clone()));
            }
            // `exit_notify` lies behind it: who was not told by now never is.
            if process.state() == State::Exiting && process.threads.is_empty() {
                if process.reaps_itself() {
                    process.autoreaped = Some(true);
                } else {
                    process.zombie_at = Some(at);
                    process.zombie_inferred = true;
                }
            }
        });
    }

    pub(super) fn on_wait(&mut self, at: u64, who: Who, wait: &Wait) {
        let owner = self.of(who);
        let told = self.unreaped.get(&(owner, wait.child)).copied();
        // Without a notification the number alone must do: it is the child's
        // pid in the initial namespace, where nearly everybody lives.
        let child = told.or_else(|| {
            self.find_pid(wait.child)
                .filter(|&child| self.processes[child].parent == Some(owner))
        });
        let Some(child) = child else { return };
        // A child that lives has stopped or continued.
        if !matches!(
            self.processes[child].state(),
            State::Zombie | State::Exiting
        ) {
            return;
        }
        self.unreaped.remove(&(owner, wait.child));
        self.change(child, |process| {
            process.reaped_at = Some(at);
            process.reaped_by = Some(who);
            process.autoreaped = Some(false);
        });
    }

    pub(super) fn on_free(&mut self, at: u64, who: Who, group: Option<&Usage>) {
        let key = self.of(who);
        if !who.is_leader() {
            let process = &mut self.processes[key];
            process.threads.retain(|thread| thread.id != who.task);
            return;
        }
        self.change(key, |process| {
            process.threads.clear();
            if process.autoreaped.is_none() && process.zombie_at.is_none() {
                process.autoreaped = process.reaps_itself().then_some(true);
            }
            process.freed_at = Some(at);
            if let Some(group) = group {
                process.usage = *group;
                process.usage_complete = true;
                process.accounted = true;
            }
        });
        if let Some(owner) = self.processes[key].parent {
            let numbers = [
                Some(who.process.tgid),
                self.processes[key].ns.map(|(pid, _)| pid),
            ];
            for number in numbers.into_iter().flatten() {
                if self.unreaped.get(&(owner, number)) == Some(&key) {
                    self.unreaped.remove(&(owner, number));
                }
            }
        }
    }
}

/// The accounting of two threads of one process.
fn sum(one: Usage, other: Usage) -> Usage {
    Usage {
        utime: one.utime + other.utime,
        stime: one.stime + other.stime,
        runtime: one.runtime + other.runtime,
        nvcsw: one.nvcsw + other.nvcsw,
        nivcsw: one.nivcsw + other.nivcsw,
        min_flt: one.min_flt + other.min_flt,
        maj_flt: one.maj_flt + other.maj_flt,
        maxrss: one.maxrss.max(other.maxrss),
    }
}
