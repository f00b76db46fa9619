//! `cargo xtask attack`: attacks tracer as an untrusted user, a crash or a full disk would,
//! and prints what each cost: memory, size of the recording, and lost records by kind.

mod attacks;
mod kill;
mod load;
mod recorder;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::Args;

use xtask::{build, privilege, setup};

use crate::programs::Programs;
use attacks::{ATTACKS, Attacked};

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

/// Name of the attack that kills recorders.
const KILL: &str = "kill";

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
