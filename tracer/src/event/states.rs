//! Task states as the scheduler defines them, and the time spent in each.

use serde::{Deserialize, Serialize};

/// Declares the states that take time: names, the letter that ps(1) shows, and a
/// sum for each.
macro_rules! states {
    ($($(#[doc = $doc:literal])+ $number:literal $field:ident $state:ident $letter:literal;)*) => {
        /// State of a task. Numbered by hand, because the number is in recordings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum TaskState {
            $($(#[doc = $doc])+ $state = $number,)*
            /// Switched out for the last time (TASK_DEAD).
            Dead = 7,
        }

        /// Time in each state, ns.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct StateTimes { $($(#[doc = $doc])+ pub $field: u64,)* }

        impl TaskState {
            /// States in which a task spends time, all but [`Self::Dead`].
            pub const ALIVE: &[TaskState] = &[$(TaskState::$state,)*];

            /// Returns the state with this number in recordings.
            pub fn from_number(number: u8) -> Option<TaskState> {
                match number {
                    $($number => Some(TaskState::$state),)*
                    7 => Some(TaskState::Dead),
                    _ => None,
                }
            }

            /// Returns the name used in JSON, filters and on screen.
            pub fn name(self) -> &'static str {
                match self {
                    $(TaskState::$state => stringify!($field),)*
                    TaskState::Dead => "dead",
                }
            }

            /// Returns the letter that ps(1) shows (`task_index_to_char`,
            /// include/linux/sched.h).
            pub fn letter(self) -> &'static str {
                match self {
                    $(TaskState::$state => $letter,)*
                    TaskState::Dead => "X",
                }
            }
        }

        impl StateTimes {
            /// Returns the time in one state, ns.
            pub fn of(&self, state: TaskState) -> u64 {
                match state {
                    $(TaskState::$state => self.$field,)*
                    TaskState::Dead => 0,
                }
            }

            /// Builds the times by calling `of` for each state.
            pub fn by_state(of: impl Fn(TaskState) -> u64) -> StateTimes {
                StateTimes { $($field: of(TaskState::$state),)* }
            }

            /// Returns the time in all states, ns.
            pub fn total(&self) -> u64 {
                let all = [$(self.$field),*];
                all.into_iter().fold(0, u64::saturating_add)
            }
        }
    };
}

states! {
    /// Running on a CPU.
    0 running Running "R";
    /// On a run queue, waiting for a CPU.
    1 runnable Runnable "R";
    /// Sleeping until an event or a signal arrives (TASK_INTERRUPTIBLE).
    2 interruptible Interruptible "S";
    /// Uninterruptible sleep: at most a fatal signal ends it (TASK_UNINTERRUPTIBLE,
    /// TASK_KILLABLE). Disk, page lock, vfork's parent.
    3 uninterruptible Uninterruptible "D";
    /// Stopped by a signal (TASK_STOPPED).
    4 stopped Stopped "T";
    /// Stopped by its tracer (TASK_TRACED).
    5 traced Traced "t";
    /// Idle kernel thread (TASK_IDLE, TASK_PARKED).
    6 idle Idle "I";
}

impl StateTimes {
    /// Returns the sum of both, state by state.
    pub fn plus(self, other: StateTimes) -> StateTimes {
        StateTimes::by_state(|state| self.of(state).saturating_add(other.of(state)))
    }

    /// Returns the times with `time` added to one state.
    pub fn and(self, state: TaskState, time: u64) -> StateTimes {
        self.plus(StateTimes::by_state(|other| match other == state {
            true => time,
            false => 0,
        }))
    }
}

/// Time of a task in each state since it was first seen: since it was made
/// runnable, or since state counting began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// Current state. If it is [`TaskState::Dead`], the figures are final.
    pub state: TaskState,
    /// Time the task entered that state, ns since boot. `times` is exact until
    /// then.
    pub since: u64,
    /// Time the task was first seen, ns since boot. `times` adds up to the interval
    /// from here to `since`.
    pub began: u64,
    /// Time in each state until `since`.
    pub times: StateTimes,
    /// Wake-ups of the task.
    pub wakeups: Wakeups,
    /// Turns on a CPU with a start that the kernel did not report. Their time is
    /// counted in the state before, which is runnable.
    pub missed: u64,
}

/// Wake-ups that were followed by a turn on a CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wakeups {
    /// Number of wake-ups.
    pub count: u64,
    /// Total time from wake-up to running, ns.
    pub latency: u64,
    /// Longest time from wake-up to running, ns.
    pub latency_max: u64,
}

impl Wakeups {
    /// Returns both combined.
    pub fn plus(self, other: Wakeups) -> Wakeups {
        Wakeups {
            count: self.count.saturating_add(other.count),
            latency: self.latency.saturating_add(other.latency),
            latency_max: self.latency_max.max(other.latency_max),
        }
    }

    /// Returns the average latency in ns; none without wake-ups.
    pub fn average(&self) -> Option<u64> {
        self.latency.checked_div(self.count)
    }
}

impl States {
    /// Returns the times with the current state counted up to `now`.
    pub fn until(&self, now: u64) -> StateTimes {
        self.times.and(self.state, now.saturating_sub(self.since))
    }
}
