//! Snapshots of the existing tasks.
//!
//! The kernel's task iterator lists them exactly. Where there is none, or it shows
//! too little, `/proc` ([`procfs`]) does. Command lines always come from `/proc`: the
//! iterator cannot read them.

use std::{
    collections::{BTreeSet, HashMap},
    io::Read as _,
};

use aya::{Ebpf, programs::Iter};
use tracer_common::wire;

use super::{
    cgroups::Cgroups,
    clock::{now, start_of, ticks_of},
    error::{Error, Result},
    plan::Method,
    procfs::{self, ProcStat, ProcStatus, ProcView},
    starts::Starts,
    users,
};
use crate::{
    event::{Event, Hook, ProcessId, Purpose, Relations, Snapshot, TaskId, Uid, What, Who},
    records::{self, RecordDecoder},
};

const PROGRAM: &str = "task_iterator";

/// Maximum size of the arguments of a user's processes in a snapshot, bytes.
const OF_USER: usize = 2 << 20;
/// Maximum size of all arguments in a snapshot, bytes.
const OF_ALL: usize = 4 << 20;
/// Size up to which arguments are never left out, bytes.
const SHORT: usize = 128;

/// The arguments in a snapshot so far. Many processes with long ones must not fill the memory:
/// beyond the maximum, further arguments are left out, which means that they are unknown.
#[derive(Default)]
struct ArgumentRoom {
    all: usize,
    by_user: HashMap<Option<Uid>, usize>,
}

impl ArgumentRoom {
    /// Leaves out the arguments of a task if there is no room for them.
    fn limit(&mut self, event: &mut Event) {
        let What::Snapshot(task) = &mut event.what else {
            return;
        };
        let Some(argv) = &task.argv else { return };
        let size = argv.as_bytes().len();
        let user = task.relations.and_then(|relations| relations.uid);
        let of_user = self.by_user.entry(user).or_default();
        if size > SHORT && (*of_user + size > OF_USER || self.all + size > OF_ALL) {
            task.argv = None;
            return;
        }
        *of_user += size;
        self.all += size;
    }
}

/// Source of the list of existing tasks.
pub enum SnapshotSource {
    /// The kernel's task iterator.
    Iterator {
        /// True if it shows every task, not only those of tracer's pid namespace.
        all: bool,
        cgroups: Cgroups,
    },
    /// The files in `/proc`.
    Proc { starts: Starts, cgroups: Cgroups },
}

impl SnapshotSource {
    /// Emits every existing task. Returns true if none was left out, so that an absent
    /// task no longer exists.
    pub fn emit_tasks(
        &mut self,
        ebpf: &mut Ebpf,
        view: ProcView,
        sink: &mut dyn FnMut(Event),
    ) -> Result<bool> {
        let mut room = ArgumentRoom::default();
        let sink = &mut |mut event| {
            room.limit(&mut event);
            sink(event);
        };
        match self {
            SnapshotSource::Iterator { all, cgroups } => {
                emit_iterated(ebpf, view, cgroups, sink).map(|()| *all)
            }
            SnapshotSource::Proc { starts, cgroups } => Ok(emit_proc(starts, cgroups, sink)),
        }
    }

    /// Replaces every start time in a kernel event by the one that this source
    /// reported first for the task.
    pub fn unify_starts(&mut self, event: &mut Event) {
        match self {
            // The iterator reports the same start times as the hooks.
            SnapshotSource::Iterator { .. } => {}
            SnapshotSource::Proc { starts, .. } => starts.unify(event),
        }
    }
}

/// Returns the source that the chosen hook stands for, if any, and adds to the hook
/// what the source cannot show.
pub fn source(hooks: &mut [Hook], view: ProcView, cgroups: Cgroups) -> Option<SnapshotSource> {
    let mut hooks = hooks.iter_mut();
    let hook = hooks.find(|hook| hook.purpose == Purpose::Snapshot)?;
    if hook.hook.as_ref()?.raw().starts_with(Method::Proc.name()) {
        return Some(SnapshotSource::Proc {
            starts: Starts::default(),
            cgroups,
        });
    }
    if view.nested {
        hook.loses =
            "tasks outside tracer's own pid namespace, and deaths there that no hook saw: \
                      run tracer in the host's"
                .into();
    }
    Some(SnapshotSource::Iterator {
        all: !view.nested,
        cgroups,
    })
}

