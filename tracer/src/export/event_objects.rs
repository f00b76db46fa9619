//! The objects of the larger kinds of events: see [`super::event_details::Details`].

use std::borrow::Cow;

use super::{
    json::{Keyed, argv, comm, comm_of_other, text},
    value::{
        self, Care, ChildUsage, Faults, ProcessId, StateTimes, Task, Ties, Usage, Wakeups, object,
    },
};
use crate::event::{self, ExitedProcess, Limit, Region, Sigchld, clone_flag_names, errno_name};

object! {
    /// A task that existed before, or that was found again after a gap.
    pub struct Snapshot {
        /// Command name, at most 15 bytes.
        comm: String,
        /// Command line (/proc/PID/cmdline).
        argv: Option<Vec<String>>,
        /// Parent; null for the idle task.
        parent: Option<ProcessId>,
        /// True if it is a kernel thread.
        kthread: bool,
        /// True if it is a zombie.
        zombie: bool,
        /// True if it is exiting and not a zombie yet.
        exiting: bool,
        /// Wait status, if it is a zombie (wait(2)).
        wait_status: Option<i32>,
        /// Signal that it sends to its parent at exit; -1 for a thread, which sends none.
        sends_at_exit: i32,
        /// PID in its own pid namespace.
        ns_pid: u32,
        /// Depth of that namespace; 0 is the initial one.
        ns_level: u32,
        /// Process group, session, tracer and user.
        ties: Option<Ties>,
        /// Its treatment of SIGCHLD.
        care: Option<Care>,
        /// ID of its cgroup.
        cgroup_id: Option<u64>,
    }

    /// A task was created.
    pub struct Fork {
        /// Command name, inherited from the caller.
        comm: String,
        /// Task that called fork, vfork or clone.
        by: Task,
        /// Parent; null for the idle task.
        parent: Option<ProcessId>,
        /// CLONE_* flags.
        clone_flags: Option<Vec<Cow<'static, str>>>,
        /// True if it is a kernel thread.
        kthread: bool,
        /// Signal that it sends to its parent at exit; -1 for a thread, which sends none.
        sends_at_exit: i32,
        /// PID in its own pid namespace.
        ns_pid: u32,
        /// Depth of that namespace; 0 is the initial one.
        ns_level: u32,
        /// Process group, session, tracer and user.
        ties: Option<Ties>,
        /// ID of its cgroup.
        cgroup_id: Option<u64>,
    }

    /// The process executed another program.
    pub struct Exec {
        /// Command name after the exec.
        comm: String,
        /// Path passed to exec.
        filename: String,
        /// True if `filename` is only the beginning of the path.
        filename_truncated: bool,
        /// Arguments.
        argv: Option<Vec<String>>,
        /// Length of all arguments, bytes. `argv` is only their beginning if it has fewer.
        argv_bytes: u32,
        /// PID of the task that called exec, before it took that of the main thread.
        old_tid: u32,
        /// Process group, session, tracer and user.
        ties: Option<Ties>,
    }

    /// A signal was sent that ends the process unless it blocks it.
    pub struct Signal {
        /// Number of the signal.
        signal: i32,
        /// Name of the signal.
        signal_name: Option<Cow<'static, str>>,
        /// `si_code` (sigaction(2)): positive if the kernel sent it.
        si_code: i32,
        /// `kernel` or `process`.
        origin: &'static str,
        /// Task that ran when the signal was sent: the sender, unless the kernel sent it.
        by: Task,
        /// Command name of that task; null if it was left out (`tracer cut --tree`).
        by_comm: Option<String>,
        /// True if it was sent to the process, false if to one thread.
        group: bool,
    }

    /// The task exited.
    pub struct Exit {
        /// Command name.
        comm: String,
        /// Exit code of the task, as a wait status (wait(2)).
        wait_status: i32,
        /// Wait status of the whole process, if a signal or exit_group(2) ended it.
        group_wait_status: Option<i32>,
        /// True if it was the last thread.
        group_dead: Option<bool>,
        /// Signal that it sends to its parent at exit; -1 for a thread, which sends none.
        sends_at_exit: i32,
        /// Parent of the process.
        parent: Option<ProcessId>,
        /// What the parent makes of SIGCHLD: `wanted`, `ignored` or `nocldwait`; in the latter
        /// two the kernel reaps the process.
        sigchld: &'static str,
        /// Process that inherits its children, if it has any.
        reaper: Option<ProcessId>,
        /// Process group, session, tracer and user.
        ties: Option<Ties>,
        /// The parent's treatment of SIGCHLD.
        parent_care: Option<Care>,
        /// Usage of the children that the process has waited for.
        children: Option<ChildUsage>,
        /// Usage of the task.
        usage: Usage,
        /// Page faults of the task since tracing began; null if they are not traced.
        faults: Option<Faults>,
    }

