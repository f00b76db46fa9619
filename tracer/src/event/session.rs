//! The first event of every stream explains the rest: what machine this is,
//! how its clocks relate, which hook serves each purpose and what that loses.

use serde::{Deserialize, Serialize};

use super::Text;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub tracer_version: String,
    pub kernel_release: String,
    pub hostname: String,
    pub boot_id: String,
    /// CLOCK_REALTIME minus CLOCK_BOOTTIME when tracing began, ns.
    pub realtime_offset: i64,
    pub page_size: u64,
    /// USER_HZ: ticks a second in /proc.
    pub ticks: u64,
    pub cpus: u32,
    /// `sizeof(struct task_struct)` and of a kernel stack, bytes: what a
    /// zombie costs. Unknown where BTF does not say.
    pub task_struct_size: Option<u64>,
    pub kernel_stack_size: Option<u64>,
    /// tracer's own command line, NUL-separated.
    pub command: Text,
    /// tracer's own pid in the initial pid namespace; 0: unknown.
    pub tracer_pid: u32,
    pub hooks: Vec<Hook>,
    /// Which part of a trace that is kept in several this recording is; none
    /// where the whole trace is in it.
    pub segment: Option<Segment>,
}

/// A part of a trace, in a file of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// How many parts of the trace came before this one.
    pub number: u64,
    /// When the trace began, ns since boot: together with the boot that says
    /// which trace it is.
    pub began: u64,
    /// How many events are in the parts before, the session that each begins
    /// with not counted but in the first.
    pub events_before: u64,
}

impl Segment {
    /// That part is of the same trace and comes later. Parts between the two may
    /// be missing: how many events those had the numbers of events say.
    pub fn is_before(&self, other: &Segment) -> bool {
        self.began == other.began && self.number < other.number
    }
}

/// How one purpose is served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    pub purpose: Purpose,
    /// The hook in use, as `type:name`; none: the purpose is not served.
    pub hook: Option<String>,
    /// What this hook does not tell that a better one would, or why there is
    /// none; empty when nothing is lost.
    pub loses: String,
}

/// What a hook is for. Numbered by hand: the number is in recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Purpose {
    Fork = 1,
    WakeupNew = 2,
    Switch = 3,
    Exec = 4,
    Comm = 5,
    Exit = 6,
    Zombie = 7,
    Reap = 8,
    Free = 9,
    Signal = 10,
    Oom = 11,
    Faults = 12,
    Snapshot = 13,
    ExitStart = 14,
    Cow = 15,
    ForkStart = 16,
    Waits = 19,
    ForkFailed = 20,
    Cgroup = 21,
    States = 22,
    Wakeup = 23,
}

impl Purpose {
    pub const ALL: [Purpose; 21] = [
        Purpose::ForkStart,
        Purpose::Fork,
        Purpose::ForkFailed,
        Purpose::WakeupNew,
        Purpose::Switch,
        Purpose::Exec,
        Purpose::Comm,
        Purpose::ExitStart,
        Purpose::Exit,
        Purpose::Zombie,
        Purpose::Reap,
        Purpose::Waits,
        Purpose::Free,
        Purpose::Signal,
        Purpose::Oom,
        Purpose::Cgroup,
        Purpose::Faults,
        Purpose::Cow,
        Purpose::Wakeup,
        Purpose::States,
        Purpose::Snapshot,
    ];

    pub fn from_number(number: u8) -> Option<Purpose> {
        Self::ALL
            .into_iter()
            .find(|&purpose| purpose as u8 == number)
    }

    /// Served only where it is asked for; a session in which it was not does
    /// not speak of it.
    pub fn is_extra(self) -> bool {
        matches!(self, Purpose::Wakeup | Purpose::States)
    }

    /// The name in reports and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Fork => "fork",
            Purpose::WakeupNew => "made runnable",
            Purpose::Switch => "first run, last switch",
            Purpose::Exec => "exec",
            Purpose::Comm => "comm change",
            Purpose::ExitStart => "exit start",
            Purpose::Exit => "exit",
            Purpose::Zombie => "zombie start",
            Purpose::Reap => "reap",
            Purpose::Waits => "wait calls",
            Purpose::ForkFailed => "failed forks",
            Purpose::Cgroup => "cgroups",
            Purpose::Free => "free",
            Purpose::Signal => "death cause",
            Purpose::Oom => "OOM victim",
            Purpose::Faults => "page faults",
            Purpose::Cow => "copy on write",
            Purpose::ForkStart => "fork start",
            Purpose::States => "task states",
            Purpose::Wakeup => "wake-ups",
            Purpose::Snapshot => "what already runs",
        }
    }
}

impl Session {
    /// The wall clock at a moment of the stream, ns since 1970.
    pub fn realtime(&self, at: u64) -> i64 {
        self.realtime_offset.saturating_add_unsigned(at)
    }

    pub fn hook(&self, purpose: Purpose) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.purpose == purpose)
    }

    /// UnknownReason a purpose is not served, if it is not.
    pub fn missing(&self, purpose: Purpose) -> Option<&str> {
        let hook = self.hook(purpose)?;
        hook.hook.is_none().then_some(hook.loses.as_str())
    }
}
