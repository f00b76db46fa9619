//! Objects that several formats share. An unknown fact is null, never zero and never
//! empty.

use std::borrow::Cow;

use serde::Serialize;

use super::json::{Keyed, argv, text};
use crate::event::{
    self, FaultClass, FaultTally, GapCause, Hook, Lost, OomVictim, TaskState, Text, Uid, Who,
    signal_name,
};

/// Declares objects. The comments on their keys are the descriptions in the schema.
macro_rules! object {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$about:meta])* $key:ident: $type:ty,)* }
    )*) => {$(
        $(#[$meta])*
        #[derive(serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub struct $name { $($(#[$about])* pub $key: $type,)* }
    )*};
}
pub(super) use object;

object! {
    /// A process of the trace. PIDs are reused; together with the start they are not.
    pub struct ProcessId {
        /// PID in the initial pid namespace.
        pid: u32,
        /// Start of the process, ns since boot.
        start_ns: u64,
    }

    /// A task (thread) and its process. PIDs are those of the initial pid namespace.
    pub struct Task {
        /// PID of the process.
        pid: u32,
        /// Start of the process, ns since boot.
        start_ns: u64,
        /// PID of the task.
        tid: u32,
        /// Start of the task, ns since boot.
        tid_start_ns: u64,
    }

    /// Process group, session, tracer and user of a process. PIDs and user IDs are those
    /// of the initial namespaces; a PID is 0 if there is none or it is not visible.
    pub struct Ties {
        /// Process group ID.
        pgid: u32,
        /// Session ID.
        sid: u32,
        /// Process that traces it (ptrace(2)); null if none does.
        traced_by: Option<ProcessId>,
        /// Real user ID.
        uid: Option<u32>,
        /// Effective user ID.
        euid: Option<u32>,
    }

    /// How a process handles the exits of its children.
    pub struct Care {
        /// Disposition of SIGCHLD: `default`, `ignored` or `caught`.
        sigchld: &'static str,
        /// True if SA_NOCLDWAIT is set: the kernel reaps the children.
        nocldwait: Option<bool>,
        /// True if the main thread blocks SIGCHLD.
        blocked: bool,
        /// True if the whole process is stopped by a signal.
        stopped: bool,
    }

    /// The kernel's accounting of a task or a process (getrusage(2)).
    pub struct Usage {
        /// User time, ns, in whole ticks of the kernel.
        utime_ns: u64,
        /// System time, ns, in whole ticks of the kernel.
        stime_ns: u64,
        /// Time on a CPU, ns, exact.
        runtime_ns: u64,
        /// Voluntary context switches.
        nvcsw: u64,
        /// Involuntary context switches.
        nivcsw: u64,
        /// Minor page faults.
        minor: u64,
        /// Major page faults.
        major: u64,
        /// Highest resident set size, KiB.
        maxrss_kib: Option<u64>,
    }

    /// Accounting of the children that a process has waited for, and of their
    /// descendants (RUSAGE_CHILDREN).
    pub struct ChildUsage {
        /// User time, ns.
        utime_ns: u64,
        /// System time, ns.
        stime_ns: u64,
        /// Voluntary context switches.
        nvcsw: u64,
        /// Involuntary context switches.
        nivcsw: u64,
        /// Minor page faults.
        minor: u64,
        /// Major page faults.
        major: u64,
        /// Highest resident set size of any of them, KiB.
        maxrss_kib: Option<u64>,
    }

    /// Reason of an OOM kill, from the kernel log.
    pub struct Oom {
        /// Constraint: `CONSTRAINT_NONE`, `CONSTRAINT_CPUSET`,
        /// `CONSTRAINT_MEMORY_POLICY` or `CONSTRAINT_MEMCG`.
        constraint: Option<&'static str>,
        /// Memory cgroup that reached its limit; null if the host ran out of memory.
        oom_memcg: Option<String>,
        /// Memory cgroup of the victim.
        task_memcg: Option<String>,
        /// Why the reason is unknown; null if it is known.
        unknown: Option<&'static str>,
    }

    /// Delays from a wake-up to running on a CPU.
    pub struct Wakeups {
        /// Number of wake-ups.
        count: u64,
        /// Sum of the delays, ns.
        latency_ns: u64,
        /// Longest delay, ns.
        latency_max_ns: u64,
    }

    /// User page faults. Each is in one class, the most specific that the hooks can
    /// tell. Null if faults are not traced.
    pub struct Faults {
        #[serde(flatten)]
        classes: FaultClasses,
        /// Faults of all classes.
        total: Option<u64>,
        /// Faults in kernel mode on user memory.
        kernel: Option<u64>,
        /// The same faults by the memory they fell on.
        regions: Option<Regions>,
    }

    /// User page faults by the memory they fell on.
    pub struct Regions {
        #[serde(flatten)]
        known: KnownRegions,
        /// Faults on memory that the hooks cannot tell.
        elsewhere: Elsewhere,
    }

