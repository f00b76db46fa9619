//! The object of a process in the format `json`.

use std::borrow::Cow;

use super::{
    json::WallTime,
    value::{Care, ChildUsage, Faults, Oom, ProcessId, StateTimes, Ties, Usage, Wakeups, object},
};

object! {
    /// A process, from its fork (or when it was found) to its end. A process is printed when
    /// it has ended and makes room for others, and the rest at the end of the recording, so
    /// the order is not that of appearance: sort by `start_ns`.
    pub struct ProcessObject {
        /// PID in the initial pid namespace.
        pid: u32,
        /// Start, ns since boot. PID and start identify a process in the whole trace.
        start_ns: u64,
        /// Start on the wall clock.
        start_time: Option<WallTime>,
        /// Command name, at most 15 bytes.
        comm: Option<String>,
        /// Command line: of the last exec, else as it was found or inherited.
        argv: Option<Vec<String>>,
        /// True if `argv` is only the beginning of the command line.
        argv_truncated: Option<bool>,
        /// True if it is a kernel thread.
        kthread: Option<bool>,
        /// How it was created: `fork`, `vfork` (also posix_spawn), `clone`, `kthread`, or
        /// `snapshot` if it is older than the trace.
        created_by: Option<&'static str>,
        /// CLONE_* flags of the fork.
        clone_flags: Option<Vec<Cow<'static, str>>>,
        /// PID of the current parent, which must reap it; 0 for the idle task.
        parent_pid: Option<u32>,
        /// PID of the parent at the fork.
        original_parent_pid: Option<u32>,
        /// PID of the task that called fork.
        forked_by_tid: Option<u32>,
        /// PID in its own pid namespace.
        ns_pid: Option<u32>,
        /// Depth of that namespace; 0 is the initial one.
        ns_level: Option<u32>,
        /// Process group, session, tracer and user, as of the latest event.
        ties: Option<Ties>,
        /// Real user ID in the initial user namespace, as of the latest fork, exec or exit.
        uid: Option<u32>,
        /// Effective user ID, which the kernel checks permissions for, likewise.
        euid: Option<u32>,
        /// Name of the real user on the recorded host (/etc/passwd when tracing began).
        user: Option<String>,
        /// Path of its cgroup below the root of the hierarchy.
        cgroup: Option<String>,
        /// Container, if the cgroup's path shows one.
        container: Option<Container>,
        /// Systemd unit, if the cgroup's path shows one.
        unit: Option<String>,
        /// Number of threads it ever had, the first included, as far as observed.
        threads: u32,
        /// Number of execs since tracing began.
        exec_count: usize,
        /// Path passed to the last exec since tracing began.
        filename: Option<String>,
        /// Stage of its life: `alive`, `exiting`, `zombie`, `reaped`, or `vanished` if its
        /// end was not seen.
        state: &'static str,
        /// Exit code, 0 to 255; null if it runs or a signal ended it.
        exit_code: Option<i32>,
        /// Number of the signal that ended it; null if it runs or exited by itself.
        exit_signal: Option<i32>,
        /// Name of that signal.
        exit_signal_name: Option<Cow<'static, str>>,
        /// True if it dumped core.
        core_dumped: Option<bool>,
        /// True if the OOM killer selected it.
        oom_killed: Option<bool>,
        /// Reason of the OOM kill; null if there was none.
        oom: Option<Oom>,
        /// Sender of the signal that ended it; null if none did, or if the sender is unknown.
        killed_by: Option<Killer>,
        /// Time of the fork, ns since boot; null if it is older than the trace.
        forked_ns: Option<u64>,
        /// Time of the fork on the wall clock.
        forked_time: Option<WallTime>,
        /// Time of the last exec since tracing began, ns since boot.
        exec_ns: Option<u64>,
        /// Time of that exec on the wall clock.
        exec_time: Option<WallTime>,
        /// Time vfork held the caller, ns; null if it was not created by vfork.
        held_parent_ns: Option<u64>,
        /// Time it was made runnable, ns since boot.
        runnable_ns: Option<u64>,
        /// Time it was made runnable on the wall clock.
        runnable_time: Option<WallTime>,
        /// Time it first ran, ns since boot.
        first_ran_ns: Option<u64>,
        /// Time it first ran on the wall clock.
        first_ran_time: Option<WallTime>,
        /// Time from being made runnable to first running, ns.
        first_run_latency_ns: Option<u64>,
        /// Time its last thread exited, ns since boot.
        exit_ns: Option<u64>,
        /// Time of the exit on the wall clock.
        exit_time: Option<WallTime>,
        /// Time from start to exit, or until now, ns.
        lifetime_ns: Option<u64>,
        /// Time it became a zombie, ns since boot.
        zombie_start_ns: Option<u64>,
        /// Time it became a zombie on the wall clock.
        zombie_start_time: Option<WallTime>,
        /// True if no notification of the owner was seen: `zombie_start_ns` is then an upper
        /// bound.
        zombie_start_inferred: Option<bool>,
        /// Time it was a zombie, until it was reaped or until now, ns; null if its start or
        /// its end was not seen.
        zombie_ns: Option<u64>,
        /// Lower bound of that time, ns.
        zombie_ns_min: Option<u64>,
        /// Upper bound of that time, ns; null if there is none.
        zombie_ns_max: Option<u64>,
        /// Owners that it had as a zombie, in order; null if it is not known if it was one.
        zombie_owners: Option<Vec<ZombieOwner>>,
        /// Time of its last switch from a CPU, ns since boot.
        last_switch_ns: Option<u64>,
        /// Time of its last switch on the wall clock.
        last_switch_time: Option<WallTime>,
        /// Time it was reaped, ns since boot.
        reaped_ns: Option<u64>,
        /// Time it was reaped on the wall clock.
        reaped_time: Option<WallTime>,
        /// PID of the process that reaped it by a wait.
        reaped_by_pid: Option<u32>,
        /// PID of the task that reaped it by a wait.
        reaped_by_tid: Option<u32>,
        /// True if the kernel reaped it as it exited.
        autoreaped: Option<bool>,
        /// How it was reaped: `wait`, `autoreap` (by the kernel as it exited), `owner_exit`
        /// (released by the exit of its owner, which never waited for it) or `unseen`; null if
        /// it was not.
        reaped_how: Option<&'static str>,
        /// Time its task struct was freed, ns since boot.
        freed_ns: Option<u64>,
        /// Time its task struct was freed on the wall clock.
        freed_time: Option<WallTime>,
        /// Time at which its missed exit was noticed, ns since boot.
        vanished_ns: Option<u64>,
        /// Time at which its missed exit was noticed, on the wall clock.
        vanished_time: Option<WallTime>,
        /// Page faults of all threads since tracing began.
        faults: ProcessFaults,
        /// Cost of the fork that created it; null if no address space was copied.
        fork_cost: Option<ForkCost>,
        /// Resource usage.
        usage: Option<ProcessUsage>,
        /// Resource usage of the children it has waited for; known once it has exited.
        children_usage: Option<ChildUsage>,
        /// Task states of all threads; null if they were not counted (`--states`).
        states: Option<ProcessStates>,
        /// How it handles the exits of its children.
        owner: Option<Owner>,
    }

