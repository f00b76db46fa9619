//! Decodes one record into the event that it stands for.

use std::fmt;

use tracer_common::{
    maps::{FAULT_COUNTERS, FaultCounts},
    states, wire,
};
use zerocopy::FromBytes;

use super::fault_classes::{self, FaultClassifier};
use crate::event::{
    AddressSpace, Cgroup, ChildUsage, Comm, Disposition, Event, Exec, Exit, ExitedProcess,
    FirstRun, Fork, ForkFailed, Kind, LastSwitch, Moved, Notify, ProcessId, Reap, Relations,
    Sigchld, SigchldPolicy, Signal, Snapshot, StateTimes, States, TaskId, TaskState, Text, Uid,
    Usage, Wait, Wakeups, What, Who,
};

/// Error returned when a record does not have the form of its kind.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRecord {
    kind: Option<u32>,
    length: usize,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(
                f,
                "a record of kind {kind} cannot have {} bytes",
                self.length
            ),
            None => write!(f, "{} bytes are too short for a record", self.length),
        }
    }
}

impl std::error::Error for BadRecord {}

/// Decodes records in this build's layout.
#[derive(Clone, Copy, Default)]
pub struct RecordDecoder {
    /// Classifier of fault counters. None if faults are not traced; the counters in the
    /// records are then ignored.
    pub faults: Option<FaultClassifier>,
}

impl RecordDecoder {
    /// Returns the event that a record stands for.
    pub fn decode(&self, bytes: &[u8]) -> Result<Event, BadRecord> {
        let bad = |kind| BadRecord {
            kind,
            length: bytes.len(),
        };
        let (head, _) = wire::Header::read_from_prefix(bytes).map_err(|_| bad(None))?;
        let what = wire::Kind::from_number(head.kind).and_then(|kind| self.what(kind, bytes));
        let what = what.ok_or_else(|| bad(Some(head.kind)))?;
        Ok(Event {
            at: head.at,
            cpu: head.cpu,
            who: who(head.who),
            what,
        })
    }

    fn what(&self, kind: wire::Kind, bytes: &[u8]) -> Option<What> {
        Some(match kind {
            wire::Kind::Fork => What::Fork(Box::new(self.fork(read(bytes)?))),
            wire::Kind::WakeupNew => What::WakeupNew,
            wire::Kind::FirstRun => What::FirstRun(first_run(read(bytes)?)),
            wire::Kind::Exec => What::Exec(Box::new(self.exec(bytes)?)),
            wire::Kind::Comm => What::Comm(Comm::new(&read::<wire::CommChange>(bytes)?.comm)),
            wire::Kind::Signal => What::Signal(Box::new(signal(read(bytes)?))),
            wire::Kind::OomVictim => What::OomVictim(Box::default()),
            wire::Kind::Exit => What::Exit(Box::new(self.exit(read(bytes)?, &[0; FAULT_COUNTERS]))),
            wire::Kind::ExitCounted => {
                let counted = read::<wire::ExitCounted>(bytes)?;
                What::Exit(Box::new(self.exit(counted.exit, &counted.faults)))
            }
            wire::Kind::Notify => What::Notify(notify(read(bytes)?)),
            wire::Kind::LastSwitch => What::LastSwitch(last_switch(read(bytes)?)),
            wire::Kind::Wait => What::Wait(Wait {
                child: read::<wire::Wait>(bytes)?.child,
            }),
            wire::Kind::Free => What::Free(free(read(bytes)?)),
            wire::Kind::ExitStart => What::ExitStart,
            wire::Kind::Reap => What::Reap(Reap {
                by: who(read::<wire::Reap>(bytes)?.by),
            }),
            wire::Kind::Fault => What::Fault(Box::new(fault_classes::fault(read(bytes)?)?)),
            wire::Kind::ForkFailed => What::ForkFailed(Box::new(fork_failed(read(bytes)?))),
            wire::Kind::Cgroup => What::Cgroup(Box::new(made(bytes)?)),
            wire::Kind::Moved => What::Moved(Moved {
                cgroup: read::<wire::Moved>(bytes)?.cgroup,
            }),
            wire::Kind::States => {
                What::States(Box::new(task_states(&read::<wire::States>(bytes)?.states)?))
            }
            wire::Kind::StateChange => {
                What::State(task_state(read::<wire::StateChange>(bytes)?.state)?)
            }
            wire::Kind::Task => What::Snapshot(Box::new(snapshot(read(bytes)?))),
        })
    }

