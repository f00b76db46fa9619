//! What runs already: the kernel's task iterator, and `/proc` for the command
//! lines, which the iterator cannot read.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use aya::{Ebpf, programs::Iter};
use tracer_common::wire;

use super::decode::Decoder;
use crate::event::{Event, Text, What};

const PROGRAM: &str = "task_iterator";
/// As much of a command line as an exec record holds.
const ARGV_MAX: u64 = wire::ARGV_MAX as u64;

/// Hands out every task that exists. Linear in those.
pub fn read(ebpf: &mut Ebpf, sink: &mut dyn FnMut(Event)) -> Result<()> {
    let program = ebpf.program_mut(PROGRAM).context("no task iterator in the eBPF object")?;
    let iterator: &mut Iter = program.try_into()?;
    let link = iterator.attach().and_then(|link| iterator.take_link(link));
    let mut file = link.context("attaching the task iterator")?.into_file()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).context("reading the task iterator")?;
    for record in bytes.chunks_exact(size_of::<wire::Task>()) {
        let mut event = Decoder::default().decode(record)?;
        if let What::Snapshot(snapshot) = &mut event.what
            && event.who.is_leader()
            && !snapshot.kthread
        {
            snapshot.argv = command_line(event.who.task.pid);
        }
        sink(event);
    }
    Ok(())
}

fn command_line(pid: u32) -> Option<Text> {
    let file = std::fs::File::open(format!("/proc/{pid}/cmdline")).ok()?;
    let mut argv = Vec::new();
    file.take(ARGV_MAX).read_to_end(&mut argv).ok()?;
    // A zombie has no memory left to read them from.
    (!argv.is_empty()).then(|| Text::new(&argv))
}
