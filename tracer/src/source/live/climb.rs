//! Serves a purpose: loads and attaches the programs of the first rung of the
//! ladder that holds, and says how.

use std::{collections::HashMap, sync::Mutex};

use anyhow::{Context as _, Result, anyhow, bail};
use aya::{
    Btf,
    programs::{Program, ProgramError},
};

use super::{
    facts::Facts,
    plan::{self, FaultMode, LADDER, Offers as _, Rung, Without},
    privilege::Memlock,
};
use crate::event::{Hook, Purpose};

/// Goes up the ladder, for several purposes at a time.
pub struct Climber<'a> {
    /// By name; each is of one purpose.
    pub programs: HashMap<&'a str, Mutex<&'a mut Program>>,
    pub btf: &'a Btf,
    pub memlock: &'a Memlock,
    pub facts: &'a Facts,
    pub without: &'a Without,
}

impl Climber<'_> {
    pub fn serve(&self, purpose: Purpose, faults: FaultMode) -> Hook {
        if let Some(reason) = faults.excludes(purpose) {
            return Hook {
                purpose,
                hook: None,
                loses: reason.to_owned(),
            };
        }
        let mut obstacles = Vec::new();
        for rung in LADDER.iter().filter(|rung| rung.purpose == purpose) {
            let obstacle = plan::obstacle(rung, self.facts, self.without).or_else(|| {
                let refused = self.climb(rung).err()?;
                Some(format!("{}: {refused:#}", rung.hook()))
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
                        hook: Some(rung.hook()),
                        loses,
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
            loses: obstacles.join("; "),
        }
    }

    /// Loads and attaches all programs of a rung. What an incomplete rung has
    /// attached already does no harm: its records say only what they saw.
    fn climb(&self, rung: &Rung) -> Result<()> {
        for program in rung.programs {
            let hooked = self.hook(program);
            hooked.map_err(|error| brief(error, self.memlock))?;
        }
        Ok(())
    }

    fn hook(&self, rung: &plan::Program) -> Result<()> {
        let plan::Program { name, at } = *rung;
        let btf = self.btf;
        let program = self.programs.get(name);
        let program = program.with_context(|| format!("no program {name} in the eBPF object"))?;
        let mut program = program.lock().map_err(|_| anyhow!("{name} panicked"))?;
        match &mut **program {
            Program::FEntry(program) => {
                program.load(at, btf)?;
                program.attach()?;
            }
            Program::FExit(program) => {
                program.load(at, btf)?;
                program.attach()?;
            }
            // Entry or return, as the object says.
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
            // Attached when it is read.
            Program::Iter(program) => program.load(at, btf)?,
            _ => bail!("tracer attaches no program of the type of {name}"),
        }
        // What the bench and the tests of other kernels read.
        if let Ok(info) = program.info() {
            log::debug!("program {} is {name} at {at}", info.id());
            if let Some(count) = info.verified_instruction_count() {
                log::debug!("verified {name} {count}");
            }
        }
        Ok(())
    }
}

/// The kernel's refusal in a few words; the verifier's are for `-vv`.
fn brief(error: anyhow::Error, memlock: &Memlock) -> anyhow::Error {
    let hint = memlock.hint(&error).unwrap_or_default();
    match error.downcast_ref::<ProgramError>() {
        Some(ProgramError::LoadError {
            io_error,
            verifier_log,
        }) => {
            log::debug!("the verifier says: {verifier_log}");
            anyhow!("{io_error}{hint}")
        }
        _ => error,
    }
}
