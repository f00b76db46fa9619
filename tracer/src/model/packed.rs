//! The bytes of an archived process: its identity, and the facts that differ from those of
//! a process about which nothing is known. Arguments and file names are numbers of
//! [`Texts`], times and PIDs are [differences](DeltaCodec). The bytes never leave this
//! program.

use std::sync::LazyLock;

use serde::{Serialize, de::DeserializeOwned};

use super::{OwnerTally, Process, delta::DeltaCodec, process::Pending, texts::Texts};
use crate::event::ProcessId;

/// A process about which nothing is known.
static UNKNOWN: LazyLock<Process> = LazyLock::new(|| Process::new(ProcessId::default()));

/// The mark of a process with an [`OwnerTally`].
const HAS_TALLY: u64 = 1 << 63;

/// Defines the functions that write and read the facts, in this order. The bookkeeping of the
/// model is left out, and the links that are stored beside the bytes.
macro_rules! facts {
    ($($fact:ident)*; left out: $($left_out:ident)*) => {
        fn write_facts(process: &Process, out: &mut Vec<u8>) -> u64 {
            let unknown = &*UNKNOWN;
            // No field is forgotten.
            let Process { $($fact,)* id: _, threads, $($left_out: _,)* } = process;
            let (mut marks, mut mark) = (0, 1_u64);
            $(
                if *$fact != unknown.$fact {
                    marks |= mark;
                    write($fact, out);
                }
                mark <<= 1;
            )*
            if !threads.is_empty() {
                marks |= mark;
                write(threads.as_slice(), out);
            }
            marks
        }

        fn read_facts(marks: u64, process: &mut Process, bytes: &mut &[u8]) -> Option<()> {
            let mut mark = 1_u64;
            $(
                if marks & mark != 0 {
                    process.$fact = read(bytes)?;
                }
                mark <<= 1;
            )*
            if marks & mark != 0 {
                process.threads = read::<Vec<_>>(bytes)?.into();
            }
            Some(())
        }

        const _: () = assert!([$(stringify!($fact)),*].len() < 63, "a mark per fact");
    };
}

facts! {
    comm named_at created_by clone_flags ns kthread forked_by original_parent parent heir snapshot_argv snapshot_argv_cut snapshot_argv_at executions executions_left_out
    threads_seen dropped forked_at runnable_at first_ran_at exited_at zombie_at zombie_inferred
    exiting_when_found last_switch reaped_at reaped_by autoreaped freed_at vanished_at status
    sigchld exit_signal signals faults places recent_faults fork_cost forks usage usage_complete
    accounted scheduling relations cgroup reaping children leader_exit group_code ended_by
    end_inferred seen_pid pending generation;
    left out: tree_parent tree_children predecessor reference_count eviction
}

/// Appends a process and its former zombies to `out`. Returns the memory of the texts that are
/// new, in bytes.
pub(super) fn pack(
    mut process: Box<Process>,
    reaped: Option<&OwnerTally>,
    texts: &mut Texts,
    out: &mut Vec<u8>,
) -> usize {
    process.pending = process.pending.filter(|it| **it != Pending::default());
    let (mut numbers, mut new) = (Vec::new(), 0);
    process.each_text(&mut |text| {
        let (number, bytes) = texts.add(std::mem::take(text));
        new += bytes;
        numbers.push(number);
    });
    DeltaCodec::default().encode(&mut process);
    let start = out.len();
    out.extend([0; size_of::<u64>()]);
    write(&process.id, out);
    let mut marks = 0;
    if let Some(reaped) = reaped {
        marks |= HAS_TALLY;
        write(reaped, out);
    }
    marks |= write_facts(&process, out);
    numbers.iter().for_each(|number| write(number, out));
    out[start..start + size_of::<u64>()].copy_from_slice(&marks.to_le_bytes());
    new
}

/// Sets `process` to the one at the beginning of `bytes`.
pub(super) fn unpack(mut bytes: &[u8], texts: &Texts, process: &mut Process) -> Option<()> {
    let (marks, id) = read_head(&mut bytes)?;
    if marks & HAS_TALLY != 0 {
        read::<OwnerTally>(&mut bytes)?;
    }
    *process = Process::new(id);
    read_facts(marks, process, &mut bytes)?;
    DeltaCodec::default().decode(process);
    process.each_text(&mut |text| {
        let shared = read(&mut bytes).and_then(|number| texts.get(number));
        *text = shared.cloned().unwrap_or_default();
    });
    Some(())
}

/// Returns the former zombies of the process at the beginning of `bytes`.
pub(super) fn unpack_tally(mut bytes: &[u8]) -> Option<OwnerTally> {
    let (marks, _) = read_head(&mut bytes)?;
    (marks & HAS_TALLY != 0).then(|| read(&mut bytes))?
}

fn read_head(bytes: &mut &[u8]) -> Option<(u64, ProcessId)> {
    let (marks, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some((u64::from_le_bytes(*marks), read(bytes)?))
}

fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    *out = postcard::to_extend(value, std::mem::take(out))
        .expect("every length is known, and memory has room");
}

fn read<T: DeserializeOwned>(bytes: &mut &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    *bytes = rest;
    Some(value)
}
