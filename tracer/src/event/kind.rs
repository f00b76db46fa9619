//! The table of events and [`Kind`]: the numbers that identify events in recordings,
//! and their names.

use serde::{Deserialize, Serialize};

/// The table of events: number, name of the variant, type of the content, name in
/// text, description. Passes it to the macro `$declare`, so that [`Kind`] and
/// [`super::What`] stay in step.
macro_rules! events {
    ($declare:ident) => {
        $declare! {
            1 Session(Box<Session>) = "session", "The stream begins.";
            2 Snapshot(Box<Snapshot>) = "snapshot", "A task that already exists.";
            3 SnapshotEnd(u64) = "snapshot_end", "End of a snapshot: all tasks alive at that time (ns since boot) were emitted.";
            4 Fork(Box<Fork>) = "fork", "`copy_process` created the subject.";
            5 WakeupNew = "wakeup_new", "`wake_up_new_task` made the subject runnable.";
            6 FirstRun(FirstRun) = "first_run", "The subject ran for the first time.";
            7 Exec(Box<Exec>) = "exec", "The subject executed another program.";
            8 Comm(Comm) = "comm", "The subject changed its command name.";
            9 Signal(Box<Signal>) = "signal", "A fatal signal was sent to the subject.";
            10 OomVictim(Box<OomVictim>) = "oom_victim", "The OOM killer chose the subject.";
            11 Exit(Box<Exit>) = "exit", "The subject entered `do_exit`.";
            12 Notify(Notify) = "notify", "`do_notify_parent`: an exited process became a zombie, or passed to a new owner.";
            13 LastSwitch(LastSwitch) = "last_switch", "The exited subject was switched out for the last time.";
            14 Wait(Wait) = "wait", "A wait system call returned a child to the subject.";
            15 Free(Option<Box<Usage>>) = "free", "`delayed_put_task_struct` freed the subject; a leader's event has the usage of its whole group.";
            16 Faults(Box<FaultTally>) = "faults", "User page faults of the subject since tracing began.";
            17 Gap(Box<Gap>) = "gap", "Records were lost.";
            18 End = "end", "Tracing ended regularly.";
            19 ExitStart = "exit_start", "The subject called `do_exit`; its exit event follows.";
            20 Reap(Reap) = "reap", "`release_task` removed the exited subject from the process table.";
            21 Fault(Box<Fault>) = "fault", "A single page fault of the subject.";
            25 Waits(Waits) = "waits", "Wait system calls of the subject since tracing began.";
            26 ForkFailed(Box<ForkFailed>) = "fork_failed", "A fork of the subject failed.";
            27 Cgroup(Box<Cgroup>) = "cgroup", "A cgroup exists.";
            28 Moved(Moved) = "moved", "The subject's process moved to another cgroup.";
            39 States(Box<States>) = "states", "Time the subject spent in each state.";
            40 State(TaskState) = "state", "The subject changed its state.";
            48 Implied(Box<Implied>) = "implied", "The events of another process, which this recording does not hold, show a fact about the subject.";
            56 PartEnd = "part_end", "The selected part of a trace ends here; the trace goes on.";
            37 Summary(Box<Summary>) = "summary", "Totals of the stream so far: the end of a checkpoint.";
        }
    };
}

macro_rules! kinds {
    ($($number:literal $kind:ident $(($body:ty))? = $name:literal, $doc:literal;)*) => {
        /// The kind of an event, without its content. Numbers are assigned by hand
        /// and never reused, because recordings contain them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = $doc] $kind = $number,)* }

        impl Kind {
            /// Every kind, in the order of declaration.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// Returns the kind with this number in recordings, if there is one.
            pub fn from_number(number: u8) -> Option<Kind> {
                match number { $($number => Some(Kind::$kind),)* _ => None }
            }

            /// Returns true if the kind reports counters that the kernel side
            /// accumulates in a table and tracer reads from there.
            pub fn is_count(self) -> bool {
                matches!(self, Kind::Faults | Kind::States)
            }

            /// Returns the name used in logs, reports and JSON.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

events!(kinds);
pub(super) use events;
