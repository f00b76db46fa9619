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
    clock::now,
    decode::Decoder,
    plan::Method,
    procfs::{self, Stat, View},
    starts::{NS_PER_TICK, Starts},
};
use crate::event::{Event, Hook, ProcessId, Purpose, Snapshot, TaskId, What, Who};

const PROGRAM: &str = "task_iterator";

/// Who tells.
pub enum Teller {
    /// `all`: every task, not only those of our own pid namespace.
    Iterator {
        all: bool,
    },
    Proc(Starts),
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
            Teller::Iterator { all } => iterate(ebpf, view, sink).map(|()| *all),
            Teller::Proc(starts) => Ok(read_proc(starts, sink)),
        }
    }

    /// What the kernel says of whom: every identity is put as it was first told.
    pub fn settle(&mut self, event: &mut Event) {
        match self {
            // It says the same of everybody as the hooks do.
            Teller::Iterator { .. } => {}
            Teller::Proc(starts) => starts.settle(event),
        }
    }
}

/// Who tells, by the hook that was chosen; says there what it cannot.
pub fn teller(hooks: &mut [Hook], view: View) -> Option<Teller> {
    let mut hooks = hooks.iter_mut();
    let hook = hooks.find(|hook| hook.purpose == Purpose::Snapshot)?;
    if hook.hook.as_deref()?.starts_with(Method::Proc.name()) {
        return Some(Teller::Proc(Starts::default()));
    }
    if view.nested {
        hook.loses = "what runs outside tracer's own pid namespace, and who dies there unseen: \
                      run tracer in the host's"
            .to_owned();
    }
    Some(Teller::Iterator { all: !view.nested })
}

/// Hands out every task that the iterator shows. Linear in those.
fn iterate(ebpf: &mut Ebpf, view: View, sink: &mut dyn FnMut(Event)) -> Result<()> {
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
            let parent = told.get(&stat.parent).copied().unwrap_or_default();
            sink(found(id.leader(), &stat, parent));
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
            super::decode::read(record).context("a task of another size")?,
            Decoder::default().decode(record)?,
        );
    }
    Ok(())
}

/// Hands out every task that `/proc` shows, which must show the initial pid
/// namespace. Linear in those: two files for each, three for a process. Says
/// whether they were all: a zombie whose status we may not know is left out.
fn read_proc(starts: &mut Starts, sink: &mut dyn FnMut(Event)) -> bool {
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
        let parent = ids.get(&stat.parent).copied().unwrap_or_default();
        match stat.state {
            // Released already: only its memory is left.
            'X' => {}
            'Z' if !procfs::may_know_exit_code(id.tgid) => all = false,
            _ => sink(found(id.leader(), &stat, parent)),
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
                sink(found(who, &stat, parent));
            }
        }
    }
    all
}

/// A task as `/proc` shows it.
fn found(who: Who, stat: &Stat, parent: ProcessId) -> Event {
    let pid = who.task.pid;
    let kthread = stat.is_kthread();
    let numbers = procfs::numbers(&pid.to_string()).unwrap_or_default();
    let argv = || procfs::command_line(pid);
    Event {
        at: now(),
        cpu: 0,
        who,
        what: What::Snapshot(Box::new(Snapshot {
            parent,
            kthread,
            zombie: (stat.state == 'Z').then_some(stat.exit_code),
            exit_signal: stat.exit_signal,
            ns_pid: numbers.last().copied().unwrap_or(pid),
            ns_level: numbers.len().saturating_sub(1) as u32,
            comm: stat.comm,
            argv: (who.is_leader() && !kthread).then(argv).flatten(),
            ties: None,
            care: None,
            cgroup: None,
        })),
    }
}
