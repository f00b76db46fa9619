//! Diagnoses what tracing on this host would offer, and what to change.
//!
//! It attaches every hook for a moment: nothing else shows whether the kernel accepts
//! it.

use std::{fs, path::Path, thread};

use super::{
    Options,
    argument_budget::ArgumentBudget,
    clock::{self, Offset},
    error::{Error, Result},
    facts::{self, Facts},
    load::{self, Loaded, Settings},
    plan::{HostFeatures as _, StateMode},
    privilege,
    recorded::RecordedFacts,
};
use crate::{
    confinement,
    event::{Diagnosis, DoctorCheck, file_name, units::duration},
};

/// Diagnoses this host. Hooks that `options` deny are not tried.
pub fn examine(options: &Options) -> Diagnosis {
    let mut checks = vec![kernel(), privileges(), memlock(), lockdown()];
    checks.extend(confinement());
    let (facts, loader) = load::with_loader(|| Facts::of_this_host(options.btf.as_deref()));
    let tried = facts.and_then(|facts| {
        checks.extend([
            btf(&facts),
            kprobes(&facts),
            tracefs(&facts),
            perf_events(),
            pid_namespace(&facts),
            time_namespace(),
        ]);
        privilege::check()?;
        if clock::offset().is_none() {
            return Err(Error::TimeNamespace);
        }
        // The host is diagnosed for states even if they are not traced.
        let states = match &options.states {
            StateMode::Off => StateMode::Count,
            asked => asked.clone(),
        };
        let settings = Settings {
            buffer: options.buffer,
            wake_at: 0,
            arguments: ArgumentBudget::default(),
            stream_faults: 0,
            states: states.clone(),
            verbose: false,
        };
        let mut loaded = Loaded::new(loader, &facts, &settings)?;
        loaded.attach(&facts, &options.without, options.faults, &states)
    });
    match tried {
        Ok(hooks) => Diagnosis {
            checks,
            hooks,
            obstacle: None,
        },
        Err(error) => Diagnosis {
            checks,
            hooks: Vec::new(),
            obstacle: Some(error.to_string()),
        },
    }
}

/// Returns the facts that the plan depends on as text, one per line, for tests of the
/// plan.
pub fn facts_as_text(options: &Options) -> Result<String> {
    let facts = Facts::of_this_host(options.btf.as_deref())?;
    let release = line("/proc/sys/kernel/osrelease").unwrap_or_default();
    Ok(RecordedFacts::of(&facts, release).to_string())
}

