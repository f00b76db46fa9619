//! The first event of every stream: the machine, its clocks, and the hook that
//! serves each purpose. Readers need nothing else to interpret the stream.

use serde::{Deserialize, Serialize};

use super::{Label, Text, Uid};

/// The machine and the tracer that produced a stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Version of tracer.
    pub tracer_version: Label,
    /// `uname -r`.
    pub kernel_release: Label,
    /// Host name.
    pub hostname: Label,
    /// /proc/sys/kernel/random/boot_id.
    pub boot_id: Label,
    /// CLOCK_REALTIME minus CLOCK_BOOTTIME when tracing began, ns.
    pub realtime_offset: i64,
    /// Page size in bytes.
    pub page_size: u64,
    /// USER_HZ: ticks per second in /proc.
    pub ticks: u64,
    /// Number of CPUs.
    pub cpus: u32,
    /// `sizeof(struct task_struct)` in bytes, part of the cost of a zombie. Unknown
    /// if BTF does not give it.
    pub task_struct_size: Option<u64>,
    /// Size of a kernel stack in bytes, part of the cost of a zombie. Unknown if
    /// BTF does not give it.
    pub kernel_stack_size: Option<u64>,
    /// tracer's own command line, NUL-separated.
    pub command: Text,
    /// tracer's own PID in the initial pid namespace; 0 if unknown.
    pub tracer_pid: u32,
    /// Hook for each purpose.
    pub hooks: Vec<Hook>,
    /// Position of this recording in a trace of several segments; none if the
    /// recording holds the whole trace.
    pub segment: Option<Segment>,
    /// Names of the host's users when tracing began. Empty if they are unknown.
    pub users: Vec<User>,
}

/// A user of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User ID.
    pub uid: u32,
    /// Name.
    pub name: Label,
}

/// The position of a segment in its trace. Each segment is a file of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Number of segments of the trace before this one.
    pub number: u64,
    /// Start of the trace, ns since boot. Together with the boot ID it identifies
    /// the trace.
    pub began: u64,
    /// Number of events in the segments before. Of the session events that start
    /// each segment, only the first segment's counts.
    pub events_before: u64,
    /// Age limit of the flight recorder (`--keep`), ns; none in recordings of earlier
    /// versions.
    pub keep: Option<u64>,
}

impl Segment {
    /// Returns true if `other` is a later segment of the same trace. Segments
    /// between the two may be missing; event numbers show how many events those
    /// had.
    pub fn is_before(&self, other: &Segment) -> bool {
        self.began == other.began && self.number < other.number
    }
}

/// The hook that serves one purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    /// The purpose.
    pub purpose: Purpose,
    /// Hook in use, as `type:name`; none if the purpose is not served.
    pub hook: Option<Label>,
    /// Facts that a better hook would report and this one does not, or the reason
    /// there is no hook; empty if nothing is lost.
    pub loses: Label,
}

impl Hook {
    /// Returns the hook in use as a reader is shown it.
    pub fn name(&self) -> String {
        let hook = self.hook.as_ref();
        hook.map_or_else(|| "none".to_owned(), Label::to_string)
    }
}

/// The purpose of a hook. Numbered by hand, because the number is in recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Purpose {
    /// New tasks.
    Fork = 1,
    /// New tasks made runnable.
    WakeupNew = 2,
    /// First runs and last switches.
    Switch = 3,
    /// Program changes.
    Exec = 4,
    /// Name changes.
    Comm = 5,
    /// Exits of tasks.
    Exit = 6,
    /// Notifications of owners: a zombie begins.
    Zombie = 7,
    /// Reaps.
    Reap = 8,
    /// Freed task structs.
    Free = 9,
    /// Fatal signals.
    Signal = 10,
    /// OOM victims.
    Oom = 11,
    /// Page fault counts.
    Faults = 12,
    /// Tasks that exist when tracing begins.
    Snapshot = 13,
    /// Entry to `do_exit`.
    ExitStart = 14,
    /// Pages copied on write, as opposed to reused.
    Cow = 15,
    /// Entry to fork.
    ForkStart = 16,
    /// Wait calls.
    Waits = 19,
    /// Forks that failed.
    ForkFailed = 20,
    /// New cgroups and moves between them.
    Cgroup = 21,
    /// Time in each task state.
    States = 22,
    /// Wake-ups.
    Wakeup = 23,
}

impl Purpose {
    /// Every purpose, in display order.
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

    /// Returns the purpose with this number in recordings.
    pub fn from_number(number: u8) -> Option<Purpose> {
        Self::ALL
            .into_iter()
            .find(|&purpose| purpose as u8 == number)
    }

    /// Returns true if the purpose is served only on request. A session without it
    /// does not list it.
    pub fn is_extra(self) -> bool {
        matches!(self, Purpose::Wakeup | Purpose::States)
    }

    /// Returns the name used in reports and on screen.
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
    /// Converts a time of the stream to wall-clock time, ns since 1970.
    pub fn realtime(&self, at: u64) -> i64 {
        self.realtime_offset.saturating_add_unsigned(at)
    }

    /// Returns the command that tracer ran (`tracer record FILE -- CMD`), NUL-separated;
    /// none if it ran none.
    pub fn traced_command(&self) -> Option<&[u8]> {
        let line = self.command.as_bytes();
        let at = line.windows(4).position(|part| part == b"\0--\0")?;
        Some(&line[at + 4..]).filter(|command| !command.is_empty())
    }

    /// Returns the name of a user, if it is known.
    pub fn user(&self, uid: Uid) -> Option<&Label> {
        let user = self.users.iter().find(|user| user.uid == uid.get());
        user.map(|user| &user.name)
    }

    /// Returns the entry for a purpose, if the session lists it.
    pub fn hook(&self, purpose: Purpose) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.purpose == purpose)
    }

    /// Returns the reason why a purpose is not served; none if it is.
    pub fn missing(&self, purpose: Purpose) -> Option<&Label> {
        let hook = self.hook(purpose)?;
        hook.hook.is_none().then_some(&hook.loses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traced_command_follows_the_first_double_dash() {
        let session = |line: &[u8]| Session {
            command: Text::new(line),
            ..Session::default()
        };
        let make = session(b"tracer\0record\0f\0--\0make\0--\0-j2\0");
        assert_eq!(make.traced_command(), Some(&b"make\0--\0-j2\0"[..]));
        for line in [
            &b"tracer\0record\0f\0"[..],
            b"tracer\0record\0--\0",
            b"a--b\0c\0",
            b"",
        ] {
            assert_eq!(session(line).traced_command(), None);
        }
    }
}