    /// An exited process became a zombie, or passed to a new owner.
    pub struct Notify {
        /// Process that must reap it.
        owner: Option<ProcessId>,
        /// PID of the exited process in the owner's pid namespace.
        seen_pid: u32,
        /// True if the exited process is the subject of this event; false if it is a child of
        /// the subject.
        of_subject: bool,
        /// PID of that child.
        child_pid: Option<u32>,
        /// True if the kernel reaps it, so that it is no zombie.
        autoreap: bool,
        /// The owner's treatment of SIGCHLD.
        owner_care: Option<Care>,
        /// Process that would inherit it from the owner.
        heir: Option<ProcessId>,
    }

    /// What events of another process show about the process.
    pub struct Implied {
        /// Process with these events.
        by: Option<ProcessId>,
        /// Parent from now on; null if unchanged.
        parent: Option<ProcessId>,
        /// Pages that the parent copied on write since the last of these events, because of the
        /// fork that created the process.
        copies: u64,
        /// True if another fork may have caused some of the copies.
        ambiguous: bool,
        /// Arguments that it inherited at its fork; null if unchanged.
        argv: Option<Vec<String>>,
        /// True if `argv` is only their beginning.
        argv_truncated: bool,
        /// True if the exit of its owner released it: nobody waited for it.
        released: bool,
        /// True if the caller of the vfork that created it ended.
        caller_ended: bool,
    }

    /// A single page fault.
    pub struct Fault {
        /// Address, hexadecimal.
        address: String,
        /// Class, a key of `faults`.
        class: &'static str,
        /// Region, a key of `regions`.
        region: Option<&'static str>,
        /// True if it happened in kernel mode.
        in_kernel: bool,
        /// File mapped at the address.
        file: Option<String>,
    }

    /// A fork failed.
    pub struct ForkFailed {
        /// Command name of the caller.
        comm: String,
        /// Error number (errno(3)).
        errno: i32,
        /// Name of the error.
        errno_name: Option<&'static str>,
        /// Number of tasks of the caller's user.
        processes: Option<u64>,
        /// Limit on them (RLIMIT_NPROC).
        max_processes: Option<u64>,
        /// Number of tasks in the fullest cgroup above the caller.
        cgroup_pids: Option<u64>,
        /// Limit on them (`pids.max`).
        cgroup_max_pids: Option<u64>,
        /// Limit that was probably hit.
        likely: Option<&'static str>,
    }

    /// Time the task spent in each state.
    pub struct States {
        /// Its state.
        state: &'static str,
        /// Begin of that state, ns since boot.
        since_ns: u64,
        /// Time from which the states were counted, ns since boot.
        counted_since_ns: u64,
        /// Time in each state, ns.
        times: StateTimes,
        /// Delays from a wake-up to running.
        wakeups: Wakeups,
        /// Turns on a CPU of which the start was not seen, counted as runnable.
        missed_turns: u64,
    }

    /// Records were lost, or are missing in the recording.
    pub struct Gap {
        /// Begin of the gap, ns since boot. It ends at the time of the event.
        since_ns: u64,
        /// Why: `no_room` in the ring buffer, `skipped` by the kernel, `over_budget`, because
        /// one user caused too many, `unreadable` in the recording, or `untraced`.
        cause: &'static str,
        /// Number of lost records by kind.
        lost: Keyed<u64>,
        /// Number of unreadable events.
        unreadable_events: Option<u64>,
    }

    /// Totals of the stream so far.
    pub struct Summary {
        /// Time of the first event, ns since boot.
        began_ns: u64,
        /// Number of events.
        events: u64,
        /// Number of new processes.
        forks: u64,
        /// Number of new threads.
        threads: u64,
        /// Number of execs.
        execs: u64,
        /// Number of processes that exited.
        exits: u64,
        /// Number of lost records.
        lost: u64,
    }
}

impl From<&event::Snapshot> for Snapshot {
    fn from(found: &event::Snapshot) -> Snapshot {
        Snapshot {
            comm: comm(found.comm),
            argv: found.argv.as_ref().map(|list| argv(list.as_bytes())),
            parent: value::process(found.parent),
            kthread: found.kthread,
            zombie: found.zombie.is_some(),
            exiting: found.exiting,
            wait_status: found.zombie,
            sends_at_exit: found.exit_signal,
            ns_pid: found.ns_pid,
            ns_level: found.ns_level,
            ties: found.relations.as_ref().map(value::ties),
            care: found.sigchld_policy.as_ref().map(value::care),
            cgroup_id: found.cgroup,
        }
    }
}

impl From<&event::Fork> for Fork {
    fn from(made: &event::Fork) -> Fork {
        Fork {
            comm: comm(made.comm),
            by: value::task(made.by),
            parent: value::process(made.parent),
            clone_flags: made.clone_flags.map(clone_flag_names),
            kthread: made.kthread,
            sends_at_exit: made.exit_signal,
            ns_pid: made.ns_pid,
            ns_level: made.ns_level,
            ties: made.relations.as_ref().map(value::ties),
            cgroup_id: made.cgroup,
        }
    }
}