fn line(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn kernel() -> DoctorCheck {
    let release = line("/proc/sys/kernel/osrelease");
    DoctorCheck {
        what: "kernel",
        good: release.as_ref().map(|_| true),
        says: release.unwrap_or_else(|| "unknown: /proc does not show it".to_owned()),
        advice: None,
    }
}

fn privileges() -> DoctorCheck {
    let missing = privilege::missing_here();
    DoctorCheck {
        what: "privilege",
        good: missing.as_ref().map(Vec::is_empty),
        says: match &missing {
            None => "unknown: /proc does not show it".to_owned(),
            Some(missing) if missing.is_empty() => "CAP_BPF and CAP_PERFMON".to_owned(),
            Some(missing) => format!("without {}", missing.join(" and ")),
        },
        advice: missing
            .is_some_and(|missing| !missing.is_empty())
            .then_some("run as root, or give the binary CAP_BPF and CAP_PERFMON (setcap)"),
    }
}

/// Confines a thread as a trace confines itself, and returns what was in force.
fn confinement() -> Vec<DoctorCheck> {
    let rights = privilege::needed(false);
    let confined = thread::spawn(move || confinement::keep(&rights));
    confined.join().unwrap_or_default()
}

fn lockdown() -> DoctorCheck {
    let mode = facts::lockdown();
    DoctorCheck {
        what: "lockdown",
        good: mode.as_ref().map(|mode| mode == "none"),
        advice: match mode.as_deref() {
            Some("integrity") => Some("boot with lockdown=none for fentry and kprobes"),
            Some("confidentiality") => Some(
                "confidentiality forbids BPF to read kernel memory: boot with lockdown=integrity or none",
            ),
            None => Some(
                "mount -t securityfs none /sys/kernel/security shows it, if the kernel has one",
            ),
            _ => None,
        },
        says: mode.unwrap_or_else(|| {
            "unknown: securityfs is not mounted, or the kernel has none".to_owned()
        }),
    }
}

fn btf(facts: &Facts) -> DoctorCheck {
    DoctorCheck {
        what: "BTF",
        good: Some(facts.own_btf),
        says: file_name(&facts.btf_source),
        advice: (!facts.own_btf).then_some(
            "a kernel with CONFIG_DEBUG_INFO_BTF=y offers fentry, BTF tracepoints and the task iterator",
        ),
    }
}

fn pid_namespace(facts: &Facts) -> DoctorCheck {
    DoctorCheck {
        what: "namespace",
        good: Some(!facts.proc.nested),
        says: if facts.proc.nested {
            "a pid namespace of its own"
        } else {
            "the initial pid namespace"
        }
        .to_owned(),
        advice: facts
            .proc
            .nested
            .then_some("run tracer in the host's pid namespace (docker run --pid=host) to see the tasks that already run"),
    }
}

fn time_namespace() -> DoctorCheck {
    let offset = clock::offset();
    DoctorCheck {
        what: "clock",
        good: Some(offset.is_some()),
        says: match offset {
            Some(Offset(0)) => "the host's".to_owned(),
            Some(Offset(ns)) => format!(
                "a time namespace's, {} {} the host's; tracer reports the host's",
                duration(ns.unsigned_abs()),
                if ns > 0 { "ahead of" } else { "behind" }
            ),
            None => "a time namespace's, with an unknown offset".to_owned(),
        },
        advice: offset.is_none().then_some(
            "start tracer from a process that was forked in the namespace, or outside it",
        ),
    }
}

/// Checks the limit of locked memory. Only kernels that count BPF maps as locked memory
/// apply it.
fn memlock() -> DoctorCheck {
    let privilege::Limit { soft, hard } = privilege::memlock();
    let limited = soft.is_some();
    let counts = privilege::counts_maps();
    let says = match (soft, counts) {
        (None, _) => "unlimited".to_owned(),
        (Some(soft), true) => format!(
            "{} KiB, raised while maps are made if the hard limit allows",
            soft / 1024
        ),
        (Some(soft), false) => format!(
            "{} KiB, which this kernel does not apply to BPF",
            soft / 1024
        ),
    };
    DoctorCheck {
        what: "memlock",
        good: Some(!limited || !counts || hard.is_none()),
        says,
        advice: (limited && counts && hard.is_some())
            .then_some("`ulimit -l unlimited` as root, or CAP_SYS_RESOURCE, if maps are refused"),
    }
}

/// Reports perf_event_paranoid. It only restricts processes without CAP_PERFMON.
fn perf_events() -> DoctorCheck {
    let level = line("/proc/sys/kernel/perf_event_paranoid");
    DoctorCheck {
        what: "perf",
        good: level.as_ref().map(|_| true),
        says: match level {
            Some(level) => format!("perf_event_paranoid is {level}, which CAP_PERFMON overrides"),
            None => "the kernel has no perf events".to_owned(),
        },
        advice: None,
    }
}

fn kprobes(facts: &Facts) -> DoctorCheck {
    let (kprobes, symbols) = (facts.kprobes(), facts.symbols.readable());
    let says = match (kprobes, symbols) {
        (false, _) => "the kernel has none",
        (true, true) => "yes",
        (true, false) => {
            "yes, but /proc/kallsyms cannot be read: functions that the compiler renamed are not found"
        }
    };
    DoctorCheck {
        what: "kprobes",
        good: Some(kprobes && symbols),
        says: says.to_owned(),
        advice: match (kprobes, symbols) {
            (false, _) => Some("a kernel with CONFIG_KPROBE_EVENTS=y offers a fallback for fentry"),
            (true, false) => Some("a kernel with CONFIG_KALLSYMS=y, and a /proc that shows it"),
            (true, true) => None,
        },
    }
}

fn tracefs(facts: &Facts) -> DoctorCheck {
    DoctorCheck {
        what: "tracefs",
        good: Some(facts.tracefs),
        says: if facts.tracefs {
            "readable"
        } else {
            "not mounted, or not readable: system calls cannot be hooked"
        }
        .to_owned(),
        advice: (!facts.tracefs).then_some(
            "mount -t tracefs nodev /sys/kernel/tracing; only root, or CAP_DAC_READ_SEARCH, may read its files",
        ),
    }
}