    /// Returns the copies on write that a task has made, if the hooks in use count them.
    fn copies(&self, copies: u64) -> Option<u64> {
        let counted = self
            .faults
            .is_some_and(|classifier| classifier.counts_copies());
        counted.then_some(copies)
    }

    fn fork(&self, fork: wire::Fork) -> Fork {
        let clone_flags = Some(fork.clone_flags).filter(|&flags| flags != wire::FLAGS_UNKNOWN);
        let kthread = fork.task_flags & wire::PF_KTHREAD != 0;
        let shared = clone_flags.is_none_or(|flags| flags & wire::CLONE_VM != 0);
        Fork {
            by: who(fork.by),
            parent: group(fork.parent),
            clone_flags,
            kthread,
            exit_signal: fork.exit_signal,
            ns_pid: fork.ns_pid,
            ns_level: fork.ns_level,
            comm: Comm::new(&fork.comm),
            requested_at: Some(fork.asked).filter(|&asked| asked != 0 && asked <= fork.head.at),
            copied: (!shared && !kthread).then_some(AddressSpace {
                pages: known_pages(fork.pages),
                page_tables: fork.page_tables,
            }),
            by_copies: self.copies(fork.by_copies),
            relations: Some(relations(fork.ties)),
            cgroup: cgroup(fork.cgroup),
        }
    }

    fn exec(&self, bytes: &[u8]) -> Option<Exec> {
        let (exec, text) = wire::Exec::read_from_prefix(bytes).ok()?;
        let (filename, text) = text.split_at_checked(exec.filename_len as usize)?;
        let argv = text.get(..exec.argv_len as usize)?;
        Some(Exec {
            old_pid: exec.old_pid,
            comm: Comm::new(&exec.comm),
            filename: Text::new(filename),
            filename_cut: exec.flags & wire::EXEC_FILENAME_CUT != 0,
            argv: (exec.flags & wire::EXEC_ARGV_UNREADABLE == 0).then(|| Text::new(argv)),
            argv_total: exec.argv_total,
            copies: self.copies(exec.copies),
            relations: Some(relations(exec.ties)),
        })
    }

    fn exit(&self, exit: wire::Exit, faults: &FaultCounts) -> Exit {
        let has = |flag| exit.flags & flag != 0;
        Exit {
            code: exit.code,
            group_code: has(wire::EXIT_GROUP_EXIT).then_some(exit.group_code),
            group_dead: (!has(wire::EXIT_GROUP_DEAD_UNKNOWN)).then(|| has(wire::EXIT_GROUP_DEAD)),
            exit_signal: exit.exit_signal,
            parent: group(exit.parent),
            sigchld: if exit.care & wire::CARE_IGNORED != 0 {
                Sigchld::Ignored
            } else if exit.care & wire::CARE_NOCLDWAIT != 0 {
                Sigchld::NoCldWait
            } else {
                Sigchld::Zombie
            },
            reaper: has(wire::EXIT_REAPER).then(|| group(exit.reaper)),
            usage: usage(exit.usage),
            faults: self.faults.map(|classifier| classifier.tally(faults)),
            comm: Comm::new(&exit.comm),
            relations: Some(relations(exit.ties)),
            // Without a reliable flag it is read if this seems to be the last thread.
            sigchld_policy: (has(wire::EXIT_GROUP_DEAD)
                || has(wire::EXIT_GROUP_DEAD_UNKNOWN) && exit.care != 0)
                .then(|| sigchld_policy(exit.care)),
            children: has(wire::EXIT_GROUP_DEAD).then(|| children(exit.children)),
        }
    }
}