    /// Faults in one region.
    pub struct RegionFaults {
        /// Faults; null if some faults are `elsewhere` and none is known to be here.
        faults: Option<u64>,
        /// Pages copied on write among them; null likewise.
        copies: Option<u64>,
    }

    /// Faults in no known region.
    pub struct Elsewhere {
        /// Faults.
        faults: u64,
    }

    /// Position of a flight recorder's segment in its trace.
    pub struct Segment {
        /// Number of segments before it.
        number: u64,
        /// Start of the trace, ns since boot.
        trace_began_ns: u64,
        /// Number of events in the segments before it.
        events_before: u64,
        /// Age limit of the flight recorder, ns; null in recordings of earlier versions.
        keep_ns: Option<u64>,
    }

    /// The kernel hook that serves a purpose.
    pub struct HookInUse {
        /// Purpose.
        purpose: &'static str,
        /// Hook, as `type:name`; null if the purpose is not served.
        hook: Option<String>,
        /// What a better hook would report and this one does not, or why there is none;
        /// empty if nothing is lost.
        loses: String,
    }

    /// The machine and the tracer that made the trace.
    pub struct SessionFacts {
        /// Version of tracer.
        tracer_version: String,
        /// Kernel release (`uname -r`).
        kernel_release: String,
        /// Host name.
        hostname: String,
        /// /proc/sys/kernel/random/boot_id.
        boot_id: String,
        /// Wall clock minus time since boot when tracing began, ns.
        realtime_offset_ns: i64,
        /// Page size, bytes.
        page_size: u64,
        /// USER_HZ: ticks per second in /proc.
        ticks: u64,
        /// Number of CPUs.
        cpus: u32,
        /// Size of `struct task_struct`, bytes: a part of the cost of a zombie.
        task_struct_size: Option<u64>,
        /// Size of a kernel stack, bytes: a part of the cost of a zombie.
        kernel_stack_size: Option<u64>,
        /// Command line of tracer.
        command: Vec<String>,
        /// PID of tracer in the initial pid namespace; 0 if unknown.
        tracer_pid: u32,
        /// Hook of every purpose.
        hooks: Vec<HookInUse>,
        /// Position of this recording in a trace of several segments; null if it is the
        /// whole trace.
        segment: Option<Segment>,
        /// Names of the host's users (/etc/passwd) when tracing began, the first 1,000; empty
        /// if tracer ran in a container.
        users: Vec<UserName>,
    }

    /// A user of the host.
    pub struct UserName {
        /// User ID.
        uid: u32,
        /// Name.
        name: String,
    }
}

/// Faults by class: one key for each.
#[derive(Serialize)]
#[serde(transparent)]
pub struct FaultClasses(Keyed<Option<u64>>);

/// Faults by region: one key for each.
#[derive(Serialize)]
#[serde(transparent)]
pub struct KnownRegions(Keyed<RegionFaults>);

/// Time in each task state, ns: one key for each.
#[derive(Serialize)]
#[serde(transparent)]
pub struct StateTimes(Keyed<u64>);

/// Returns a process, or null for the idle task, which is not a process.
pub fn process(id: event::ProcessId) -> Option<ProcessId> {
    (id.tgid != 0).then_some(ProcessId {
        pid: id.tgid,
        start_ns: id.start,
    })
}

/// Returns a task.
pub fn task(who: Who) -> Task {
    Task {
        pid: who.process.tgid,
        start_ns: who.process.start,
        tid: who.task.pid,
        tid_start_ns: who.task.start,
    }
}

/// Returns the name of a signal, or null for one without a name.
pub fn signal(sig: i32) -> Option<Cow<'static, str>> {
    signal_name(sig)
}

/// Returns the name of the cause of a gap, and the number of events that cannot be
/// read.
pub fn gap_cause(cause: GapCause) -> (&'static str, Option<u64>) {
    match cause {
        GapCause::NoRoom => ("no_room", None),
        GapCause::Skipped => ("skipped", None),
        GapCause::OverBudget => ("over_budget", None),
        GapCause::Unreadable { events } => ("unreadable", events),
        GapCause::Untraced => ("untraced", None),
    }
}

/// Returns the number of lost records by kind.
pub fn lost(lost: &[Lost]) -> Keyed<u64> {
    let lost = lost.iter();
    Keyed(lost.map(|it| (it.kind.name().into(), it.count)).collect())
}

/// Returns faults by class and by region, or null for all if faults are not traced.
pub fn faults(tally: Option<&FaultTally>) -> Faults {
    let classes = FaultClass::ALL.iter().map(|&class| {
        let count = tally.map(|tally| tally.classes.of(class));
        (class.name().into(), count)
    });
    Faults {
        classes: FaultClasses(Keyed(classes.collect())),
        total: tally.map(|tally| tally.classes.total()),
        kernel: tally.map(|tally| tally.places.kernel),
        regions: tally.map(regions),
    }
}

impl Faults {
    /// Replaces the count of a class.
    pub fn set(&mut self, class: FaultClass, count: Option<u64>) {
        if let Some((_, old)) = self.classes.0.0.get_mut(class as usize) {
            *old = count;
        }
    }
}

