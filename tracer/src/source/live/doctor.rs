//! Looks at this host the way tracing would, and says what it finds and what
//! could be changed. It attaches every hook for a moment: only that tells.

use std::{fs, path::Path};

use super::{
    Options,
    facts::Facts,
    load::{Loaded, Settings},
    plan::Offers as _,
    privilege,
};
use crate::event::{Diagnosis, Finding};

/// What tracing on this host would be like.
pub fn examine(options: &Options) -> Diagnosis {
    let mut findings = vec![kernel(), privileges(), lockdown()];
    let tried = Facts::of_this_host(options.btf.as_deref()).and_then(|facts| {
        findings.push(Finding {
            what: "BTF",
            good: Some(true),
            says: facts.btf_source.clone(),
            advice: None,
        });
        findings.extend([kprobes(&facts), tracefs(&facts)]);
        privilege::check()?;
        let settings = Settings {
            buffer: options.buffer,
            wake_at: 0,
            verbose: false,
        };
        Loaded::new(&facts, &settings)?.attach(&facts, &options.without)
    });
    match tried {
        Ok(hooks) => Diagnosis {
            findings,
            hooks,
            obstacle: None,
        },
        Err(error) => Diagnosis {
            findings,
            hooks: Vec::new(),
            obstacle: Some(format!("{error:#}")),
        },
    }
}

fn line(path: impl AsRef<Path>) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn kernel() -> Finding {
    let release = line("/proc/sys/kernel/osrelease");
    Finding {
        what: "kernel",
        good: release.as_ref().map(|_| true),
        says: release.unwrap_or_else(|| "/proc does not say".to_owned()),
        advice: None,
    }
}

fn privileges() -> Finding {
    let missing = privilege::missing_here();
    Finding {
        what: "privilege",
        good: missing.as_ref().map(Vec::is_empty),
        says: match &missing {
            None => "/proc does not say".to_owned(),
            Some(missing) if missing.is_empty() => "CAP_BPF and CAP_PERFMON".to_owned(),
            Some(missing) => format!("without {}", missing.join(" and ")),
        },
        advice: missing
            .is_some_and(|missing| !missing.is_empty())
            .then_some("run as root, or give the binary CAP_BPF and CAP_PERFMON (setcap)"),
    }
}

/// `none [integrity] confidentiality`: the mode in force stands in brackets.
fn lockdown() -> Finding {
    let modes = line("/sys/kernel/security/lockdown");
    let mode = modes
        .as_deref()
        .and_then(|modes| modes.split(['[', ']']).nth(1));
    Finding {
        what: "lockdown",
        good: mode.map(|mode| mode == "none"),
        says: mode
            .unwrap_or("unknown: securityfs is not mounted, or the kernel has none")
            .to_owned(),
        advice: match mode {
            Some("integrity") => Some("boot with lockdown=none for fentry and kprobes"),
            Some("confidentiality") => Some(
                "confidentiality forbids BPF to read kernel memory: boot with lockdown=integrity or none",
            ),
            _ => None,
        },
    }
}

fn kprobes(facts: &Facts) -> Finding {
    let kprobes = facts.kprobes();
    Finding {
        what: "kprobes",
        good: Some(kprobes),
        says: if kprobes {
            "yes"
        } else {
            "the kernel has none"
        }
        .to_owned(),
        advice: (!kprobes)
            .then_some("a kernel with CONFIG_KPROBE_EVENTS=y offers a fallback for fentry"),
    }
}

fn tracefs(facts: &Facts) -> Finding {
    Finding {
        what: "tracefs",
        good: Some(facts.tracefs),
        says: if facts.tracefs {
            "readable"
        } else {
            "not mounted, or not readable"
        }
        .to_owned(),
        advice: (!facts.tracefs)
            .then_some("mount -t tracefs nodev /sys/kernel/tracing, and run as root"),
    }
}
