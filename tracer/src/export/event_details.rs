//! The keys of each kind of event in the format `events-json`.

use super::{
    event_objects::{
        Exec, Exit, Fault, Fork, ForkFailed, Gap, Implied, Notify, Signal, Snapshot, States,
        Summary,
    },
    json::{comm, comm_of_other, text},
    value::{self, Faults, Oom, SessionFacts, Usage},
};
use crate::event::What;

/// What happened. The names are those of [`crate::event::Kind`].
#[derive(serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Details {
    /// The stream begins.
    Session(Box<SessionFacts>),
    /// A task that existed before, or that was found again after a gap.
    Snapshot(Box<Snapshot>),
    /// All tasks that existed at a moment have been listed.
    SnapshotEnd {
        /// That moment, ns since boot; 0 if some could not be listed.
        began_ns: u64,
    },
    /// A task was created.
    Fork(Box<Fork>),
    /// The task was made runnable. Reported alone if `first_run` cannot.
    WakeupNew,
    /// The task ran for the first time.
    FirstRun {
        /// Time it was made runnable, ns since boot; null if `wakeup_new` reported it.
        runnable_ns: Option<u64>,
    },
    /// The process executed another program.
    Exec(Box<Exec>),
    /// The task changed its command name.
    Comm {
        /// New name, at most 15 bytes.
        comm: String,
    },
    /// A signal was sent that ends the process unless it blocks it.
    Signal(Box<Signal>),
    /// The OOM killer chose the process.
    OomVictim(Box<Oom>),
    /// The task called `do_exit`; its exit event follows.
    ExitStart,
    /// The task exited.
    Exit(Box<Exit>),
    /// An exited process became a zombie, or passed to a new owner.
    Notify(Box<Notify>),
    /// The exited task was switched out for the last time.
    LastSwitch {
        /// PID of the next task on the CPU; 0 is the idle task.
        next_tid: u32,
        /// PID of its process.
        next_pid: u32,
        /// Its command name; null if it was left out (`tracer cut --tree`).
        next_comm: Option<String>,
    },
    /// A wait system call returned a child.
    Wait {
        /// PID of the child in the caller's pid namespace. It may have stopped or continued
        /// rather than exited.
        child: u32,
    },
    /// The exited task was removed from the process table.
    Reap {
        /// PID of the process that did so: the one that waited, or its own if the kernel
        /// reaped it.
        by_pid: u32,
        /// PID of the task that did so.
        by_tid: u32,
    },
    /// The task struct was freed.
    Free {
        /// Usage of the whole process, in the event of its main thread.
        usage: Option<Usage>,
    },
    /// User page faults of the task since tracing began, read once a second.
    Faults {
        /// The counts.
        faults: Box<Faults>,
    },
    /// A single page fault (`--faults=stream`).
    Fault(Box<Fault>),
    /// Wait system calls of the process since tracing began, read once a second.
    Waits {
        /// Number of calls.
        calls: u64,
        /// Time the last call was entered, ns since boot.
        last_ns: u64,
    },
    /// A fork failed.
    ForkFailed(Box<ForkFailed>),
    /// A cgroup exists.
    Cgroup {
        /// ID: the inode number of its directory.
        cgroup_id: u64,
        /// Path below the root of the hierarchy.
        path: String,
    },
    /// The process moved to another cgroup.
    Moved {
        /// ID of the new cgroup.
        cgroup_id: u64,
    },
    /// What events of another process show about the process, in a recording of one process
    /// tree that lacks them. Without a fact, it marks the time of the last event.
    Implied(Box<Implied>),
    /// Time the task spent in each state, read once a second (`--states`).
    States(Box<States>),
    /// The task changed its state (`--states=stream`).
    State {
        /// The new state.
        state: &'static str,
    },
    /// Records were lost, or are missing in the recording.
    Gap(Box<Gap>),
    /// Totals of the stream so far, from a checkpoint.
    Summary(Box<Summary>),
    /// Tracing ended regularly.
    End,
    /// The selected part of a trace ends here; the trace goes on.
    PartEnd,
}

impl Details {
    /// Returns the keys of an event.
    pub fn new(what: &What, page_size: Option<u64>) -> Details {
        match what {
            What::Session(begin) => Details::Session(Box::new(value::session(begin))),
            What::Snapshot(found) => Details::Snapshot(Box::new(found.as_ref().into())),
            What::SnapshotEnd(began) => Details::SnapshotEnd { began_ns: *began },
            What::Fork(made) => Details::Fork(Box::new(made.as_ref().into())),
            What::WakeupNew => Details::WakeupNew,
            What::FirstRun(first) => Details::FirstRun {
                runnable_ns: first.runnable,
            },
            What::Exec(done) => Details::Exec(Box::new(done.as_ref().into())),
            What::Comm(name) => Details::Comm { comm: comm(*name) },
            What::Signal(sent) => Details::Signal(Box::new(sent.as_ref().into())),
            What::OomVictim(victim) => Details::OomVictim(Box::new(value::oom(victim))),
            What::ExitStart => Details::ExitStart,
            What::Exit(exited) => Details::Exit(Box::new(Exit::new(exited, page_size))),
            What::Notify(notice) => Details::Notify(Box::new(notice.into())),
            What::LastSwitch(switch) => Details::LastSwitch {
                next_tid: switch.next_pid,
                next_pid: switch.next_tgid,
                next_comm: comm_of_other(switch.next_comm),
            },
            What::Wait(wait) => Details::Wait { child: wait.child },
            What::Reap(reap) => Details::Reap {
                by_pid: reap.by.process.tgid,
                by_tid: reap.by.task.pid,
            },
            What::Free(usage) => Details::Free {
                usage: usage.as_deref().map(|usage| value::usage(usage, page_size)),
            },
            What::Faults(counted) => Details::Faults {
                faults: Box::new(value::faults(Some(counted))),
            },
            What::Fault(one) => Details::Fault(Box::new(one.as_ref().into())),
            What::Waits(waits) => Details::Waits {
                calls: waits.count,
                last_ns: waits.last,
            },
            What::ForkFailed(failed) => Details::ForkFailed(Box::new(failed.as_ref().into())),
            What::Cgroup(made) => Details::Cgroup {
                cgroup_id: made.id,
                path: text(made.path.as_bytes()),
            },
            What::Moved(moved) => Details::Moved {
                cgroup_id: moved.cgroup,
            },
            What::Implied(fact) => Details::Implied(Box::new(fact.as_ref().into())),
            What::States(states) => Details::States(Box::new(states.as_ref().into())),
            What::State(state) => Details::State {
                state: state.name(),
            },
            What::Gap(gap) => Details::Gap(Box::new(gap.as_ref().into())),
            What::Summary(before) => Details::Summary(Box::new(before.as_ref().into())),
            What::End => Details::End,
            What::PartEnd => Details::PartEnd,
        }
    }
}