fn regions(tally: &FaultTally) -> Regions {
    let (regions, elsewhere) = tally.regions();
    let known = regions.into_iter().map(|here| {
        let event::RegionFaults {
            region,
            faults,
            copies,
        } = here;
        (region.name().into(), RegionFaults { faults, copies })
    });
    Regions {
        known: KnownRegions(Keyed(known.collect())),
        elsewhere: Elsewhere { faults: elsewhere },
    }
}

fn kib(pages: u64, page_size: Option<u64>) -> Option<u64> {
    Some(pages.saturating_mul(page_size?) / 1024)
}

/// Returns resource usage. Without a page size, `maxrss_kib` is null.
pub fn usage(usage: &event::Usage, page_size: Option<u64>) -> Usage {
    Usage {
        utime_ns: usage.utime,
        stime_ns: usage.stime,
        runtime_ns: usage.runtime,
        nvcsw: usage.nvcsw,
        nivcsw: usage.nivcsw,
        minor: usage.min_flt,
        major: usage.maj_flt,
        maxrss_kib: usage.maxrss.and_then(|pages| kib(pages, page_size)),
    }
}

/// Returns the resource usage of the children that a process has waited for.
pub fn child_usage(usage: &event::ChildUsage, page_size: Option<u64>) -> ChildUsage {
    ChildUsage {
        utime_ns: usage.utime,
        stime_ns: usage.stime,
        nvcsw: usage.nvcsw,
        nivcsw: usage.nivcsw,
        minor: usage.min_flt,
        major: usage.maj_flt,
        maxrss_kib: kib(usage.maxrss, page_size),
    }
}

/// Returns the process group, session and tracer of a process.
pub fn ties(relations: &event::Relations) -> Ties {
    Ties {
        pgid: relations.pgid,
        sid: relations.sid,
        traced_by: relations.tracer.and_then(process),
        uid: relations.uid.map(Uid::get),
        euid: relations.euid.map(Uid::get),
    }
}

/// Returns how a process handles the exits of its children.
pub fn care(policy: &event::SigchldPolicy) -> Care {
    Care {
        sigchld: policy.sigchld.name(),
        nocldwait: policy.known_nocldwait(),
        blocked: policy.blocked,
        stopped: policy.stopped,
    }
}

/// Returns the cause of an OOM kill.
pub fn oom(victim: &OomVictim) -> Oom {
    let cause = victim.cause();
    let path = |path: &Option<Text>| path.as_ref().map(|path| text(path.as_bytes()));
    Oom {
        constraint: cause.map(|cause| cause.constraint.name()),
        oom_memcg: cause.and_then(|cause| path(&cause.oom_memcg)),
        task_memcg: cause.and_then(|cause| path(&cause.task_memcg)),
        unknown: victim.why_unknown(),
    }
}

/// Returns the time in each task state.
pub fn state_times(times: &event::StateTimes) -> StateTimes {
    let times = TaskState::ALIVE
        .iter()
        .map(|&state| (format!("{}_ns", state.name()).into(), times.of(state)));
    StateTimes(Keyed(times.collect()))
}

/// Returns the delays from a wake-up to running on a CPU.
pub fn wakeups(wakeups: &event::Wakeups) -> Wakeups {
    Wakeups {
        count: wakeups.count,
        latency_ns: wakeups.latency,
        latency_max_ns: wakeups.latency_max,
    }
}

/// Returns the hook of each purpose.
pub fn hooks(hooks: &[Hook]) -> Vec<HookInUse> {
    let hooks = hooks.iter().map(|hook| HookInUse {
        purpose: hook.purpose.name(),
        hook: hook.hook.as_ref().map(|hook| hook.raw().to_owned()),
        loses: hook.loses.raw().to_owned(),
    });
    hooks.collect()
}

/// Returns the machine and the tracer of a stream.
pub fn session(session: &event::Session) -> SessionFacts {
    let users = session.users.iter().map(|user| UserName {
        uid: user.uid,
        name: user.name.raw().to_owned(),
    });
    SessionFacts {
        tracer_version: session.tracer_version.raw().to_owned(),
        kernel_release: session.kernel_release.raw().to_owned(),
        hostname: session.hostname.raw().to_owned(),
        boot_id: session.boot_id.raw().to_owned(),
        realtime_offset_ns: session.realtime_offset,
        page_size: session.page_size,
        ticks: session.ticks,
        cpus: session.cpus,
        task_struct_size: session.task_struct_size,
        kernel_stack_size: session.kernel_stack_size,
        command: argv(session.command.as_bytes()),
        tracer_pid: session.tracer_pid,
        hooks: hooks(&session.hooks),
        segment: session.segment.map(|segment| Segment {
            number: segment.number,
            trace_began_ns: segment.began,
            events_before: segment.events_before,
            keep_ns: segment.keep,
        }),
        users: users.collect(),
    }
}
