//! Loads the eBPF object: sets its globals for this kernel, creates its maps and
//! attaches the programs for every purpose in parallel ([`Attacher`]).

use std::{
    panic,
    sync::Mutex,
    thread::{self, ScopedJoinHandle},
};

use aya::{
    Btf, Ebpf, EbpfLoader, Endianness, VerifierLogLevel, include_bytes_aligned, programs::Program,
};

use super::{
    argument_budget::ArgumentBudget,
    attach::Attacher,
    error::{BtfError, Error, Result},
    facts::{self, Facts},
    fields,
    plan::{DeniedHooks, FaultMode, LADDER, Method, StateMode},
    privilege::Memlock,
};
use crate::event::{Hook, Purpose};

static OBJECT: &[u8] = include_bytes_aligned!(env!("TRACER_EBPF_OBJECT"));

/// Purposes that every trace needs.
const REQUIRED: [Purpose; 2] = [Purpose::Fork, Purpose::Exit];

/// Number of tasks whose states are counted at a time: about 6 MiB.
const TASKS_WITH_STATES: u32 = 32768;

/// Settings of the eBPF object.
pub struct Settings {
    /// Size of the ring buffer in bytes.
    pub buffer: u32,
    /// Number of waiting bytes at which the reader is woken.
    pub wake_at: u64,
    /// Budget of each user for arguments.
    pub arguments: ArgumentBudget,
    /// One of this many faults is sent by itself; 0 for none.
    pub stream_faults: u64,
    pub states: StateMode,
    pub verbose: bool,
}

/// Returns the result of `facts` and an eBPF loader.
///
/// `EbpfLoader::new` parses all of the kernel's types, though the object needs none,
/// so `facts` runs in another thread meanwhile.
pub fn with_loader<T: Send>(facts: impl FnOnce() -> T + Send) -> (T, EbpfLoader<'static>) {
    thread::scope(|scope| {
        let facts = scope.spawn(facts);
        let mut loader = EbpfLoader::new();
        // The object has no relocations that need the kernel's types.
        loader.btf(None);
        (join(facts), loader)
    })
}

/// The loaded eBPF object.
pub struct Loaded {
    ebpf: Ebpf,
    btf: Btf,
    /// Kept until the programs are loaded: they count as locked memory too.
    memlock: Memlock,
}

impl Loaded {
    /// Creates the maps. Programs are loaded when they are attached.
    pub fn new(loader: EbpfLoader<'static>, facts: &Facts, settings: &Settings) -> Result<Loaded> {
        let mut globals = fields::values(&facts.btf);
        globals.push(("HAVE_GROUP_DEAD", facts.exit_says_group_dead().into()));
        globals.push(("HAVE_VICTIM_TASK", facts.oom_says_task().into()));
        globals.push(("HAVE_SWITCH_STATE", facts.switch_says_state().into()));
        globals.push(("HAVE_TASK_BTF", facts.gives_typed_task().into()));
        globals.extend(facts.cgroups.globals(&facts.btf));
        globals.push(("WAKE_AT", settings.wake_at));
        let ArgumentBudget { burst, refill } = settings.arguments;
        let refill = u64::try_from(refill.as_nanos()).unwrap_or(u64::MAX);
        globals.push(("ARGV_PRICE", refill / burst.max(1)));
        globals.push(("ARGV_BURST", refill));
        globals.push(("STREAM_FAULTS", settings.stream_faults));
        let count_states = settings.states != StateMode::Off;
        globals.push(("COUNT_STATES", count_states.into()));
        let stream_states = matches!(settings.states, StateMode::Stream { .. });
        globals.push(("STREAM_STATES", stream_states.into()));
        let above = facts.proc.above.map_or(u64::MAX, u64::from);
        globals.push(("PROC_ABOVE", above));
        // At level 0 the verifier removes the code of every message.
        let log_level: u8 = if settings.verbose {
            aya_log::Level::Debug as u8
        } else {
            0
        };

        let memlock = Memlock::raise();
        let btf = attach_types(&facts.btf).map_err(|why| Error::Btf {
            file: facts.btf_source.clone(),
            why,
        })?;
        // The loader borrows values that live until the end of this function.
        let mut loader: EbpfLoader<'_> = loader;
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
            let hint = memlock.hint(&error).unwrap_or_default();
            let why = error.into();
            Error::Maps { why, hint }
        })?;
        Ok(Loaded { ebpf, btf, memlock })
    }

    /// Returns the programs and maps.
    pub fn into_ebpf(self) -> Ebpf {
        self.ebpf
    }

    /// Attaches the best hook that this host allows for every purpose, and returns the
    /// hooks in use. The purposes run in parallel: most of the time goes to the verifier,
    /// which takes no lock.
    pub fn attach(
        &mut self,
        facts: &Facts,
        without: &DeniedHooks,
        faults: FaultMode,
        states: &StateMode,
    ) -> Result<Vec<Hook>> {
        let programs = self.ebpf.programs_mut();
        let attacher = Attacher {
            programs: programs.map(|(name, of)| (name, Mutex::new(of))).collect(),
            btf: &self.btf,
            memlock: &self.memlock,
            facts,
            without,
        };
        let asked_for = Purpose::ALL
            .into_iter()
            .filter(|&purpose| states.asks_for(purpose));
        let hooks: Vec<_> = thread::scope(|scope| {
            let attacher = &attacher;
            let served: Vec<_> = asked_for
                .map(|purpose| scope.spawn(move || attacher.serve(purpose, faults)))
                .collect();
            served.into_iter().map(join).collect()
        });
        match hooks
            .iter()
            .find(|hook| REQUIRED.contains(&hook.purpose) && hook.hook.is_none())
        {
            None => Ok(hooks),
            Some(hook) => Err(Error::NoHook {
                purpose: hook.purpose,
                why: format!("{}{}", hook.loses, lockdown_hint()),
            }),
        }
    }
}

/// Returns the types that programs attach to, in aya's form.
fn attach_types(btf: &super::btf::Btf) -> Result<Btf, BtfError> {
    let names = LADDER.iter().flat_map(|rung| {
        let prefix = match rung.method {
            Method::TpBtf => Some("btf_trace_"),
            Method::Fentry => Some(""),
            Method::Iterator => Some("bpf_iter_"),
            Method::Kprobe | Method::RawTp | Method::Syscall | Method::Proc => None,
        };
        let places = rung.programs.iter().map(|program| program.at);
        prefix
            .into_iter()
            .flat_map(move |prefix| places.clone().map(move |at| format!("{prefix}{at}")))
    });
    let blob = btf.ids_of(&names.collect())?;
    let parsed = Btf::parse(&blob, Endianness::default());
    parsed.map_err(|why| BtfError::Malformed(why.into()))
}

/// Joins a thread and continues its panic, if any.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// Detaches every program. Closing a perf tracepoint waits about 70 ms for other
/// CPUs, so all are closed in parallel.
pub fn detach(mut ebpf: Ebpf) {
    thread::scope(|scope| {
        for (_, program) in ebpf.programs_mut() {
            if let Program::TracePoint(program) = program {
                // It fails if the program was never loaded, because another rung is in use.
                scope.spawn(|| program.unload());
            }
        }
    });
}

/// Returns advice if the kernel is in the lockdown mode that forbids programs to read
/// kernel memory, else an empty string.
fn lockdown_hint() -> &'static str {
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
    fn object_and_ladder_have_the_same_programs() {
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
