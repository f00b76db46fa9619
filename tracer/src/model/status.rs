//! The time of each lifecycle event of a process, or "not yet", or why it is
//! unknown. Unknown is never shown as zero or "no".

use super::{Creation, Key, Model, State};
use crate::event::Purpose;

/// The lifecycle events of a process, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Created by fork.
    Forked,
    /// Made runnable.
    Runnable,
    /// First run.
    FirstRan,
    /// Latest exec.
    Execed,
    /// Exit of the last thread.
    Exited,
    /// Owner notified.
    Zombie,
    /// Last switch.
    LastSwitch,
    /// Removed from the process table.
    Reaped,
    /// Task struct freed.
    Freed,
}

impl Moment {
    /// Every moment, in order.
    pub const ALL: [Moment; 9] = [
        Moment::Forked,
        Moment::Runnable,
        Moment::FirstRan,
        Moment::Execed,
        Moment::Exited,
        Moment::Zombie,
        Moment::LastSwitch,
        Moment::Reaped,
        Moment::Freed,
    ];

    /// Returns the kernel function in which the moment happens.
    pub fn kernel_name(self) -> &'static str {
        match self {
            Moment::Forked => "copy_process",
            Moment::Runnable => "wake_up_new_task",
            Moment::FirstRan => "schedule_tail",
            Moment::Execed => "begin_new_exec",
            Moment::Exited => "do_exit",
            Moment::Zombie => "exit_notify",
            Moment::LastSwitch => "finish_task_switch",
            Moment::Reaped => "release_task",
            Moment::Freed => "delayed_put_task_struct",
        }
    }

    /// Returns the purpose with a hook that reports the moment.
    fn purpose(self) -> Purpose {
        match self {
            Moment::Forked => Purpose::Fork,
            Moment::Runnable => Purpose::WakeupNew,
            Moment::FirstRan | Moment::LastSwitch => Purpose::Switch,
            Moment::Execed => Purpose::Exec,
            Moment::Exited => Purpose::Exit,
            Moment::Zombie => Purpose::Zombie,
            Moment::Reaped => Purpose::Reap,
            Moment::Freed => Purpose::Free,
        }
    }
}

/// The knowledge about a [`Moment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Happened at this time, ns since boot.
    At(u64),
    /// Happened at this time or before, ns since boot.
    By(u64),
    /// Has not happened yet.
    NotYet,
    /// Did not happen and will not.
    Never,
    /// Happened, but the time is unknown.
    Unknown(UnknownReason),
}

/// The reason a time is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownReason {
    /// It happened before tracing began.
    BeforeTrace,
    /// No hook serves this purpose on this machine.
    NoHook(Purpose),
    /// Its record was lost, or the hooks do not cover this case.
    Unseen,
}

impl UnknownReason {
    /// Returns the reason as text.
    pub fn text(self) -> &'static str {
        match self {
            UnknownReason::BeforeTrace => "before tracing began",
            UnknownReason::NoHook(_) => "no hook for it in use",
            UnknownReason::Unseen => "not witnessed",
        }
    }
}

impl Model {
    /// Returns the knowledge about a moment in a process's life.
    pub fn moment(&self, key: Key, moment: Moment) -> Known {
        let process = &self.processes[key];
        let state = process.state();
        let older = matches!(process.created_by, Creation::Snapshot);
        let exited = state != State::Alive;
        let (time, passed) = match moment {
            Moment::Forked => (process.forked_at, true),
            Moment::Runnable => (process.runnable_at, true),
            Moment::FirstRan => (
                process.first_ran_at,
                older || exited || !process.executions.is_empty(),
            ),
            Moment::Execed => match process.executions.last() {
                Some(execution) => (Some(execution.at), true),
                None if process.forked_at.is_some()
                    && self.missing(Purpose::Exec).is_none()
                    && exited =>
                {
                    return Known::Never;
                }
                None if exited => (None, true),
                None => return Known::NotYet,
            },
            Moment::Exited => {
                if process.exiting_when_found && process.exited_at.is_none() {
                    return Known::Unknown(UnknownReason::BeforeTrace);
                }
                (process.exited_at, exited)
            }
            Moment::Zombie => {
                if process.autoreaped == Some(true) {
                    return Known::Never;
                }
                if process.zombie_inferred
                    && let Some(at) = process.zombie_at
                {
                    return Known::By(at);
                }
                if process.found_exited_at().is_some() && process.exited_at.is_none() {
                    return Known::Unknown(UnknownReason::BeforeTrace);
                }
                (process.zombie_at, state.is_gone())
            }
            Moment::LastSwitch => (
                process.last_switch.as_ref().map(|&(at, _)| at),
                state.is_gone(),
            ),
            Moment::Reaped => match (process.reaped_at, process.freed_at.or(process.vanished_at)) {
                (None, Some(end)) if state == State::Reaped => return Known::By(end),
                (reaped, _) => (reaped, state.is_gone()),
            },
            Moment::Freed => (process.freed_at, process.vanished_at.is_some()),
        };
        match time {
            Some(at) => Known::At(at),
            None if !passed => Known::NotYet,
            None if self.missing(moment.purpose()).is_some() => {
                Known::Unknown(UnknownReason::NoHook(moment.purpose()))
            }
            None if older && !exited => Known::Unknown(UnknownReason::BeforeTrace),
            None if older
                && matches!(moment, Moment::Forked | Moment::Runnable | Moment::FirstRan) =>
            {
                Known::Unknown(UnknownReason::BeforeTrace)
            }
            None => Known::Unknown(UnknownReason::Unseen),
        }
    }
}
