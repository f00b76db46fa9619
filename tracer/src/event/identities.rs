//! Every identity in an event, in one place, so that the source can translate start
//! times. A new field that holds an identity must be visited here.

use super::{
    Event, Exit, Fork, Implied, Notify, ProcessId, Reap, Relations, Signal, Snapshot, TaskId, What,
    Who,
};

/// A PID and its start time, of a task or a process.
pub struct Identity<'a> {
    /// PID in the initial namespace.
    pub pid: u32,
    /// Start time, ns since boot.
    pub start: &'a mut u64,
}

impl Event {
    /// Passes every identity to `visit`, the subject's first. PID 0, the idle task
    /// or none, is skipped.
    pub fn each_identity(&mut self, visit: &mut dyn FnMut(Identity)) {
        who(&mut self.who, visit);
        match &mut self.what {
            What::Fork(fork) => {
                let Fork {
                    by,
                    parent,
                    relations,
                    ..
                } = &mut **fork;
                who(by, visit);
                process(parent, visit);
                tracer(relations, visit);
            }
            What::Snapshot(snapshot) => {
                let Snapshot {
                    parent, relations, ..
                } = &mut **snapshot;
                process(parent, visit);
                tracer(relations, visit);
            }
            What::Signal(signal) => {
                let Signal { by, .. } = &mut **signal;
                who(by, visit);
            }
            What::Exit(exit) => {
                let Exit {
                    parent,
                    reaper,
                    relations,
                    ..
                } = &mut **exit;
                process(parent, visit);
                optional_process(reaper, visit);
                tracer(relations, visit);
            }
            What::Notify(Notify { owner, heir, .. }) => {
                process(owner, visit);
                optional_process(heir, visit);
            }
            What::Exec(exec) => tracer(&mut exec.relations, visit),
            What::Reap(Reap { by }) => who(by, visit),
            What::Implied(implied) => {
                let Implied { by, parent, .. } = &mut **implied;
                process(by, visit);
                optional_process(parent, visit);
            }
            What::Summary(_)
            | What::Session(_)
            | What::SnapshotEnd(_)
            | What::WakeupNew
            | What::FirstRun(_)
            | What::Comm(_)
            | What::OomVictim(_)
            | What::LastSwitch(_)
            | What::Wait(_)
            | What::Free(_)
            | What::Faults(_)
            | What::Fault(_)
            | What::Waits(_)
            | What::ForkFailed(_)
            | What::Cgroup(_)
            | What::Moved(_)
            | What::States(_)
            | What::State(_)
            | What::Gap(_)
            | What::End
            | What::PartEnd
            | What::ExitStart => {}
        }
    }
}

fn who(of: &mut Who, visit: &mut dyn FnMut(Identity)) {
    let Who {
        task: TaskId { pid, start },
        process: group,
    } = of;
    if *pid != 0 {
        visit(Identity { pid: *pid, start });
    }
    process(group, visit);
}

fn tracer(relations: &mut Option<Relations>, visit: &mut dyn FnMut(Identity)) {
    if let Some(relations) = relations {
        optional_process(&mut relations.tracer, visit);
    }
}

fn optional_process(of: &mut Option<ProcessId>, visit: &mut dyn FnMut(Identity)) {
    if let Some(of) = of {
        process(of, visit);
    }
}

fn process(of: &mut ProcessId, visit: &mut dyn FnMut(Identity)) {
    let ProcessId { tgid, start } = of;
    if *tgid != 0 {
        visit(Identity { pid: *tgid, start });
    }
}
