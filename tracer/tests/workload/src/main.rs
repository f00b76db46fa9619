//! A workload for the kernel tests: it does known things with processes and prints them,
//! one JSON object per line, from the results of its system calls (wait4's status and
//! rusage, getppid, the clock). The tests compare tracer's recording with them.
//!
//! `workload all` runs every scenario, `workload NAME [N]` one of them.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

mod births;
mod deaths;
mod exhaustion;
mod facts;
mod families;
mod faults;
mod limits;
mod loads;
mod owners;
mod reuse;
mod states;
mod system;

fn main() {
    // A shell starts its background jobs with these signals ignored.
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: no handler is installed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let arguments: Vec<String> = std::env::args().collect();
    let name = arguments.get(1).map_or("all", String::as_str);
    let n = arguments.get(2).and_then(|n| n.parse().ok());
    let mut known = false;
    for scenario in SCENARIOS {
        if name == scenario.name || (name == "all" && scenario.in_all) {
            known = true;
            (scenario.run)(n.unwrap_or(scenario.n));
        }
    }
    assert!(known, "no scenario {name}");
}

struct Scenario {
    name: &'static str,
    /// Default of N.
    n: usize,
    in_all: bool,
    run: fn(usize),
}

const fn scenario(name: &'static str, n: usize, run: fn(usize)) -> Scenario {
    Scenario {
        name,
        n,
        in_all: true,
        run,
    }
}

const SCENARIOS: &[Scenario] = &[
    scenario("exits", 20, births::exits),
    scenario("signals", 0, deaths::signals),
    scenario("pending", 0, deaths::pending),
    scenario("spawns", 5, births::spawns),
    scenario("threads", 3, births::threads),
    scenario("leader", 0, births::leader_first),
    scenario("execs", 0, births::execs),
    scenario("thread_exec", 0, births::thread_exec),
    scenario("zombies", 10, deaths::zombies),
    scenario("autoreap", 3, deaths::autoreap),
    scenario("orphans", 0, families::orphans),
    scenario("handed_on", 0, families::handed_on),
    scenario("faults", 64, faults::faults),
    scenario("fork_costs", 64, faults::fork_costs),
    scenario("stopped", 0, deaths::stopped),
    scenario("pid_namespace", 0, families::pid_namespace),
    scenario("names", 0, births::names),
    scenario("users", 0, births::users),
    Scenario {
        in_all: false,
        ..scenario("stuck_in_exit", 1100, families::stuck_in_exit)
    },
    Scenario {
        in_all: false,
        ..scenario("copies_before_execs", 1500, faults::copies_before_execs)
    },
    Scenario {
        in_all: false,
        ..scenario("owners", 0, owners::owners)
    },
    Scenario {
        in_all: false,
        ..scenario("states", 0, states::states)
    },
    Scenario {
        in_all: false,
        ..scenario("out_of_memory", 16, limits::out_of_memory)
    },
    Scenario {
        in_all: false,
        ..scenario("too_many_tasks", 4, limits::too_many_tasks)
    },
    Scenario {
        in_all: false,
        ..scenario("hostile", 0, loads::hostile)
    },
    Scenario {
        in_all: false,
        ..scenario("storm", 20_000, loads::storm)
    },
    Scenario {
        in_all: false,
        ..scenario("renames", 100_000, loads::renames)
    },
    Scenario {
        in_all: false,
        ..scenario("blocked_signals", 100_000, loads::blocked_signals)
    },
    Scenario {
        in_all: false,
        ..scenario("refused_forks", 100_000, loads::refused_forks)
    },
    Scenario {
        in_all: false,
        ..scenario("exec_loop", 1000, loads::exec_loop)
    },
    Scenario {
        in_all: false,
        ..scenario("idle", 0, loads::idle)
    },
    Scenario {
        in_all: false,
        ..scenario("crowd", 500, loads::crowd)
    },
    Scenario {
        in_all: false,
        ..scenario("relay", 1000, exhaustion::relay)
    },
    Scenario {
        in_all: false,
        ..scenario("chains", 100, exhaustion::chains)
    },
    Scenario {
        in_all: false,
        ..scenario("kinds", 1000, exhaustion::kinds)
    },
    Scenario {
        in_all: false,
        ..scenario("crew", 100, exhaustion::crew)
    },
    Scenario {
        in_all: false,
        ..scenario("cgroups", 100, exhaustion::cgroups)
    },
    Scenario {
        in_all: false,
        ..scenario("reuse", 3000, reuse::reuse)
    },
    Scenario {
        in_all: false,
        ..scenario("hold", 3, deaths::hold)
    },
];
