//! Prepares what all benches need: the built programs, a scratch directory and root.

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

/// Variable by which this program, run again as root, finds the built programs.
const BUILT: &str = "TRACER_BENCH_BUILT";

/// File name of the eBPF object with empty programs, next to tracer.
const FLOOR: &str = "tracer-floor.o";

/// Packages whose programs are measured or run during a measurement.
const PACKAGES: [&str; 3] = ["tracer", "bench-programs", "tracer-workload"];

/// Rounds of a quick bench.
const QUICK_ROUNDS: u32 = 2;

/// The programs and options of a run.
pub struct Testbed {
    /// Directory of `tracer` and the programs of the benches.
    directory: PathBuf,
    /// Directory for temporary files.
    scratch: PathBuf,
    pub rounds: u32,
    /// Short measurements, to see that they work.
    pub quick: bool,
    /// Write the results to the docs.
    pub keep: bool,
    /// Continue a long bench that was ended.
    pub resume: bool,
    /// Time after which a long bench ends.
    pub budget: Option<Duration>,
}

impl Testbed {
    /// Builds the programs and becomes root. Returns none if another process ran the
    /// benches as root.
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
        // Fails if it exists, and no other user can read it.
        let made = DirBuilder::new().mode(0o700).create(&scratch);
        made.with_context(|| format!("{} could not be created", scratch.display()))?;
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

    /// Returns the eBPF object with empty programs.
    pub fn floor(&self) -> PathBuf {
        self.directory.join(FLOOR)
    }

    /// Returns the path of a temporary file.
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
    let directory = tracer
        .parent()
        .context("the built tracer has no directory")?;
    fs::copy(floor, directory.join(FLOOR))?;
    Ok(directory.to_owned())
}

fn again_as_root(directory: &Path) -> Result<()> {
    let mut built = OsString::from(BUILT);
    built.push("=");
    built.push(directory);
    // `env` sets the variable, because sudo drops it.
    let mut command = privilege::as_root("env")?;
    command
        .arg(built)
        .arg(env::current_exe()?)
        .args(env::args_os().skip(1));
    process::run(&mut command)
}