    /// A container.
    pub struct Container {
        /// Runtime: `docker`, `containerd`, `cri-o` or `podman`.
        runtime: Option<&'static str>,
        /// Container ID, 64 hexadecimal digits.
        id: String,
        /// UID of the Kubernetes pod.
        pod: Option<String>,
    }

    /// The sender of a fatal signal.
    pub struct Killer {
        /// PID of the sender; null if the kernel sent the signal.
        pid: Option<u32>,
        /// Command name of the sender at that time; null if the kernel sent the signal or the
        /// name was left out (`tracer cut --tree`).
        comm: Option<String>,
        /// `kernel` or `process`.
        origin: &'static str,
    }

    /// Page faults of a process. `major` is the kernel's count over the whole life, null
    /// until it exits.
    pub struct ProcessFaults {
        #[serde(flatten)]
        counted: Faults,
        /// Minor faults over the whole life, as the kernel counts them; null until it exits.
        minor: Option<u64>,
    }

    /// Resource usage of the threads that have exited or, if `complete`, of the whole
    /// life.
    pub struct ProcessUsage {
        #[serde(flatten)]
        usage: Usage,
        /// True if all threads are included from start to end.
        complete: bool,
    }

    /// The cost of a fork. Copies of a running task are counted once a second, so each
    /// was made up to a second before the time at which it was counted. They are null
    /// if the hooks cannot tell copies from other writes.
    pub struct ForkCost {
        /// Time from the call to the creation of the task, ns.
        took_ns: Option<u64>,
        /// Mapped pages, each of which needed a page table entry.
        pages: Option<u64>,
        /// Size of the page tables created, bytes.
        page_tables_bytes: u64,
        /// Pages that the parent copied on write because of the fork.
        parent_copies: Option<u64>,
        /// Pages that the child copied on write until its exec or exit.
        child_copies: Option<u64>,
        /// Most copies by both counted in one second.
        peak_copies_per_s: Option<u64>,
        /// Time the first copies by either were counted, ns since boot.
        first_copy_ns: Option<u64>,
        /// Time the last copies by either were counted, ns since boot.
        last_copy_ns: Option<u64>,
        /// Most copies by the parent counted in one second.
        parent_peak_copies_per_s: Option<u64>,
        /// Time the parent's first copies were counted, ns since boot.
        parent_first_copy_ns: Option<u64>,
        /// Time the parent's last copies were counted, ns since boot.
        parent_last_copy_ns: Option<u64>,
        /// Most copies by the child counted in one second.
        child_peak_copies_per_s: Option<u64>,
        /// Time the child's first copies were counted, ns since boot.
        child_first_copy_ns: Option<u64>,
        /// Time the child's last copies were counted, ns since boot.
        child_last_copy_ns: Option<u64>,
        /// Time the child stopped sharing memory, ns since boot; null if it still does.
        shared_until_ns: Option<u64>,
        /// Why it stopped: `exec` or `exit`.
        shared_until: Option<&'static str>,
        /// True if another fork may have caused some of the copies.
        ambiguous: bool,
    }

