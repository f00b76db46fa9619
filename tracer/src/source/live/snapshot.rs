//! What runs already: the kernel's task iterator, and `/proc` for the command
//! lines, which the iterator cannot read.

use std::{
    collections::{BTreeSet, HashMap},
    io::Read as _,
};

use anyhow::{Context as _, Result};
use aya::{Ebpf, programs::Iter};
use tracer_common::wire;

use super::{clock::now, decode::Decoder};
use crate::event::{Comm, Event, ProcessId, Snapshot, Text, What};

const PROGRAM: &str = "task_iterator";
/// USER_HZ is 100 on x86 (include/asm-generic/param.h).
const NS_PER_TICK: u64 = 10_000_000;
/// As much of a command line as an exec record holds.
const ARGV_MAX: u64 = wire::ARGV_MAX as u64;

/// Hands out every task that exists. Linear in those.
pub fn read(ebpf: &mut Ebpf, sink: &mut dyn FnMut(Event)) -> Result<()> {
    let program = ebpf
        .program_mut(PROGRAM)
        .context("no task iterator in the eBPF object")?;
    let iterator: &mut Iter = program.try_into()?;
    let link = iterator.attach().and_then(|link| iterator.take_link(link));
    let mut file = link.context("attaching the task iterator")?.into_file()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .context("reading the task iterator")?;

    let (mut told, mut parents) = (HashMap::new(), BTreeSet::new());
    for record in bytes.chunks_exact(size_of::<wire::Task>()) {
        let mut event = Decoder::default().decode(record)?;
        if let What::Snapshot(snapshot) = &mut event.what
            && event.who.is_leader()
        {
            told.insert(event.who.process.tgid, event.who.process);
            parents.insert(snapshot.parent);
            if !snapshot.kthread {
                snapshot.argv = command_line(event.who.task.pid);
            }
        }
        sink(event);
    }
    // Some kernels hide tasks from the iterator (a guarded init, say) whose
    // children name them as parents.
    for id in parents {
        if !told.contains_key(&id.tgid)
            && let Some(snapshot) = from_proc(id, &told)
        {
            let what = What::Snapshot(Box::new(snapshot));
            sink(Event {
                at: now(),
                cpu: 0,
                who: id.leader(),
                what,
            });
        }
    }
    Ok(())
}

/// A process as `/proc` shows it, if the number is still its own.
fn from_proc(id: ProcessId, told: &HashMap<u32, ProcessId>) -> Option<Snapshot> {
    let stat = std::fs::read(format!("/proc/{}/stat", id.tgid)).ok()?;
    // pid (comm) state ppid …; a comm may hold parentheses and spaces.
    let (open, close) = (
        stat.iter().position(|&byte| byte == b'(')?,
        stat.iter().rposition(|&byte| byte == b')')?,
    );
    let rest = std::str::from_utf8(stat.get(close + 2..)?).ok()?;
    let field = |number: usize| rest.split(' ').nth(number - 3);
    let flags: u32 = field(9)?.parse().ok()?;
    let start: u64 = field(22)?.parse().ok()?;
    if start != id.start / NS_PER_TICK {
        return None;
    }
    Some(Snapshot {
        parent: told
            .get(&field(4)?.parse().ok()?)
            .copied()
            .unwrap_or_default(),
        kthread: flags & wire::PF_KTHREAD != 0,
        zombie: None,
        exit_signal: field(38)?.parse().ok()?,
        ns_pid: id.tgid,
        ns_level: 0,
        comm: Comm::new(stat.get(open + 1..close)?),
        argv: command_line(id.tgid),
    })
}

fn command_line(pid: u32) -> Option<Text> {
    let file = std::fs::File::open(format!("/proc/{pid}/cmdline")).ok()?;
    let mut argv = Vec::new();
    file.take(ARGV_MAX).read_to_end(&mut argv).ok()?;
    // A zombie has no memory left to read them from.
    (!argv.is_empty()).then(|| Text::new(&argv))
}