/// Returns the kind of event that a kind of record stands for.
pub fn event_kind(kind: wire::Kind) -> Kind {
    match kind {
        wire::Kind::Fork => Kind::Fork,
        wire::Kind::WakeupNew => Kind::WakeupNew,
        wire::Kind::FirstRun => Kind::FirstRun,
        wire::Kind::Exec => Kind::Exec,
        wire::Kind::Comm => Kind::Comm,
        wire::Kind::Signal => Kind::Signal,
        wire::Kind::OomVictim => Kind::OomVictim,
        wire::Kind::Exit | wire::Kind::ExitCounted => Kind::Exit,
        wire::Kind::Notify => Kind::Notify,
        wire::Kind::LastSwitch => Kind::LastSwitch,
        wire::Kind::Wait => Kind::Wait,
        wire::Kind::Free => Kind::Free,
        wire::Kind::Task => Kind::Snapshot,
        wire::Kind::ExitStart => Kind::ExitStart,
        wire::Kind::Reap => Kind::Reap,
        wire::Kind::Fault => Kind::Fault,
        wire::Kind::ForkFailed => Kind::ForkFailed,
        wire::Kind::Cgroup => Kind::Cgroup,
        wire::Kind::Moved => Kind::Moved,
        wire::Kind::States => Kind::States,
        wire::Kind::StateChange => Kind::State,
    }
}

/// The end of a process, from the records that report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    /// The last thread has exited, as far as the record shows.
    Exited(ProcessId),
    /// The kernel has freed the task struct of the leader.
    Freed(ProcessId),
}

impl ProcessEnd {
    /// Returns none if the record reports something else.
    pub fn of(record: &[u8]) -> Option<ProcessEnd> {
        match peek(record)?.0 {
            wire::Kind::Exit | wire::Kind::ExitCounted => {
                let exit: wire::Exit = read(record)?;
                let last = wire::EXIT_GROUP_DEAD | wire::EXIT_GROUP_DEAD_UNKNOWN;
                (exit.flags & last != 0).then(|| ProcessEnd::Exited(who(exit.head.who).process))
            }
            wire::Kind::Free => {
                let who = who(read::<wire::Header>(record)?.who);
                who.is_leader().then_some(ProcessEnd::Freed(who.process))
            }
            _ => None,
        }
    }
}

/// Returns the kind and the time (ns since boot) of a record without decoding it. Returns none if
/// the record is too short or its kind is unknown.
pub fn peek(record: &[u8]) -> Option<(wire::Kind, u64)> {
    let (kind, rest) = record.split_first_chunk()?;
    let at = rest.get(4..)?.first_chunk()?;
    let kind = wire::Kind::from_number(u32::from_le_bytes(*kind))?;
    Some((kind, u64::from_le_bytes(*at)))
}

/// Reads a wire struct from the front of `bytes`. Returns none if they are too few.
pub fn read<T: FromBytes>(bytes: &[u8]) -> Option<T> {
    T::read_from_prefix(bytes).ok().map(|(record, _)| record)
}

/// Returns the identity of the task in a record.
pub fn who(who: wire::Who) -> Who {
    Who {
        task: TaskId {
            pid: who.pid,
            start: who.start,
        },
        process: ProcessId {
            tgid: who.tgid,
            start: who.leader_start,
        },
    }
}

fn group(group: wire::Group) -> ProcessId {
    ProcessId {
        tgid: group.tgid,
        start: group.start,
    }
}

/// Returns none for the idle task.
fn group_unless_idle(of: wire::Group) -> Option<ProcessId> {
    (of.tgid != 0).then(|| group(of))
}

