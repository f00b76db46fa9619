//! What runs already. The kernel's task iterator tells it exactly; where there
//! is none, or it shows too little, `/proc` does. Command lines are `/proc`'s
//! either way: the iterator cannot read them.

use std::{
    collections::{BTreeSet, HashMap},
    io::Read as _,
};

use anyhow::{Context as _, Result};
use aya::{Ebpf, programs::Iter};
use tracer_common::wire;

use super::{
    cgroups::Cgroups,
    clock::now,
    plan::Method,
    procfs::{self, Stat, Status, View},
    starts::{NS_PER_TICK, Starts},
};
use crate::{
    event::{Event, Hook, ProcessId, Purpose, Relations, Snapshot, TaskId, What, Who},
    records::{self, RecordDecoder},
};

const PROGRAM: &str = "task_iterator";

/// Who tells.
pub enum Teller {
    /// `all`: every task, not only those of our own pid namespace.
    Iterator {
        all: bool,
        cgroups: Cgroups,
    },
    Proc {
        starts: Starts,
        cgroups: Cgroups,
    },
}

impl Teller {
    /// Tells who exists; whether everybody was named, so that whoever was not
    /// is gone.
    pub fn tell(
        &mut self,
        ebpf: &mut Ebpf,
        view: View,
        sink: &mut dyn FnMut(Event),
    ) -> Result<bool> {
        match self {
            Teller::Iterator { all, cgroups } => iterate(ebpf, view, cgroups, sink).map(|()| *all),
            Teller::Proc { starts, cgroups } => Ok(read_proc(starts, cgroups, sink)),
        }
    }

    /// What the kernel says of whom: every identity is put as it was first told.
    pub fn settle(&mut self, event: &mut Event) {
        match self {
            // It says the same of everybody as the hooks do.
            Teller::Iterator { .. } => {}
            Teller::Proc { starts, .. } => starts.settle(event),
        }
    }
}

/// Who tells, by the hook that was chosen; says there what it cannot.
pub fn teller(hooks: &mut [Hook], view: View, cgroups: Cgroups) -> Option<Teller> {
    let mut hooks = hooks.iter_mut();
    let hook = hooks.find(|hook| hook.purpose == Purpose::Snapshot)?;
    if hook.hook.as_deref()?.starts_with(Method::Proc.name()) {
        return Some(Teller::Proc {
            starts: Starts::default(),
            cgroups,
        });
    }
    if view.nested {
        hook.loses = "what runs outside tracer's own pid namespace, and who dies there unseen: \
                      run tracer in the host's"
            .to_owned();
    }
    Some(Teller::Iterator {
        all: !view.nested,
        cgroups,
    })
}