/// Emits every task that the iterator shows. Linear in those.
fn emit_iterated(
    ebpf: &mut Ebpf,
    view: ProcView,
    cgroups: &Cgroups,
    sink: &mut dyn FnMut(Event),
) -> Result<()> {
    let (mut seen, mut parents) = (HashMap::new(), BTreeSet::new());
    for_each_record(ebpf, |record, mut event| {
        if let What::Snapshot(snapshot) = &mut event.what
            && event.who.is_leader()
        {
            seen.insert(event.who.process.tgid, event.who.process);
            parents.insert(snapshot.parent);
            if !snapshot.kthread && record.proc_pid != 0 {
                snapshot.argv = procfs::command_line(record.proc_pid);
            }
        }
        sink(event);
    })?;
    if !view.initial {
        return Ok(());
    }
    // Some kernels hide tasks from the iterator, such as a guarded init. Their
    // children still report them as parents.
    for id in parents {
        if !seen.contains_key(&id.tgid)
            && let Some(stat) = ProcStat::read(&format!("/proc/{}", id.tgid))
            && stat.start == ticks_of(id.start)
        {
            sink(snapshot_event(id.leader(), &stat, &seen, cgroups));
        }
    }
    Ok(())
}

/// Returns tracer's own PID in the initial pid namespace, where `/proc` does not
/// show it.
pub fn own_pid(ebpf: &mut Ebpf, view: ProcView) -> Result<Option<u32>> {
    let mut own = None;
    for_each_record(ebpf, |record, event| {
        if record.proc_pid == view.own && event.who.is_leader() {
            own = Some(event.who.process.tgid);
        }
    })?;
    Ok(own)
}

/// Passes every record of the iterator to `each`, with its event.
fn for_each_record(ebpf: &mut Ebpf, mut each: impl FnMut(wire::Task, Event)) -> Result<()> {
    let program = ebpf
        .program_mut(PROGRAM)
        .ok_or_else(|| Error::Object(format!("program {PROGRAM}")))?;
    let link = <&mut Iter>::try_from(program).and_then(|iterator| {
        let link = iterator.attach()?;
        iterator.take_link(link)
    });
    let attaching = "attaching the task iterator";
    let file = link.map_err(Error::step(attaching))?.into_file();
    let mut file = file.map_err(Error::step(attaching))?;
    let reading = "reading the task iterator";
    let mut bytes = Vec::new();
    let read = file.read_to_end(&mut bytes);
    read.map_err(Error::step(reading))?;
    for record in bytes.chunks_exact(size_of::<wire::Task>()) {
        let task = records::read(record).ok_or("a task of another size");
        let event = RecordDecoder::default().decode(record);
        each(
            task.map_err(Error::step(reading))?,
            event.map_err(Error::step(reading))?,
        );
    }
    Ok(())
}

/// Emits every task that `/proc` shows. Returns true if none was left out; a zombie is
/// left out if tracer may not read its exit code.
///
/// `/proc` must show the initial pid namespace. Linear in the tasks: two files for
/// each thread, four for a process.
fn emit_proc(starts: &mut Starts, cgroups: &Cgroups, sink: &mut dyn FnMut(Event)) -> bool {
    let mut all = true;
    let mut processes = Vec::new();
    let mut ids = HashMap::new();
    for tgid in procfs::listed("/proc") {
        // It has exited since it was listed.
        let Some(stat) = ProcStat::read(&format!("/proc/{tgid}")) else {
            continue;
        };
        let start = starts.unified(tgid, start_of(stat.start));
        let id = ProcessId { tgid, start };
        ids.insert(tgid, id);
        processes.push((id, stat));
    }
    for (id, stat) in processes {
        match stat.state {
            // Already released; only its memory remains.
            'X' => {}
            'Z' if !procfs::may_know_exit_code(id.tgid) => all = false,
            _ => sink(snapshot_event(id.leader(), &stat, &ids, cgroups)),
        }
        let tasks = format!("/proc/{}/task", id.tgid);
        for pid in procfs::listed(&tasks) {
            let Some(stat) = ProcStat::read(&format!("{tasks}/{pid}")) else {
                continue;
            };
            if pid != id.tgid && stat.state != 'X' {
                let start = starts.unified(pid, start_of(stat.start));
                let who = Who {
                    task: TaskId { pid, start },
                    process: id,
                };
                sink(snapshot_event(who, &stat, &ids, cgroups));
            }
        }
    }
    all
}

