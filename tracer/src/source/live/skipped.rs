//! Programs that the kernel has skipped. A program never interrupts itself on a
//! CPU: where it is preempted while it runs, it is skipped for whoever comes
//! there meanwhile (`__bpf_prog_enter_recur`, kernel/bpf/trampoline.c;
//! `__bpf_trace_run`, kernel/trace/bpf_trace.c), and the kernel counts that
//! (`bpf_prog_info.recursion_misses`, since 5.12).

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

/// The argument of that command.
#[repr(C)]
#[derive(IntoBytes, Immutable)]
struct InfoByFd {
    fd: u32,
    length: u32,
    info: u64,
}

/// `struct bpf_prog_info` up to what is read.
#[repr(C)]
#[derive(Default, FromBytes, IntoBytes, Immutable)]
struct ProgramInfo {
    before: [u64; 26],
    recursion_misses: u64,
}

/// A program in use.
struct Program {
    fd: OwnedFd,
    name: &'static str,
    /// What it tells.
    kind: Kind,
    known: u64,
}

pub struct Skipped {
    programs: Vec<Program>,
    read_at: u64,
}

impl Skipped {
    /// Of the programs that are loaded, those whose records would be missed.
    pub fn new(ebpf: &Ebpf) -> Skipped {
        let programs = LADDER.iter().flat_map(|rung| {
            let kind = told_by(rung.purpose);
            let programs = rung.programs.iter();
            programs.filter_map(move |program| Some((program.name, kind?)))
        });
        // Two rungs can share a program.
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

    /// How often since the last call. A system call for each program.
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
    /// None where the kernel does not count it.
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

/// What is not told where a purpose's program is skipped; none where that is
/// nothing (what is counted is told with something else).
fn told_by(purpose: Purpose) -> Option<Kind> {
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
