//! Loads and attaches the programs for each purpose: those of the first rung of the
//! [`plan`]'s ladder that the kernel accepts.

use std::{collections::HashMap, sync::Mutex};

use aya::{
    Btf,
    programs::{Program, ProgramError},
};

use super::{
    error::chain,
    facts::Facts,
    plan::{self, DeniedHooks, FaultMode, HostFeatures as _, LADDER, Rung},
    privilege::Memlock,
};
use crate::event::{Hook, Purpose};

/// Attaches programs, for several purposes in parallel.
pub struct Attacher<'a> {
    /// Programs by name. Each belongs to one purpose.
    pub programs: HashMap<&'a str, Mutex<&'a mut Program>>,
    pub btf: &'a Btf,
    pub memlock: &'a Memlock,
    pub facts: &'a Facts,
    pub without: &'a DeniedHooks,
}

impl Attacher<'_> {
    /// Tries the rungs for a purpose, best first. Returns the hook in use, or why there
    /// is none.
    pub fn serve(&self, purpose: Purpose, faults: FaultMode) -> Hook {
        if let Some(reason) = faults.excludes(purpose) {
            return Hook {
                purpose,
                hook: None,
                loses: reason.into(),
            };
        }
        let mut obstacles = Vec::new();
        for rung in LADDER.iter().filter(|rung| rung.purpose == purpose) {
            let obstacle = plan::obstacle(rung, self.facts, self.without).or_else(|| {
                let refused = self.attach_rung(rung).err()?;
                Some(format!("{}: {refused}", rung.hook()))
            });
            match obstacle {
                None => {
                    log::debug!("in use for {}: {}", purpose.name(), rung.hook());
                    let loses = match (rung.loses, obstacles.join("; ")) {
                        ("", _) => String::new(),
                        (loses, why) if why.is_empty() => loses.to_owned(),
                        (loses, why) => format!("{loses} ({why})"),
                    };
                    return Hook {
                        purpose,
                        hook: Some(rung.hook().into()),
                        loses: loses.into(),
                    };
                }
                Some(obstacle) => {
                    log::warn!("{}: {}: {obstacle}", purpose.name(), rung.hook());
                    if !obstacles.contains(&obstacle) {
                        obstacles.push(obstacle);
                    }
                }
            }
        }
        log::debug!("in use for {}: none", purpose.name());
        Hook {
            purpose,
            hook: None,
            loses: obstacles.join("; ").into(),
        }
    }

    /// Loads and attaches all programs of a rung. Programs of a rung that fails half way
    /// stay attached, which is harmless: their records are valid by themselves.
    fn attach_rung(&self, rung: &Rung) -> Result<(), String> {
        for program in rung.programs {
            let attached = self.attach_program(program);
            attached.map_err(|refusal| refusal.brief(self.memlock))?;
        }
        Ok(())
    }

    fn attach_program(&self, wanted: &plan::Program) -> Result<(), Refusal> {
        let plan::Program { name, at } = *wanted;
        let btf = self.btf;
        let program = self.programs.get(name);
        let program = program
            .ok_or_else(|| Refusal::Other(format!("no program {name} in the eBPF object")))?;
        let program = program.lock();
        let mut program = program.map_err(|_| Refusal::Other(format!("{name} panicked")))?;
        match &mut **program {
            Program::FEntry(program) => {
                program.load(at, btf)?;
                program.attach()?;
            }
            Program::FExit(program) => {
                program.load(at, btf)?;
                program.attach()?;
            }
            // The object says whether it is an entry or a return probe.
            Program::KProbe(program) => {
                program.load()?;
                program.attach(self.facts.symbol(at).as_deref().unwrap_or(at), 0)?;
            }
            Program::BtfTracePoint(program) => {
                program.load(at, btf)?;
                program.attach()?;
            }
            Program::RawTracePoint(program) => {
                program.load()?;
                program.attach(at)?;
            }
            Program::TracePoint(program) => {
                program.load()?;
                program.attach("syscalls", at)?;
            }
            // An iterator is attached when it is read.
            Program::Iter(program) => program.load(at, btf)?,
            _ => {
                return Err(Refusal::Other(format!(
                    "tracer attaches no program of the type of {name}"
                )));
            }
        }
        // Benches and the tests of other kernels parse these lines.
        if let Ok(info) = program.info() {
            log::debug!("program {} is {name} at {at}", info.id());
            if let Some(count) = info.verified_instruction_count() {
                log::debug!("verified {name} {count}");
            }
        }
        Ok(())
    }
}

/// Reason why a program of a rung is not attached.
enum Refusal {
    Program(ProgramError),
    Other(String),
}

impl From<ProgramError> for Refusal {
    fn from(error: ProgramError) -> Self {
        Refusal::Program(error)
    }
}

impl Refusal {
    /// Returns the reason on one line. The verifier's log goes to `-vv` alone.
    fn brief(self, memlock: &Memlock) -> String {
        match self {
            Refusal::Program(error) => match &error {
                ProgramError::LoadError {
                    io_error,
                    verifier_log,
                } => {
                    log::debug!("the verifier says: {verifier_log}");
                    let hint = memlock.hint(&error).unwrap_or_default();
                    format!("{io_error}{hint}")
                }
                error => chain(error),
            },
            Refusal::Other(reason) => reason,
        }
    }
}