/// Returns the snapshot event of a task as `/proc` shows it. `ids` are the known
/// processes by PID.
fn snapshot_event(
    who: Who,
    stat: &ProcStat,
    ids: &HashMap<u32, ProcessId>,
    cgroups: &Cgroups,
) -> Event {
    let pid = who.task.pid;
    let kthread = stat.is_kthread();
    let status = ProcStatus::read(&pid.to_string());
    let status = status.as_ref();
    let numbers = status.and_then(ProcStatus::numbers).unwrap_or_default();
    let argv = || procfs::command_line(pid);
    Event {
        at: now(),
        cpu: 0,
        who,
        what: What::Snapshot(Box::new(Snapshot {
            parent: ids.get(&stat.parent).copied().unwrap_or_default(),
            kthread,
            zombie: (stat.state == 'Z').then_some(stat.exit_code),
            exiting: stat.is_dying() && stat.state != 'Z',
            exit_signal: stat.exit_signal,
            ns_pid: numbers.last().copied().unwrap_or(pid),
            ns_level: numbers.len().saturating_sub(1) as u32,
            comm: stat.comm,
            argv: (who.is_leader() && !kthread).then(argv).flatten(),
            relations: status.and_then(|status| {
                let uids = status.uids().filter(|_| users::are_initial());
                Some(Relations {
                    pgid: stat.pgid,
                    sid: stat.sid,
                    tracer: process_of(status.tracer()?, ids),
                    uid: uids.and_then(|(uid, _)| Uid::new(uid)),
                    euid: uids.and_then(|(_, euid)| Uid::new(euid)),
                })
            }),
            sigchld_policy: status
                .filter(|_| who.is_leader())
                .and_then(ProcStatus::sigchld_policy),
            cgroup: who
                .is_leader()
                .then(|| cgroups.of_process(pid, stat.is_dying()))
                .flatten(),
        })),
    }
}

/// Returns the process that a task belongs to, if it is known.
fn process_of(task: u32, ids: &HashMap<u32, ProcessId>) -> Option<ProcessId> {
    let of_leader = ids.get(&task).copied();
    let tgid = || ProcStatus::read(&task.to_string())?.tgid();
    of_leader.or_else(|| ids.get(&tgid()?).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Text, script::Script};

    #[test]
    fn arguments_of_one_user_leave_room_for_others() {
        let mut room = ArgumentRoom::default();
        let mut kept = |uid: u32, size: usize| {
            let mut event = Script::new().found(2, 1, "found").events.remove(0);
            if let What::Snapshot(task) = &mut event.what {
                task.argv = Some(Text::new(&vec![b'x'; size]));
                task.relations = Some(Relations {
                    uid: Uid::new(uid),
                    ..Relations::default()
                });
            }
            room.limit(&mut event);
            matches!(event.what, What::Snapshot(task) if task.argv.is_some())
        };
        let crowd = (0..3000).filter(|_| kept(1000, 4000)).count();
        assert_eq!(crowd, OF_USER / 4000);
        assert!(kept(1000, SHORT) && kept(0, 100_000) && !kept(1000, 4000));
        // Very many users have less than a share each.
        let users = (2000..9000).filter(|&uid| kept(uid, 4000)).count();
        assert!(users < OF_ALL / 4000 && kept(1, SHORT));
    }
}
