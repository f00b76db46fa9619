//! Puts the programs into the kernel: the object, the fields of this kernel, and
//! every purpose at the same time ([`Climber`]).

use std::{
    panic,
    sync::Mutex,
    thread::{self, ScopedJoinHandle},
};

use anyhow::{Context as _, Result, anyhow};
use aya::{
    Btf, Ebpf, EbpfLoader, Endianness, VerifierLogLevel, include_bytes_aligned, programs::Program,
};

use super::{
    climb::Climber,
    facts::{self, Facts},
    fields,
    plan::{FaultMode, LADDER, Method, StateMode, Without},
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

/// The facts of this host, and what loads. It reads all of the kernel's types
/// before it can be told that it needs none: meanwhile another processor can read
/// those that count.
pub fn beside<T: Send>(facts: impl FnOnce() -> T + Send) -> (T, EbpfLoader<'static>) {
    thread::scope(|scope| {
        let facts = scope.spawn(facts);
        let mut loader = EbpfLoader::new();
        // There is nothing in the object that it would need them for.
        loader.btf(None);
        (joined(facts), loader)
    })
}

pub struct Loaded {
    ebpf: Ebpf,
    btf: Btf,
    /// Programs count as locked memory too.
    memlock: Memlock,
}

impl Loaded {
    /// Makes the maps; the programs are loaded as they are attached.
    pub fn new(loader: EbpfLoader<'static>, facts: &Facts, settings: &Settings) -> Result<Loaded> {
        let mut globals = fields::values(&facts.btf);
        globals.push(("HAVE_GROUP_DEAD", facts.exit_says_group_dead().into()));
        globals.push(("HAVE_VICTIM_TASK", facts.oom_says_task().into()));
        globals.push(("HAVE_SWITCH_STATE", facts.switch_says_state().into()));
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
        let btf = numbers(&facts.btf).with_context(|| format!("reading {}", facts.btf_source))?;
        // What it is lent lives no longer than this.
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

    /// Serves every purpose as well as this host lets us, and says how. All at the
    /// same time: most of it is the verifier's work, which takes no lock.
    pub fn attach(
        &mut self,
        facts: &Facts,
        without: &Without,
        faults: FaultMode,
        states: &StateMode,
    ) -> Result<Vec<Hook>> {
        let programs = self.ebpf.programs_mut();
        let climber = Climber {
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
            let climber = &climber;
            let served: Vec<_> = asked_for
                .map(|purpose| scope.spawn(move || climber.serve(purpose, faults)))
                .collect();
            served.into_iter().map(joined).collect()
        });
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
}

/// The types by which programs are hung, in the words of what loads them.
fn numbers(btf: &super::btf::Btf) -> Result<Btf> {
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
    let blob = btf.numbers_of(&names.collect())?;
    Ok(Btf::parse(&blob, Endianness::default())?)
}

/// A panic of a thread goes on in the one that waits for it.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

/// Takes every program out of the kernel. To close one perf tracepoint takes
/// some 70 ms of waiting for others, so that all wait at the same time.
pub fn detach(mut ebpf: Ebpf) {
    thread::scope(|scope| {
        for (_, program) in ebpf.programs_mut() {
            if let Program::TracePoint(program) = program {
                // It fails where another rung serves: it was never loaded.
                scope.spawn(|| program.unload());
            }
        }
    });
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
