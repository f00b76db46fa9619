//! `cargo xtask attack`: attacks tracer as an untrusted user, a crash or a full disk would,
//! and prints what each cost: memory, size of the recording, and lost records by kind.

mod kill;
mod load;
mod recorder;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::Args;

use xtask::{build, privilege, setup};

use crate::programs::Programs;
use load::{Load, UNLIMITED};

/// Options of `cargo xtask attack`.
#[derive(Args)]
pub struct Options {
    /// Attacks to run; all if none is given. `kill` kills recorders
    names: Vec<String>,
    /// Number of recorders that `kill` kills, of each sort
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Factor of the number of repetitions of each load
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Attack this binary of tracer instead of a new one, such as an earlier version
    #[arg(long)]
    tracer: Option<PathBuf>,
    /// Use this build of the workload. With --tracer, nothing is built
    #[arg(long, requires = "tracer")]
    workload: Option<PathBuf>,
}

/// Programs of an attack.
struct Attacked {
    tracer: PathBuf,
    workload: PathBuf,
}

/// An attack by load.
struct Attack {
    name: &'static str,
    /// Options of `tracer record`; `--ring` makes it record to a directory.
    options: &'static [&'static str],
    /// Loads, all at the same time.
    loads: &'static [Load],
}

/// Name of the attack that kills recorders.
const KILL: &str = "kill";

#[rustfmt::skip]
const ATTACKS: &[Attack] = &[
    Attack {
        name: "renames",
        options: &[],
        loads: &[Load("renames", 1_000_000), Load("renames", 1_000_000), Load("storm", 20_000)],
    },
    Attack {
        name: "signals",
        options: &[],
        loads: &[Load("blocked_signals", 600_000), Load("storm", 20_000)],
    },
    Attack {
        name: "refused forks",
        options: &[],
        loads: &[Load("refused_forks", 600_000), Load("storm", 20_000)],
    },
    Attack {
        name: "arguments, 16 MiB",
        options: &["--ring", "--max-size", "16M"],
        loads: &[Load("exec_loop", 40_000)],
    },
    Attack {
        name: "arguments, 1 MiB",
        options: &["--ring", "--max-size", "1M", "--segment", "1s"],
        loads: &[Load("exec_loop", 20_000)],
    },
    Attack {
        name: "crowd, 16 MiB",
        options: &["--ring", "--max-size", "16M", "--segment", "1s"],
        loads: &[Load("crowd", 3000), Load("storm", 50_000)],
    },
    Attack {
        name: "storm, 16 MiB",
        options: &["--ring", "--max-size", "16M"],
        loads: &[Load("storm", 200_000), Load("storm", 200_000)],
    },
];

pub fn verb(options: &Options) -> Result<()> {
    let known = |name: &String| name == KILL || ATTACKS.iter().any(|it| it.name == name);
    if let Some(unknown) = options.names.iter().find(|name| !known(name)) {
        let names = ATTACKS.iter().map(|it| it.name).chain([KILL]);
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        bail!("no attack {unknown}: the attacks are {}", names.join(", "));
    }
    ensure!(
        privilege::is_root(),
        "attacks trace the kernel and act as other users: run them as root"
    );
    let attacked = match (&options.tracer, &options.workload) {
        (Some(tracer), Some(workload)) => Attacked {
            tracer: tracer.clone(),
            workload: workload.clone(),
        },
        (tracer, _) => {
            let programs = Programs::build(&build::object(&setup::ensure()?)?)?;
            Attacked {
                tracer: tracer.clone().unwrap_or(programs.tracer),
                workload: programs.workload,
            }
        }
    };
    let scratch = std::env::temp_dir().join(format!("tracer-attack-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    let outcome = run(options, &attacked, &scratch);
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

fn run(options: &Options, attacked: &Attacked, scratch: &Path) -> Result<()> {
    let wanted = |name: &str| options.names.is_empty() || options.names.iter().any(|it| it == name);
    println!(
        "| attack | seconds | memory, MiB | size, MiB | limit, MiB | lost | beyond a budget |"
    );
    println!("|---|---:|---:|---:|---:|---|---|");
    for attack in ATTACKS.iter().filter(|attack| wanted(attack.name)) {
        let cost = load::run(attacked, attack, options.times, scratch)?;
        println!("{}", cost.row(attack));
    }
    if wanted(KILL) {
        println!();
        kill::run(attacked, options.kills, scratch)?;
    }
    Ok(())
}

impl Attack {
    /// Returns the size limit of the directory, bytes; unlimited for a file.
    fn limit(&self) -> u64 {
        let size = self.options.iter().skip_while(|it| **it != "--max-size");
        let mebibytes = size
            .skip(1)
            .find_map(|size| size.strip_suffix('M')?.parse().ok());
        mebibytes.map_or(UNLIMITED, |size: u64| size << 20)
    }
}
