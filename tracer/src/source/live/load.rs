//! Puts the programs into the kernel: the object, the fields of this kernel,
//! and for each purpose the first rung of the ladder that holds.

use anyhow::{Context as _, Result, anyhow, bail};
use aya::{
    Btf, Ebpf, EbpfLoader, Endianness, VerifierLogLevel, include_bytes_aligned,
    programs::{Program, ProgramError},
};

use super::{
    facts::{self, Facts},
    fields,
    plan::{self, FaultMode, LADDER, Offers as _, Rung, StateMode, Without},
    privilege::Memlock,
};
use crate::event::{Hook, Purpose};

static OBJECT: &[u8] = include_bytes_aligned!(env!("TRACER_EBPF_OBJECT"));

/// The purposes without which there is no story to tell.
const VITAL: [Purpose; 2] = [Purpose::Fork, Purpose::Exit];

/// So many tasks at a time have their states counted: some 6 MiB.
const TASKS_WITH_STATES: u32 = 32768;

pub struct Settings {
    /// Size of the ring buffer, bytes.
    pub buffer: u32,
    /// The reader is woken when this many bytes wait.
    pub wake_at: u64,
    /// One fault of so many is sent; 0: none.
    pub stream_faults: u64,
    pub states: StateMode,
    pub verbose: bool,
}

pub struct Loaded {
    ebpf: Ebpf,
    btf: Btf,
    /// Programs count as locked memory too.
    memlock: Memlock,
}

impl Loaded {
    /// Makes the maps; the programs are loaded as they are attached.
    pub fn new(facts: &Facts, settings: &Settings) -> Result<Loaded> {
        let mut globals = fields::values(&facts.btf);
        globals.push(("HAVE_GROUP_DEAD", facts.exit_says_group_dead().into()));
        globals.push(("HAVE_VICTIM_TASK", facts.oom_says_task().into()));
        globals.push(("HAVE_TASK_BTF", facts.gives_typed_task().into()));
        globals.extend(facts.cgroups.globals(&facts.btf));
        globals.push(("WAKE_AT", settings.wake_at));
        globals.push(("STREAM_FAULTS", settings.stream_faults));
        let count_states = settings.states != StateMode::Off;
        globals.push(("COUNT_STATES", count_states.into()));
        let stream_states = matches!(settings.states, StateMode::Stream { .. });
        globals.push(("STREAM_STATES", stream_states.into()));
        let above = facts.proc.above.map_or(u64::MAX, u64::from);
        globals.push(("PROC_ABOVE", above));
        // Level 0 lets the verifier prune every message.
        let log_level: u8 = if settings.verbose {
            aya_log::Level::Debug as u8
        } else {
            0
        };

        let memlock = Memlock::raise();
        // The loader reads the kernel's own types first, whatever it is given:
        // meanwhile another processor can read those that count.
        let (btf, mut loader) = std::thread::scope(|scope| {
            let bytes = facts.btf.bytes();
            let btf = scope.spawn(|| Btf::parse(bytes, Endianness::default()));
            let loader = EbpfLoader::new();
            (btf.join(), loader)
        });
        let btf = btf
            .map_err(|_| anyhow!("the parser panicked"))
            .and_then(|btf| Ok(btf?))
            .with_context(|| format!("reading {}", facts.btf_source))?;
        loader.btf(Some(&btf));
        loader.verifier_log_level(VerifierLogLevel::STATS);
        loader.map_max_entries("EVENTS", settings.buffer);
        if count_states {
            loader.map_max_entries("STATES", TASKS_WITH_STATES);
        }
        loader.override_global(aya_log::LEVEL, &log_level, false);
        for (name, value) in &globals {
            loader.override_global(name, value, true);
        }
        let ebpf = loader.load(OBJECT).map_err(|error| {
            let error = anyhow!(error);
            let hint = memlock.hint(&error).unwrap_or_default();
            error.context(format!("the kernel refuses tracer's maps{hint}"))
        })?;
        Ok(Loaded { ebpf, btf, memlock })
    }

    /// The programs and maps alone.
    pub fn into_ebpf(self) -> Ebpf {
        self.ebpf
    }

    /// Serves every purpose as well as this host lets us, and says how.
    pub fn attach(
        &mut self,
        facts: &Facts,
        without: &Without,
        faults: FaultMode,
        states: &StateMode,
    ) -> Result<Vec<Hook>> {
        let asked_for = Purpose::ALL
            .into_iter()
            .filter(|&purpose| states.asks_for(purpose));
        let hooks: Vec<_> = asked_for
            .map(|purpose| match faults.excludes(purpose) {
                Some(reason) => Hook {
                    purpose,
                    hook: None,
                    loses: reason.to_owned(),
                },
                None => self.serve(purpose, facts, without),
            })
            .collect();
        match hooks
            .iter()
            .find(|hook| VITAL.contains(&hook.purpose) && hook.hook.is_none())
        {
            None => Ok(hooks),
            Some(hook) => Err(anyhow!(
                "no hook for {}, without which there is nothing to trace: {}{}",
                hook.purpose.name(),
                hook.loses,
                locked_down()
            )),
        }
    }

    fn serve(&mut self, purpose: Purpose, facts: &Facts, without: &Without) -> Hook {
        let mut obstacles = Vec::new();
        for rung in LADDER.iter().filter(|rung| rung.purpose == purpose) {
            let obstacle = plan::obstacle(rung, facts, without).or_else(|| {
                let refused = self.climb(rung, facts).err()?;
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
    fn climb(&mut self, rung: &Rung, facts: &Facts) -> Result<()> {
        for program in rung.programs {
            let hooked = self.hook(program, facts);
            hooked.map_err(|error| brief(error, &self.memlock))?;
        }
        Ok(())
    }

    fn hook(&mut self, rung: &plan::Program, facts: &Facts) -> Result<()> {
        let plan::Program { name, at } = *rung;
        let Loaded { ebpf, btf, .. } = self;
        let program = ebpf.program_mut(name);
        let program = program.with_context(|| format!("no program {name} in the eBPF object"))?;
        match program {
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
                program.attach(facts.symbol(at).as_deref().unwrap_or(at), 0)?;
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

/// Takes every program out of the kernel. To close one perf tracepoint takes
/// some 70 ms of waiting for others, so that all wait at the same time.
pub fn detach(mut ebpf: Ebpf) {
    std::thread::scope(|scope| {
        for (_, program) in ebpf.programs_mut() {
            if let Program::TracePoint(program) = program {
                // It fails where another rung serves: it was never loaded.
                scope.spawn(|| program.unload());
            }
        }
    });
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

/// The lockdown mode that no program which reads kernel memory survives.
fn locked_down() -> &'static str {
    match facts::lockdown().as_deref() {
        Some("confidentiality") => {
            "; the kernel is locked down (confidentiality), which forbids BPF to read its memory: \
             boot with lockdown=integrity or none"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_program_of_the_object_stands_in_the_ladder_and_the_reverse() {
        let object = aya_obj::Object::parse(OBJECT).unwrap();
        let in_object: BTreeSet<_> = object.programs.keys().map(String::as_str).collect();
        let in_ladder: BTreeSet<_> = LADDER
            .iter()
            .flat_map(|rung| rung.programs)
            .map(|program| program.name)
            .collect();
        assert_eq!(in_object, in_ladder);
    }
}
