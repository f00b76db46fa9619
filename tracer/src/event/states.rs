//! In which state a task is, in the scheduler's words, and was for how long.

use serde::{Deserialize, Serialize};

/// Declares the states that take time: names, a letter as ps(1) shows it, and
/// the sum of each.
macro_rules! states {
    ($($(#[doc = $doc:literal])+ $number:literal $field:ident $state:ident $letter:literal;)*) => {
        /// A state of a task. Numbered by hand: the number is in recordings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum TaskState {
            $($(#[doc = $doc])+ $state = $number,)*
            /// Switched out for good (TASK_DEAD).
            Dead = 7,
        }

        /// Time in each state, ns.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct StateTimes { $($(#[doc = $doc])+ pub $field: u64,)* }

        impl TaskState {
            /// Those that time is spent in.
            pub const ALIVE: &[TaskState] = &[$(TaskState::$state,)*];

            pub fn from_number(number: u8) -> Option<TaskState> {
                match number {
                    $($number => Some(TaskState::$state),)*
                    7 => Some(TaskState::Dead),
                    _ => None,
                }
            }

            /// The name in JSON, filters and on screen.
            pub fn name(self) -> &'static str {
                match self {
                    $(TaskState::$state => stringify!($field),)*
                    TaskState::Dead => "dead",
                }
            }

            /// As ps(1) names it (`task_index_to_char`, include/linux/sched.h).
            pub fn letter(self) -> &'static str {
                match self {
                    $(TaskState::$state => $letter,)*
                    TaskState::Dead => "X",
                }
            }
        }

        impl StateTimes {
            pub fn of(&self, state: TaskState) -> u64 {
                match state {
                    $(TaskState::$state => self.$field,)*
                    TaskState::Dead => 0,
                }
            }

            pub fn by_state(of: impl Fn(TaskState) -> u64) -> StateTimes {
                StateTimes { $($field: of(TaskState::$state),)* }
            }

            /// Time in all states.
            pub fn total(&self) -> u64 {
                let all = [$(self.$field),*];
                all.into_iter().fold(0, u64::saturating_add)
            }
        }
    };
}

states! {
    /// On a CPU.
    0 running Running "R";
    /// On a run queue, waiting for a CPU.
    1 runnable Runnable "R";
    /// Asleep until something happens or a signal comes (TASK_INTERRUPTIBLE).
    2 interruptible Interruptible "S";
    /// Asleep without an ear for signals, but perhaps a deadly one
    /// (TASK_UNINTERRUPTIBLE, TASK_KILLABLE): disk, page lock, vfork's parent.
    3 uninterruptible Uninterruptible "D";
    /// Stopped by a signal (TASK_STOPPED).
    4 stopped Stopped "T";
    /// Held by its tracer (TASK_TRACED).
    5 traced Traced "t";
    /// A kernel thread without work (TASK_IDLE, TASK_PARKED).
    6 idle Idle "I";
}

impl StateTimes {
    pub fn plus(self, other: StateTimes) -> StateTimes {
        StateTimes::by_state(|state| self.of(state).saturating_add(other.of(state)))
    }

    /// With so much more in one state.
    pub fn and(self, state: TaskState, time: u64) -> StateTimes {
        self.plus(StateTimes::by_state(|other| match other == state {
            true => time,
            false => 0,
        }))
    }
}

/// How long a task was in each state since it was first seen: since it was made
/// runnable, or since states began to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// Its state now; dead: these figures are final.
    pub state: TaskState,
    /// Since when, ns since boot. Until then `times` is exact.
    pub since: u64,
    /// When it was first seen. `times` add up to what lies between.
    pub began: u64,
    pub times: StateTimes,
    pub wakeups: Wakeups,
    /// Turns on a CPU whose beginning the kernel did not show: they are in the
    /// time of the state before, which is runnable.
    pub missed: u64,
}

/// From being woken to a turn on a CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wakeups {
    pub count: u64,
    /// Time from one to the other, in all, ns.
    pub latency: u64,
    pub latency_max: u64,
}

impl Wakeups {
    pub fn plus(self, other: Wakeups) -> Wakeups {
        Wakeups {
            count: self.count.saturating_add(other.count),
            latency: self.latency.saturating_add(other.latency),
            latency_max: self.latency_max.max(other.latency_max),
        }
    }

    /// Of one, on average; none: there were none.
    pub fn average(&self) -> Option<u64> {
        self.latency.checked_div(self.count)
    }
}

impl States {
    /// The times with the open interval counted up to `now`.
    pub fn until(&self, now: u64) -> StateTimes {
        self.times.and(self.state, now.saturating_sub(self.since))
    }
}
