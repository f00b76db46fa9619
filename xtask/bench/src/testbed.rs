//! What the benches stand on: the programs they run, and root.

use std::{
    env,
    ffi::OsString,
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::options::Options;
use xtask::{artifacts, build, privilege, process, setup};

/// Tells xtask as root what xtask as the caller has built.
const BUILT: &str = "TRACER_BENCH_BUILT";

/// Beside tracer, the eBPF object whose programs are empty.
const FLOOR: &str = "tracer-floor.o";

/// The packages whose programs are measured or run meanwhile.
const PACKAGES: [&str; 3] = ["tracer", "bench-programs", "tracer-workload"];

/// The rounds of a quick bench.
const QUICK_ROUNDS: u32 = 2;

pub struct Testbed {
    /// Holds `tracer` and the programs of the benches.
    directory: PathBuf,
    /// Files that are thrown away.
    scratch: PathBuf,
    pub rounds: u32,
    /// Short measurements: to see that it works.
    pub quick: bool,
    /// The results are to be kept.
    pub keep: bool,
    /// Go on with a long bench that was cut short.
    pub resume: bool,
    /// When to cut it short.
    pub budget: Option<Duration>,
}

impl Testbed {
    /// Builds what is to be measured and becomes root. None: another process
    /// has become it and has done the work.
    pub fn prepare(options: &Options) -> Result<Option<Testbed>> {
        let directory = match env::var_os(BUILT) {
            Some(directory) => PathBuf::from(directory),
            None => build()?,
        };
        if !privilege::is_root() {
            again_as_root(&directory)?;
            return Ok(None);
        }
        let scratch = env::temp_dir().join(format!("tracer-bench-{}", std::process::id()));
        // Nobody else has made it, and nobody else looks into it.
        let made = DirBuilder::new().mode(0o700).create(&scratch);
        made.with_context(|| format!("{} cannot be made", scratch.display()))?;
        Ok(Some(Testbed {
            directory,
            scratch,
            rounds: match options.quick {
                true => QUICK_ROUNDS,
                false => options.rounds,
            },
            quick: options.quick,
            keep: options.write,
            resume: options.resume,
            budget: options
                .minutes
                .map(|minutes| Duration::from_secs(60 * minutes)),
        }))
    }

    pub fn tracer(&self) -> PathBuf {
        self.directory.join("tracer")
    }

    /// The eBPF object whose programs are empty.
    pub fn floor(&self) -> PathBuf {
        self.directory.join(FLOOR)
    }

    /// A file that nobody misses afterwards.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Returns a program of `xtask/bench/programs`, or the workload of the tests.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// Builds tracer and the programs of the benches, and returns their directory.
fn build() -> Result<PathBuf> {
    let tools = setup::ensure()?;
    let floor = build::floor(&tools)?;
    let object = build::object(&tools)?;
    let mut cargo = build::user_space(&object);
    cargo.args(["build", "--release", "--bins"]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    let tracer = artifacts::the(&artifacts::executables(&mut cargo)?, "bin", "tracer")?;
    let directory = tracer.parent().context("tracer was built nowhere")?;
    fs::copy(floor, directory.join(FLOOR))?;
    Ok(directory.to_owned())
}

fn again_as_root(directory: &Path) -> Result<()> {
    let mut built = OsString::from(BUILT);
    built.push("=");
    built.push(directory);
    // `env` sets the variable because sudo would drop it.
    let mut command = privilege::as_root("env")?;
    command
        .arg(built)
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1));
    process::run(&mut command)
}