    /// Task states of all threads of a process.
    pub struct ProcessStates {
        /// Time in each state, ns, sum of all threads.
        times: StateTimes,
        /// Delays from a wake-up to running.
        wakeups: Wakeups,
        /// State of the main thread; null once it has exited.
        state: Option<&'static str>,
        /// Begin of that state, ns since boot.
        since_ns: Option<u64>,
        /// Turns on a CPU of which the start was not seen, counted as runnable.
        missed_turns: u64,
        /// Time from which the states were counted, ns since boot: later than the start of a
        /// process that was found running.
        counted_since_ns: Option<u64>,
        /// True if all known threads were counted and none of their ends was missed.
        complete: bool,
    }

    /// A process that had to wait for a zombie.
    pub struct ZombieOwner {
        /// The owner; null if it is unknown.
        process: Option<ProcessId>,
        /// Its command name.
        comm: Option<String>,
        /// Time it became the owner of a zombie, ns since boot; an upper bound if `ns_min` and
        /// `ns_max` differ.
        since_ns: u64,
        /// Time it ceased to be, ns since boot; null for the present owner.
        until_ns: Option<u64>,
        /// Time between the two, ns; a lower bound.
        ns_min: u64,
        /// The same as an upper bound; null if there is none.
        ns_max: Option<u64>,
        /// The end of that: `reap`, `owner_exit` (its heir became the owner), or `tracer` (it
        /// traced the process, and waited or exited: the parent became the owner); null for
        /// the present owner.
        ended_by: Option<&'static str>,
    }

    /// A process as the owner of zombies.
    pub struct Owner {
        /// Its treatment of SIGCHLD, as of the latest exit of a child.
        care: Option<Care>,
        /// PID of the process that would inherit its zombies.
        heir_pid: Option<u32>,
        /// Wait system calls since tracing began, including those that returned no child.
        wait_calls: Option<u64>,
        /// Time it last waited, ns since boot.
        last_waited_ns: Option<u64>,
        /// Number of children it has reaped by waiting.
        reaped: u64,
    }
}
