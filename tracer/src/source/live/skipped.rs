//! Turns runs of programs that the kernel skipped into gaps.
//!
//! A program never runs twice at the same time on one CPU. If it is preempted while it
//! runs, the kernel skips it for the tasks that reach the hook meanwhile
//! (`__bpf_prog_enter_recur`, kernel/bpf/trampoline.c; `__bpf_trace_run`,
//! kernel/trace/bpf_trace.c) and counts that (`bpf_prog_info.recursion_misses`, since
//! 5.12).

use std::{
    collections::BTreeSet,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
};

use aya::Ebpf;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::{clock::now, plan::LADDER};
use crate::event::{Gap, GapCause, Kind, Lost, Purpose};

/// include/uapi/linux/bpf.h.
const BPF_OBJ_GET_INFO_BY_FD: libc::c_long = 15;

/// Argument of that command.
#[repr(C)]
#[derive(IntoBytes, Immutable)]
struct InfoByFd {
    fd: u32,
    length: u32,
    info: u64,
}

/// `struct bpf_prog_info` up to the member that is read.
#[repr(C)]
#[derive(Default, FromBytes, IntoBytes, Immutable)]
struct ProgramInfo {
    before: [u64; 26],
    recursion_misses: u64,
}

/// A loaded program.
struct Program {
    fd: OwnedFd,
    name: &'static str,
    /// Kind of event that is lost when it is skipped.
    kind: Kind,
    /// Misses at the last read.
    known: u64,
}

/// Counters of skipped runs of all loaded programs.
pub struct Skipped {
    programs: Vec<Program>,
    read_at: u64,
}

impl Skipped {
    /// Selects the loaded programs whose runs emit events.
    pub fn new(ebpf: &Ebpf) -> Skipped {
        let programs = LADDER.iter().flat_map(|rung| {
            let kind = lost_kind(rung.purpose);
            let programs = rung.programs.iter();
            programs.filter_map(move |program| Some((program.name, kind?)))
        });
        // Rungs may share a program.
        let mut seen = BTreeSet::new();
        let programs = programs.filter(|(name, _)| seen.insert(*name));
        let loaded = programs.filter_map(|(name, kind)| {
            let fd = ebpf.program(name)?.fd().ok()?;
            Some(Program {
                fd: fd.as_fd().try_clone_to_owned().ok()?,
                name,
                kind,
                known: 0,
            })
        });
        Skipped {
            programs: loaded.collect(),
            read_at: now(),
        }
    }

    /// Returns a gap if programs were skipped since the last call. Costs one system call
    /// per program.
    pub fn read(&mut self) -> Option<Gap> {
        let mut lost: Vec<Lost> = Vec::new();
        for program in &mut self.programs {
            let misses = program.misses().unwrap_or(0);
            let count = misses.saturating_sub(std::mem::replace(&mut program.known, misses));
            if count > 0 {
                log::debug!("{} was skipped {count} times", program.name);
                let kind = program.kind;
                match lost.iter_mut().find(|lost| lost.kind == kind) {
                    Some(lost) => lost.count += count,
                    None => lost.push(Lost { kind, count }),
                }
            }
        }
        let since = std::mem::replace(&mut self.read_at, now());
        (!lost.is_empty()).then_some(Gap {
            since,
            lost,
            cause: GapCause::Skipped,
        })
    }
}

impl Program {
    /// Returns how often the program was skipped. None if the kernel does not count it.
    fn misses(&self) -> Option<u64> {
        let mut info = ProgramInfo::default();
        let mut command = InfoByFd {
            fd: self.fd.as_raw_fd().cast_unsigned(),
            length: size_of::<ProgramInfo>() as u32,
            info: (&raw mut info) as u64,
        };
        // SAFETY: the kernel writes at most `length` bytes to `info`, and the
        // length it wrote to the command, both of which are our own.
        let result = unsafe {
            libc::syscall(
                libc::SYS_bpf,
                BPF_OBJ_GET_INFO_BY_FD,
                &raw mut command,
                size_of::<InfoByFd>(),
            )
        };
        (result == 0 && command.length as usize == size_of::<ProgramInfo>())
            .then_some(info.recursion_misses)
    }
}

/// Returns the kind of event that is lost when a program of a purpose is skipped. None
/// if no event of its own is lost.
fn lost_kind(purpose: Purpose) -> Option<Kind> {
    match purpose {
        Purpose::Fork => Some(Kind::Fork),
        Purpose::WakeupNew => Some(Kind::WakeupNew),
        Purpose::Switch => Some(Kind::LastSwitch),
        Purpose::Exec => Some(Kind::Exec),
        Purpose::Comm => Some(Kind::Comm),
        Purpose::ExitStart => Some(Kind::ExitStart),
        Purpose::Exit => Some(Kind::Exit),
        Purpose::Zombie => Some(Kind::Notify),
        Purpose::Reap => Some(Kind::Reap),
        Purpose::Free => Some(Kind::Free),
        Purpose::Signal => Some(Kind::Signal),
        Purpose::Oom => Some(Kind::OomVictim),
        Purpose::Faults | Purpose::Cow => Some(Kind::Faults),
        Purpose::States | Purpose::Wakeup => Some(Kind::States),
        Purpose::ForkFailed => Some(Kind::ForkFailed),
        Purpose::Cgroup => Some(Kind::Cgroup),
        Purpose::ForkStart | Purpose::Waits | Purpose::Snapshot => None,
    }
}
