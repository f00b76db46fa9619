//! The command line of `cargo xtask`, one verb per row.
//!
//! `bench` and `check` are crates of their own (xtask/bench, xtask/check), so that
//! the other verbs are built quickly on a new machine.

mod attack;
mod crates;
mod fmt;
mod fuzz;
mod install;
mod pictures;
mod programs;
mod run;
mod sweep;
mod test;
mod vm;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};

use xtask::{
    build::{self, Profile},
    setup,
};

#[derive(Parser)]
#[command(
    bin_name = "cargo xtask",
    about = "Builds, tests and installs tracer",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Find the eBPF compiler and linker, and install what is missing
    #[command(after_help = "\
Missing tools are listed before they are installed. The linker goes to
$TRACER_TOOLS, by default ~/.cache/tracer-build; nothing else is written to
your home directory.

Examples:
  cargo xtask setup
  TRACER_TOOLS=/opt/tracer-build cargo xtask setup")]
    Setup,

    /// Build the eBPF object and the tracer binary that carries it
    #[command(after_help = "\
Examples:
  cargo xtask build            target/release/tracer
  cargo xtask build --debug    target/debug/tracer; the eBPF object is always optimised")]
    Build {
        /// Build user space with optimisation (the default)
        #[arg(long, conflicts_with = "debug")]
        release: bool,
        /// Build user space without optimisation
        #[arg(long)]
        debug: bool,
    },

    /// Build, then run tracer, through sudo where it needs root
    #[command(after_help = "\
Examples:
  cargo xtask run -- live
  cargo xtask run -- record /tmp/make.trace -- make -j2
  cargo xtask run -- replay /tmp/make.trace")]
    Run {
        /// Arguments of tracer
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Run what CI runs: lints, unit tests, kernel tests here and in VMs
    #[command(after_help = "\
Kernel tests load the eBPF programs and need root; only their binaries run as
root. Without root they are listed as skipped, which is a failure if CI=true.

Examples:
  cargo xtask test
  cargo xtask test lint
  cargo xtask test unit -- model::
  cargo xtask test kernel -- --nocapture orphan
  cargo xtask test vm")]
    Test {
        /// Run only this part
        part: Option<test::Part>,
        /// Arguments of the test binaries
        #[arg(last = true)]
        args: Vec<String>,
    },

    /// Build, then install the binary as PREFIX/bin/tracer
    #[command(after_help = "\
Examples:
  cargo xtask install
  cargo xtask install --prefix ~/.local")]
    Install {
        /// Directory under which bin/tracer is installed
        #[arg(long, default_value = "/usr/local")]
        prefix: PathBuf,
    },

    /// Run the kernel tests on other kernels, booted under emulation
    #[command(after_help = "\
The kernels are Debian's, fetched once and kept next to the linker. Root is not
needed. Every kernel is tested with all hooks, then with the better ones denied.

Examples:
  cargo xtask vm                          all kernels
  cargo xtask vm 5.10 7.3
  cargo xtask vm 6.1 --without fentry     one set of denied hooks
  cargo xtask vm --update                 with Debian's newest packages
  cargo xtask vm --facts                  record what each kernel offers, after a new hook")]
    Vm {
        /// Series such as 6.1; all known ones if none is given
        kernels: Vec<String>,
        /// Hooks that tracer may not use, as for `tracer record --without`
        #[arg(long, value_name = "HOOKS")]
        without: Option<String>,
        /// Fetch kernels that are newer than the kept ones
        #[arg(long)]
        update: bool,
        /// Record what each kernel offers, for the tests of the plan
        #[arg(long, conflicts_with = "without")]
        facts: bool,
    },

    /// Measure what tracer costs, next to its goals and its peers
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of the benches; see `cargo xtask bench --help`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },

    /// Fuzz the code that reads bytes from outside
    #[command(after_help = "\
The corpus stays in target/fuzz/corpus, findings in target/fuzz/findings.

Examples:
  cargo xtask fuzz                            ten minutes for each target
  cargo xtask fuzz recording --seconds 60
  cargo xtask fuzz blocks --input target/fuzz/findings/blocks/crash-1234")]
    Fuzz(fuzz::Options),

    /// Attack tracer as an untrusted user would, and print what each attack costs
    #[command(after_help = "\
Needs root. `tracer record`, a flight recorder and a dashboard watch each attack. Fails
if one of them takes more memory or disk than it may. The table is in docs/security.md.

Examples:
  cargo xtask attack                            all attacks, then 200 + 200 kills
  cargo xtask attack renames signals --for 2m
  cargo xtask attack together --for 10m --write
  cargo xtask attack renames --tracer /usr/local/bin/tracer    an earlier version
  cargo xtask attack kill --kills 20")]
    Attack(attack::Options),

    /// Compare everything that tracer says about recordings of real work
    #[command(after_help = "\
New recordings (two storms of forks at once, a build, Redis with BGSAVE, and the
end of pid namespaces) need root. The exit code is 1 if any answer differs.

Examples:
  cargo xtask sweep                            all sweeps, some minutes each
  cargo xtask sweep windows trees
  cargo xtask sweep windows --keep             the recordings stay in target/sweep
  cargo xtask sweep --recordings target/sweep  without new recordings")]
    Sweep(sweep::Options),

    /// Redraw the pictures in docs/ from the real screen
    #[command(after_help = "\
Needs tmux, and root to record the processes that the pictures show.

Examples:
  cargo xtask pictures
  cargo xtask pictures story.trace    from an existing recording")]
    Pictures {
        /// Recording to draw, instead of a new one
        recording: Option<PathBuf>,
    },

    /// Check the import order of tracer's modules, and that no files form a circle
    #[command(after_help = "\
The rules are tables in xtask/check/src/rules.rs.

Examples:
  cargo xtask check")]
    Check,

    /// Format all workspaces
    #[command(after_help = "\
Examples:
  cargo xtask fmt")]
    Fmt,
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: Option<Verb>) -> anyhow::Result<()> {
    match verb {
        None => Ok(Cli::command().print_help()?),
        Some(Verb::Setup) => setup::verb(),
        Some(Verb::Build { debug, release: _ }) => build::verb(if debug {
            Profile::Debug
        } else {
            Profile::Release
        }),
        Some(Verb::Run { args }) => run::verb(&args),
        Some(Verb::Test { part, args }) => test::verb(part, &args),
        Some(Verb::Install { prefix }) => install::verb(&prefix),
        Some(Verb::Vm {
            kernels,
            without,
            update,
            facts,
        }) => vm::verb(&vm::Options {
            kernels,
            without,
            update,
            facts,
        }),
        Some(Verb::Bench { args }) => crates::run("xtask-bench", &args),
        Some(Verb::Fuzz(options)) => fuzz::verb(&options),
        Some(Verb::Attack(options)) => attack::verb(&options),
        Some(Verb::Sweep(options)) => sweep::verb(&options),
        Some(Verb::Pictures { recording }) => pictures::verb(recording.as_deref()),
        Some(Verb::Check) => crates::run("xtask-check", &[]),
        Some(Verb::Fmt) => fmt::apply(),
    }
}