fn relations(relations: wire::Ties) -> Relations {
    Relations {
        pgid: relations.pgid,
        sid: relations.sid,
        tracer: group_unless_idle(relations.tracer),
        uid: Uid::from_plus_1(relations.uid_plus_1),
        euid: Uid::from_plus_1(relations.euid_plus_1),
    }
}

fn sigchld_policy(bits: u32) -> SigchldPolicy {
    let has = |bit| bits & bit != 0;
    SigchldPolicy {
        sigchld: if has(wire::CARE_IGNORED) {
            Disposition::Ignored
        } else if has(wire::CARE_CAUGHT) {
            Disposition::Caught
        } else {
            Disposition::Default
        },
        nocldwait: has(wire::CARE_NOCLDWAIT),
        blocked: has(wire::CARE_BLOCKED),
        stopped: has(wire::CARE_STOPPED),
        from_proc: false,
    }
}

fn task_state(number: u32) -> Option<TaskState> {
    TaskState::from_number(number.try_into().ok()?)
}

/// Returns the state times of a task. Returns none if its state is unknown.
pub fn task_states(states: &states::TaskStates) -> Option<States> {
    Some(States {
        state: task_state(states.state)?,
        since: states.since,
        began: states.began,
        times: StateTimes::by_state(|state| states.times[state as usize]),
        wakeups: Wakeups {
            count: states.wakeups,
            latency: states.latency,
            latency_max: states.latency_max,
        },
        missed: states.missed.into(),
    })
}

/// Returns none for 0, which stands for a cgroup that was not read.
fn cgroup(id: u64) -> Option<u64> {
    Some(id).filter(|&id| id != 0)
}

/// Returns the pages of a copied address space. It maps at least one, so 0 means that
/// the kernel had not added up any of its counters for each CPU (since 6.2).
fn known_pages(pages: u64) -> Option<u64> {
    (pages != 0 && pages != wire::PAGES_UNKNOWN).then_some(pages)
}

fn fork_failed(failed: wire::ForkFailed) -> ForkFailed {
    let known = |number: u64| Some(number).filter(|&number| number != wire::FIGURE_UNKNOWN);
    ForkFailed {
        errno: failed.errno,
        comm: Comm::new(&failed.comm),
        processes: known(failed.processes),
        max_processes: known(failed.max_processes),
        pids: known(failed.pids),
        max_pids: known(failed.max_pids),
    }
}

fn made(bytes: &[u8]) -> Option<Cgroup> {
    let cgroup = read::<wire::Cgroup>(bytes)?;
    let path = cgroup.path.get(..cgroup.path_len as usize)?;
    Some(Cgroup {
        id: cgroup.id,
        path: Text::new(path),
    })
}

fn children(usage: wire::ChildUsage) -> ChildUsage {
    ChildUsage {
        utime: usage.utime,
        stime: usage.stime,
        nvcsw: usage.nvcsw,
        nivcsw: usage.nivcsw,
        min_flt: usage.min_flt,
        maj_flt: usage.maj_flt,
        maxrss: usage.maxrss,
    }
}

fn usage(usage: wire::Usage) -> Usage {
    Usage {
        utime: usage.utime,
        stime: usage.stime,
        runtime: usage.runtime,
        nvcsw: usage.nvcsw,
        nivcsw: usage.nivcsw,
        min_flt: usage.min_flt,
        maj_flt: usage.maj_flt,
        maxrss: Some(usage.maxrss).filter(|&pages| pages != 0),
    }
}

fn snapshot(task: wire::Task) -> Snapshot {
    Snapshot {
        parent: group(task.parent),
        kthread: task.task_flags & wire::PF_KTHREAD != 0,
        zombie: (task.exit_state & wire::EXIT_ZOMBIE != 0).then_some(task.exit_code),
        exiting: task.exit_state == 0 && task.task_flags & wire::PF_EXITING != 0,
        exit_signal: task.exit_signal,
        ns_pid: task.ns_pid,
        ns_level: task.ns_level,
        comm: Comm::new(&task.comm),
        argv: None,
        relations: Some(relations(task.ties)),
        sigchld_policy: Some(sigchld_policy(task.care)),
        cgroup: cgroup(task.cgroup),
    }
}