/// Hands out every task that the iterator shows. Linear in those.
fn iterate(
    ebpf: &mut Ebpf,
    view: View,
    cgroups: &Cgroups,
    sink: &mut dyn FnMut(Event),
) -> Result<()> {
    let (mut told, mut parents) = (HashMap::new(), BTreeSet::new());
    each_record(ebpf, |record, mut event| {
        if let What::Snapshot(snapshot) = &mut event.what
            && event.who.is_leader()
        {
            told.insert(event.who.process.tgid, event.who.process);
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
    // Some kernels hide tasks from the iterator (a guarded init, say) whose
    // children name them as parents.
    for id in parents {
        if !told.contains_key(&id.tgid)
            && let Some(stat) = Stat::read(&format!("/proc/{}", id.tgid))
            && stat.start == id.start / NS_PER_TICK
        {
            sink(found(id.leader(), &stat, &told, cgroups));
        }
    }
    Ok(())
}

/// Our own number in the initial pid namespace, where `/proc` does not say it.
pub fn own_pid(ebpf: &mut Ebpf, view: View) -> Result<Option<u32>> {
    let mut own = None;
    each_record(ebpf, |record, event| {
        if record.proc_pid == view.own && event.who.is_leader() {
            own = Some(event.who.process.tgid);
        }
    })?;
    Ok(own)
}

fn each_record(ebpf: &mut Ebpf, mut each: impl FnMut(wire::Task, Event)) -> Result<()> {
    let program = ebpf
        .program_mut(PROGRAM)
        .context("no task iterator in the eBPF object")?;
    let iterator: &mut Iter = program.try_into()?;
    let link = iterator.attach().and_then(|link| iterator.take_link(link));
    let mut file = link.context("attaching the task iterator")?.into_file()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .context("reading the task iterator")?;
    for record in bytes.chunks_exact(size_of::<wire::Task>()) {
        each(
            records::read(record).context("a task of another size")?,
            RecordDecoder::default().decode(record)?,
        );
    }
    Ok(())
}

/// Hands out every task that `/proc` shows, which must show the initial pid
/// namespace. Linear in those: two files for each, four for a process. Says
/// whether they were all: a zombie whose status we may not know is left out.
fn read_proc(starts: &mut Starts, cgroups: &Cgroups, sink: &mut dyn FnMut(Event)) -> bool {
    let mut all = true;
    let mut processes = Vec::new();
    let mut ids = HashMap::new();
    for tgid in procfs::listed("/proc") {
        // Gone since it was listed.
        let Some(stat) = Stat::read(&format!("/proc/{tgid}")) else {
            continue;
        };
        let start = starts.of(tgid, stat.start * NS_PER_TICK);
        let id = ProcessId { tgid, start };
        ids.insert(tgid, id);
        processes.push((id, stat));
    }
    for (id, stat) in processes {
        match stat.state {
            // Released already: only its memory is left.
            'X' => {}
            'Z' if !procfs::may_know_exit_code(id.tgid) => all = false,
            _ => sink(found(id.leader(), &stat, &ids, cgroups)),
        }
        let tasks = format!("/proc/{}/task", id.tgid);
        for pid in procfs::listed(&tasks) {
            let Some(stat) = Stat::read(&format!("{tasks}/{pid}")) else {
                continue;
            };
            if pid != id.tgid && stat.state != 'X' {
                let start = starts.of(pid, stat.start * NS_PER_TICK);
                let who = Who {
                    task: TaskId { pid, start },
                    process: id,
                };
                sink(found(who, &stat, &ids, cgroups));
            }
        }
    }
    all
}

/// A task as `/proc` shows it, among those whose identities are known by number.
fn found(who: Who, stat: &Stat, ids: &HashMap<u32, ProcessId>, cgroups: &Cgroups) -> Event {
    let pid = who.task.pid;
    let kthread = stat.is_kthread();
    let status = Status::read(&pid.to_string());
    let status = status.as_ref();
    let numbers = status.and_then(Status::numbers).unwrap_or_default();
    let argv = || procfs::command_line(pid);
    Event {
        at: now(),
        cpu: 0,
        who,
        what: What::Snapshot(Box::new(Snapshot {
            parent: ids.get(&stat.parent).copied().unwrap_or_default(),
            kthread,
            zombie: (stat.state == 'Z').then_some(stat.exit_code),
            exit_signal: stat.exit_signal,
            ns_pid: numbers.last().copied().unwrap_or(pid),
            ns_level: numbers.len().saturating_sub(1) as u32,
            comm: stat.comm,
            argv: (who.is_leader() && !kthread).then(argv).flatten(),
            relations: status.and_then(|status| {
                Some(Relations {
                    pgid: stat.pgid,
                    sid: stat.sid,
                    tracer: process_of(status.tracer()?, ids),
                })
            }),
            sigchld_policy: status
                .filter(|_| who.is_leader())
                .and_then(Status::sigchld_policy),
            cgroup: who
                .is_leader()
                .then(|| cgroups.of_process(pid, stat.is_dying()))
                .flatten(),
        })),
    }
}

/// Whose task that is; none: nobody's.
fn process_of(task: u32, ids: &HashMap<u32, ProcessId>) -> Option<ProcessId> {
    let of_leader = ids.get(&task).copied();
    let tgid = || Status::read(&task.to_string())?.tgid();
    of_leader.or_else(|| ids.get(&tgid()?).copied())
}
