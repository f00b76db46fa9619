//! The bytes of an archived process: its identity, and the facts that differ from those of
//! a process about which nothing is known. Arguments and file names are numbers of
//! [`Texts`], times and PIDs are [differences](DeltaCodec). The bytes never leave this
//! program.

use std::sync::LazyLock;

use postcard::{
    Deserializer, Serializer,
    de_flavors::Slice,
    ser_flavors::{AllocVec, Flavor as _},
};
use serde::{Deserialize, Serialize};

use super::{OwnerTally, Process, delta::DeltaCodec, process::Pending, texts::Texts};
use crate::event::ProcessId;

/// A process about which nothing is known.
static UNKNOWN: LazyLock<Process> = LazyLock::new(|| Process::new(ProcessId::default()));

type Writer = Serializer<AllocVec>;
type Reader<'a> = Deserializer<'a, Slice<'a>>;

/// The mark of a process with an [`OwnerTally`].
const HAS_TALLY: u64 = 1 << 63;

/// Defines the functions that write and read the facts, in this order. The bookkeeping of the
/// model is left out, and the links that are stored beside the bytes.
macro_rules! facts {
    ($($fact:ident)*; left out: $($left_out:ident)*) => {
        fn write_facts(process: &Process, out: &mut Writer) -> u64 {
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

        fn read_facts(marks: u64, process: &mut Process, bytes: &mut Reader<'_>) -> Option<()> {
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

/// Returns a process and its former zombies as bytes, and the memory of the texts that are
/// new, in bytes.
pub(super) fn pack(
    mut process: Box<Process>,
    reaped: Option<&OwnerTally>,
    texts: &mut Texts,
) -> (Vec<u8>, usize) {
    process.pending = process.pending.filter(|it| **it != Pending::default());
    let (mut numbers, mut new) = (Vec::new(), 0);
    process.each_text(&mut |text| {
        let (number, bytes) = texts.add(std::mem::take(text));
        new += bytes;
        numbers.push(number);
    });
    DeltaCodec::default().encode(&mut process);
    let mut out = Writer {
        output: AllocVec::new(),
    };
    write(&0_u64.to_le_bytes(), &mut out);
    write(&process.id, &mut out);
    if let Some(reaped) = reaped {
        write(reaped, &mut out);
    }
    let mut marks = write_facts(&process, &mut out);
    if reaped.is_some() {
        marks |= HAS_TALLY;
    }
    numbers.iter().for_each(|number| write(number, &mut out));
    let mut bytes = out.output.finalize().expect(INFALLIBLE);
    bytes[..size_of::<u64>()].copy_from_slice(&marks.to_le_bytes());
    (bytes, new)
}

/// Sets `process` to the one at the beginning of `bytes`.
pub(super) fn unpack(bytes: &[u8], texts: &Texts, process: &mut Process) -> Option<()> {
    let mut bytes = Reader::from_bytes(bytes);
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
pub(super) fn unpack_tally(bytes: &[u8]) -> Option<OwnerTally> {
    let mut bytes = Reader::from_bytes(bytes);
    let (marks, _) = read_head(&mut bytes)?;
    (marks & HAS_TALLY != 0).then(|| read(&mut bytes))?
}

fn read_head(bytes: &mut Reader<'_>) -> Option<(u64, ProcessId)> {
    Some((u64::from_le_bytes(read(bytes)?), read(bytes)?))
}

fn write<T: Serialize + ?Sized>(value: &T, out: &mut Writer) {
    value.serialize(out).expect(INFALLIBLE);
}

const INFALLIBLE: &str = "every length is known, and memory has room";

#[inline]
fn read<'a, T: Deserialize<'a>>(bytes: &mut Reader<'a>) -> Option<T> {
    T::deserialize(bytes).ok()
}