fn signal(signal: wire::Signal) -> Signal {
    Signal {
        sig: signal.sig,
        code: signal.code,
        by: who(signal.by),
        by_comm: Comm::new(&signal.by_comm),
        group: signal.group != 0,
    }
}

fn notify(notify: wire::Notify) -> Notify {
    let has = |flag| notify.flags & flag != 0;
    Notify {
        owner: group(notify.owner),
        seen_pid: notify.seen_pid,
        exited: if has(wire::NOTIFY_SELF) {
            ExitedProcess::Subject
        } else if has(wire::NOTIFY_INIT_NS) {
            ExitedProcess::ChildPid(notify.seen_pid)
        } else {
            ExitedProcess::Child
        },
        autoreap: has(wire::NOTIFY_AUTOREAP),
        sigchld_policy: Some(sigchld_policy(notify.care)),
        heir: group_unless_idle(notify.heir),
    }
}

fn first_run(first: wire::FirstRun) -> FirstRun {
    let is_known = |&runnable: &u64| runnable != 0 && runnable <= first.head.at;
    FirstRun {
        runnable: Some(first.runnable).filter(is_known),
    }
}

fn last_switch(switch: wire::LastSwitch) -> LastSwitch {
    LastSwitch {
        next_pid: switch.next_pid,
        next_tgid: switch.next_tgid,
        next_comm: Comm::new(&switch.next_comm),
    }
}

fn free(free: wire::Free) -> Option<Box<Usage>> {
    (free.head.who.pid == free.head.who.tgid).then(|| Box::new(usage(free.group)))
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn short_and_unknown_records_are_refused() {
        let decoder = RecordDecoder::default();
        assert_eq!(
            decoder.decode(b"").unwrap_err(),
            BadRecord {
                kind: None,
                length: 0
            }
        );
        let mut record = vec![0; 40];
        record[0] = 99;
        assert_eq!(decoder.decode(&record).unwrap_err().kind, Some(99));
        for kind in wire::Kind::ALL {
            record[0] = *kind as u8;
            // A header alone is enough only for kinds without further fields.
            let alone = matches!(
                kind,
                wire::Kind::WakeupNew | wire::Kind::OomVictim | wire::Kind::ExitStart
            );
            assert_eq!(decoder.decode(&record).is_ok(), alone, "{kind:?}");
        }
    }

    #[test]
    fn policy_of_the_parent_is_known_without_a_reliable_flag() {
        let mut record = vec![0; size_of::<wire::Exit>()];
        record[0] = wire::Kind::Exit as u8;
        let policy = |record: &[u8]| match RecordDecoder::default().decode(record).unwrap().what {
            What::Exit(exit) => exit.sigchld_policy.map(|policy| policy.sigchld),
            what => panic!("{what:?}"),
        };
        assert_eq!(policy(&record), None);
        record[offset_of!(wire::Exit, flags)] = wire::EXIT_GROUP_DEAD_UNKNOWN as u8;
        assert_eq!(policy(&record), None);
        record[offset_of!(wire::Exit, care)] = wire::CARE_IGNORED as u8;
        assert_eq!(policy(&record), Some(Disposition::Ignored));
    }

    #[test]
    fn exec_record_with_excessive_text_length_is_refused() {
        let mut record = vec![0; size_of::<wire::Exec>() + 3];
        record[0] = wire::Kind::Exec as u8;
        record[44] = 2;
        record[48] = 1;
        assert!(RecordDecoder::default().decode(&record).is_ok());
        record[48] = 2;
        assert!(RecordDecoder::default().decode(&record).is_err());
    }
}
