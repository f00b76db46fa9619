//! `cargo xtask attack`: attacks tracer as an untrusted user, a crash or a full disk would,
//! and prints what each cost: memory, size of the recording, and lost records by kind.

mod attacks;
mod cost;
mod dashboard;
mod kill;
mod load;
mod page;
mod recorder;
mod watch;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use xtask::{build, packages, privilege, setup};

use crate::programs::Programs;
use attacks::{ATTACKS, Attacked, Load, TOGETHER};

/// Options of `cargo xtask attack`.
#[derive(Args)]
pub struct Options {
    /// Attacks to run; all if none is given. `together` runs all at once, `kill` kills
    /// recorders
    names: Vec<String>,
    /// Duration of each attack: 30s, 10m
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = duration)]
    time: Duration,
    /// Number of recorders that `kill` kills, of each sort
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// Attack this binary of tracer instead of a new one, such as an earlier version
    #[arg(long)]
    tracer: Option<PathBuf>,
    /// Use this build of the workload. With --tracer, nothing is built
    #[arg(long, requires = "tracer")]
    workload: Option<PathBuf>,
    /// Write the rows to docs/security.md, in place of earlier ones of these attacks. With
    /// --tracer, name the version that was attacked
    #[arg(long, value_name = "VERSION", num_args = 0..=1, default_missing_value = page::THIS)]
    write: Option<String>,
}

/// Name of the attack that kills recorders.
const KILL: &str = "kill";

fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.len() - usize::from(text.ends_with(['s', 'm', 'h']));
    let seconds = match &text[unit..] {
        "m" => 60,
        "h" => 3600,
        _ => 1,
    };
    let number: u64 = text[..unit]
        .parse()
        .map_err(|_| "give a number and a unit: 30s, 10m, 1h".to_owned())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

pub fn verb(options: &Options) -> Result<()> {
    let names = ATTACKS.iter().map(|it| it.name).chain([TOGETHER, KILL]);
    let names: Vec<_> = names.collect();
    if let Some(unknown) = options
        .names
        .iter()
        .find(|name| !names.contains(&&name[..]))
    {
        bail!("no attack {unknown}: the attacks are {}", names.join(", "));
    }
    ensure!(
        privilege::is_root(),
        "attacks trace the kernel and act as other users: run them as root"
    );
    packages::ensure(packages::FOR_ATTACKS)?;
    let attacked = match (&options.tracer, &options.workload) {
        (Some(tracer), Some(workload)) => Attacked {
            tracer: tracer
                .canonicalize()
                .with_context(|| tracer.display().to_string())?,
            workload: workload
                .canonicalize()
                .with_context(|| workload.display().to_string())?,
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

fn run(options: &Options, attacked: &Attacked, scratch: &std::path::Path) -> Result<()> {
    let wanted = |name: &str| options.names.is_empty() || options.names.iter().any(|it| it == name);
    let all: Vec<Load> = ATTACKS.iter().flat_map(|it| it.loads).copied().collect();
    let each = ATTACKS.iter().map(|it| (it.name, it.about, it.loads));
    let attacks = each.chain([(TOGETHER, "all of these at once", &all[..])]);
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    print!("{}", cost::HEAD);
    for (name, about, loads) in attacks.filter(|(name, ..)| wanted(name)) {
        let cost = watch::run(attacked, loads, options.time, scratch)
            .with_context(|| format!("the attack {name} failed"))?;
        let row = cost.row(&format!("{name}: {about}; {} s", options.time.as_secs()));
        print!("{row}");
        failed.extend(cost.missed().map(|missed| format!("{name}: {missed}")));
        rows.push(row);
    }
    if let Some(version) = &options.write {
        page::write(version, &rows)?;
    }
    if wanted(KILL) {
        println!();
        kill::run(attacked, options.kills, scratch)?;
    }
    ensure!(failed.is_empty(), "goals missed:\n{}", failed.join("\n"));
    Ok(())
}
