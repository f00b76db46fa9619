//! Which hook serves which purpose: a table of rungs, the best first, and a
//! pure choice over what the host offers and the user denies.
//!
//! Kernel version is never a capability, and nothing here touches the kernel.

use std::{fmt, str::FromStr};

use crate::event::Purpose;

/// One way to serve a purpose.
#[derive(Debug)]
pub struct Rung {
    pub purpose: Purpose,
    pub method: Method,
    /// Where it attaches; the program has the tracepoint's name unless it
    /// says otherwise.
    pub at: &'static [&'static str],
    pub program: Option<&'static str>,
    /// What it does not tell that a better rung would.
    pub loses: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A BTF tracepoint.
    TpBtf,
    /// A perf tracepoint of a system call.
    Syscall,
    /// The task iterator.
    Iterator,
}

impl Method {
    const ALL: [Method; 3] = [Method::TpBtf, Method::Syscall, Method::Iterator];

    /// What `--without` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Method::TpBtf => "tp_btf",
            Method::Syscall => "syscalls",
            Method::Iterator => "iter",
        }
    }
}

/// A row: the purpose's best rung stands first.
const fn tp(purpose: Purpose, at: &'static [&'static str], loses: &'static str) -> Rung {
    Rung {
        purpose,
        method: Method::TpBtf,
        at,
        program: None,
        loses,
    }
}

pub const LADDER: &[Rung] = &[
    tp(Purpose::Fork, &["task_newtask"], ""),
    tp(
        Purpose::Fork,
        &["sched_process_fork"],
        "clone flags, and io_uring workers",
    ),
    tp(Purpose::WakeupNew, &["sched_wakeup_new"], ""),
    tp(Purpose::Switch, &["sched_switch"], ""),
    tp(Purpose::Exec, &["sched_process_exec"], ""),
    tp(Purpose::Comm, &["task_rename"], ""),
    tp(Purpose::Exit, &["sched_process_exit"], ""),
    Rung {
        program: Some("notify_parent"),
        ..tp(
            Purpose::Zombie,
            &["signal_generate"],
            "a child without an exit signal: its zombie is dated by its last switch",
        )
    },
    Rung {
        purpose: Purpose::Reap,
        method: Method::Syscall,
        at: &["sys_exit_wait4", "sys_enter_waitid", "sys_exit_waitid"],
        program: None,
        loses: "a reap by waitid without siginfo: only its free is seen",
    },
    tp(Purpose::Free, &["sched_process_free"], ""),
    tp(Purpose::Signal, &["signal_generate"], ""),
    tp(Purpose::Oom, &["mark_victim"], ""),
    tp(
        Purpose::Faults,
        &["page_fault_user"],
        "faults of the kernel on user memory",
    ),
    Rung {
        purpose: Purpose::Snapshot,
        method: Method::Iterator,
        at: &["task"],
        program: Some("task_iterator"),
        loses: "",
    },
];

impl Rung {
    /// The names of its programs in the eBPF object.
    pub fn programs(&self) -> impl Iterator<Item = &'static str> {
        self.at.iter().map(|at| self.program.unwrap_or(at))
    }

    /// `tp_btf:task_newtask`.
    pub fn hook(&self) -> String {
        format!("{}:{}", self.method.name(), self.at.join(","))
    }
}

/// What the host offers, as far as the ladder asks.
pub trait Offers {
    fn tracepoint(&self, name: &str) -> bool;
    fn tracefs(&self) -> bool;
}

/// Why a rung cannot be used, if it cannot.
pub fn obstacle(rung: &Rung, host: &impl Offers, without: &Without) -> Option<String> {
    if without.0.contains(&rung.method) {
        return Some(format!("denied by --without {}", rung.method.name()));
    }
    match rung.method {
        Method::TpBtf => {
            let absent = rung.at.iter().find(|name| !host.tracepoint(name))?;
            Some(format!("this kernel has no tracepoint {absent}"))
        }
        Method::Syscall => {
            (!host.tracefs()).then(|| "tracefs cannot be mounted or read".to_owned())
        }
        Method::Iterator => None,
    }
}

/// The methods that the user denies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Without(Vec<Method>);

impl FromStr for Without {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let names = list.split(',').filter(|name| !name.is_empty());
        let method = |name: &str| {
            Method::ALL
                .into_iter()
                .find(|method| method.name() == name)
                .ok_or_else(|| {
                    let known = Method::ALL.map(Method::name).join(", ");
                    format!("no such kind of hook: {name:?} (there are: {known})")
                })
        };
        Ok(Without(names.map(method).collect::<Result<_, _>>()?))
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &self
                .0
                .iter()
                .map(|method| method.name())
                .collect::<Vec<_>>()
                .join(","),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Host {
        absent: &'static str,
        tracefs: bool,
    }

    impl Offers for Host {
        fn tracepoint(&self, name: &str) -> bool {
            name != self.absent
        }
        fn tracefs(&self) -> bool {
            self.tracefs
        }
    }

    fn chosen(purpose: Purpose, host: &Host, without: &str) -> Option<String> {
        let without = without.parse().unwrap();
        let mut rungs = LADDER.iter().filter(|rung| rung.purpose == purpose);
        rungs
            .find(|rung| obstacle(rung, host, &without).is_none())
            .map(Rung::hook)
    }

    #[test]
    fn the_best_rung_that_the_host_offers_is_chosen() {
        let full = Host {
            absent: "",
            tracefs: true,
        };
        assert_eq!(
            chosen(Purpose::Fork, &full, "").unwrap(),
            "tp_btf:task_newtask"
        );
        let old = Host {
            absent: "task_newtask",
            tracefs: true,
        };
        assert_eq!(
            chosen(Purpose::Fork, &old, "").unwrap(),
            "tp_btf:sched_process_fork"
        );
        assert_eq!(
            chosen(
                Purpose::Reap,
                &Host {
                    absent: "",
                    tracefs: false
                },
                ""
            ),
            None
        );
        assert_eq!(chosen(Purpose::Reap, &full, "syscalls"), None);
        assert_eq!(chosen(Purpose::Fork, &full, "tp_btf,iter"), None);
    }

    #[test]
    fn every_purpose_has_a_rung() {
        for purpose in Purpose::ALL {
            assert!(
                LADDER.iter().any(|rung| rung.purpose == purpose),
                "{purpose:?}"
            );
        }
    }

    #[test]
    fn an_unknown_hook_is_named_in_the_error() {
        assert!(
            "kprob"
                .parse::<Without>()
                .unwrap_err()
                .contains("tp_btf, syscalls, iter")
        );
    }
}