impl From<&event::Exec> for Exec {
    fn from(done: &event::Exec) -> Exec {
        Exec {
            comm: comm(done.comm),
            filename: text(done.filename.as_bytes()),
            filename_truncated: done.filename_cut,
            argv: done.argv.as_ref().map(|list| argv(list.as_bytes())),
            argv_bytes: done.argv_total,
            old_tid: done.old_pid,
            ties: done.relations.as_ref().map(value::ties),
        }
    }
}

impl From<&event::Signal> for Signal {
    fn from(sent: &event::Signal) -> Signal {
        Signal {
            signal: sent.sig,
            signal_name: value::signal(sent.sig),
            si_code: sent.code,
            origin: if sent.from_kernel() {
                "kernel"
            } else {
                "process"
            },
            by: value::task(sent.by),
            by_comm: comm_of_other(sent.by_comm),
            group: sent.group,
        }
    }
}

impl Exit {
    /// Returns the object. Without a page size, sizes in memory are null.
    pub fn new(exited: &event::Exit, page_size: Option<u64>) -> Exit {
        let children = exited.children.as_ref();
        Exit {
            comm: comm(exited.comm),
            wait_status: exited.code,
            group_wait_status: exited.group_code,
            group_dead: exited.group_dead,
            sends_at_exit: exited.exit_signal,
            parent: value::process(exited.parent),
            sigchld: match exited.sigchld {
                Sigchld::Zombie => "wanted",
                Sigchld::Ignored => "ignored",
                Sigchld::NoCldWait => "nocldwait",
            },
            reaper: exited.reaper.and_then(value::process),
            ties: exited.relations.as_ref().map(value::ties),
            parent_care: exited.sigchld_policy.as_ref().map(value::care),
            children: children.map(|usage| value::child_usage(usage, page_size)),
            usage: value::usage(&exited.usage, page_size),
            faults: exited
                .faults
                .as_ref()
                .map(|faults| value::faults(Some(faults))),
        }
    }
}

impl From<&event::Notify> for Notify {
    fn from(notice: &event::Notify) -> Notify {
        let (of_subject, child_pid) = match notice.exited {
            ExitedProcess::Subject => (true, None),
            ExitedProcess::ChildPid(pid) => (false, Some(pid)),
            ExitedProcess::Child => (false, None),
        };
        Notify {
            owner: value::process(notice.owner),
            seen_pid: notice.seen_pid,
            of_subject,
            child_pid,
            autoreap: notice.autoreap,
            owner_care: notice.sigchld_policy.as_ref().map(value::care),
            heir: notice.heir.and_then(value::process),
        }
    }
}

impl From<&event::Implied> for Implied {
    fn from(fact: &event::Implied) -> Implied {
        Implied {
            by: value::process(fact.by),
            parent: fact.parent.and_then(value::process),
            copies: fact.copies,
            ambiguous: fact.ambiguous,
            argv: fact.argv.as_ref().map(|list| argv(list.as_bytes())),
            argv_truncated: fact.argv_cut,
            released: fact.released,
            caller_ended: fact.caller_ended,
        }
    }
}

impl From<&event::Fault> for Fault {
    fn from(one: &event::Fault) -> Fault {
        Fault {
            address: format!("{:#x}", one.address),
            class: one.class.name(),
            region: one.region.map(Region::name),
            in_kernel: one.in_kernel,
            file: one.file.as_ref().map(|file| text(file.as_bytes())),
        }
    }
}

impl From<&event::ForkFailed> for ForkFailed {
    fn from(failed: &event::ForkFailed) -> ForkFailed {
        ForkFailed {
            comm: comm(failed.comm),
            errno: failed.errno,
            errno_name: errno_name(failed.errno),
            processes: failed.processes,
            max_processes: failed.max_processes,
            cgroup_pids: failed.pids,
            cgroup_max_pids: failed.max_pids,
            likely: failed.likely_limit().map(Limit::name),
        }
    }
}

impl From<&event::States> for States {
    fn from(states: &event::States) -> States {
        States {
            state: states.state.name(),
            since_ns: states.since,
            counted_since_ns: states.began,
            times: value::state_times(&states.times),
            wakeups: value::wakeups(&states.wakeups),
            missed_turns: states.missed,
        }
    }
}

impl From<&event::Gap> for Gap {
    fn from(gap: &event::Gap) -> Gap {
        let (cause, unreadable_events) = value::gap_cause(gap.cause);
        Gap {
            since_ns: gap.since,
            cause,
            lost: value::lost(&gap.lost),
            unreadable_events,
        }
    }
}

impl From<&event::Summary> for Summary {
    fn from(before: &event::Summary) -> Summary {
        Summary {
            began_ns: before.began,
            events: before.events,
            forks: before.forks,
            threads: before.threads,
            execs: before.execs,
            exits: before.exits,
            lost: before.lost,
        }
    }
}
