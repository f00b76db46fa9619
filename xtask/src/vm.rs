//! `cargo xtask vm`: runs the kernel tests on other kernels, each booted under
//! emulation.
//!
//! [`kernels`] is the matrix, [`fetch`] gets a kernel, [`initramfs`] packs what runs
//! on it, [`boot`] runs it, [`verdict`] reads the result, [`promise`] reads which hooks
//! it should have used and [`cost`] tabulates the verifier's work. Neither root nor a
//! module of this machine's kernel is needed.

mod boot;
mod cost;
mod fetch;
mod initramfs;
mod kernels;
mod promise;
mod verdict;

use std::{
    collections::BTreeMap,
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, bail};

use boot::Boot;
use cost::Costs;
use fetch::Image;
use kernels::{Kernel, Rung};
use verdict::Verdict;
use xtask::{build, packages, setup, workspace};

use crate::programs::Programs;

/// Test targets that guests run.
const TESTS: &[&str] = &[
    "kernel_workload",
    "kernel_faults",
    "kernel_privilege",
    "kernel_doctor",
    "kernel_snapshot",
    "kernel_limits",
    "kernel_states",
    "kernel_storm",
    "kernel_beginning",
    "kernel_zombies",
];

/// Test targets that only the whole matrix runs: they take minutes.
const LONG: &[&str] = &["kernel_witness", "kernel_reuse"];

/// Tests that guests do not run, by a part of the name, and the reason.
const SKIPPED: &[(&str, &str)] = &[
    (
        "all_of_twenty_thousand_vforks_are_recorded",
        "no gcc in the guest, and the storm would take minutes",
    ),
    ("stress_", "no stress-ng in the guest"),
    ("parallel_build", "no make and no gcc in the guest"),
    ("python_multiprocessing", "no Python in the guest"),
    ("tini_as_a_subreaper", "no tini in the guest"),
    (
        "two_capabilities_are_enough",
        "busybox's setpriv changes no user",
    ),
];

/// Page that promises the hook of each purpose.
const PROMISES: &str = "docs/kernel-support.md";
/// Directory of the facts that the promise is made from.
const FACTS: &str = "tracer/src/source/live/plan/kernels";

/// Longest time of a boot. A good one takes a tenth of it.
const LIMIT: Duration = Duration::from_secs(600);

/// Options of `cargo xtask vm`.
pub struct Options {
    /// Series; empty for the whole matrix.
    pub kernels: Vec<String>,
    /// Hooks to deny, as the only rung.
    pub without: Option<String>,
    /// Look for kernels that are newer than the kept ones.
    pub update: bool,
    /// Record what each kernel offers instead of testing on it.
    pub facts: bool,
}

pub fn verb(options: &Options) -> Result<()> {
    let kernels = kernels::named(&options.kernels)?;
    let rungs = match &options.without {
        Some(hooks) => vec![kernels::rung(hooks)],
        None => kernels::rungs(),
    };
    packages::ensure_for_tests()?;
    let programs = Programs::build(&build::object(&setup::ensure()?)?)?;
    let images = fetch(&kernels, options.update);
    if options.facts {
        return record_facts(&programs, &images);
    }
    run(&programs, &[TESTS, LONG].concat(), &images, &rungs)
}

/// Runs the part of the matrix that belongs to every test run. Returns the kernels
/// that could not be fetched, with the reason.
pub fn short(programs: &Programs) -> Result<Vec<String>> {
    let kernels = kernels::SHORT
        .iter()
        .map(|series| kernels::find(series))
        .collect::<Result<Vec<_>>>()?;
    let (had, missing): (Vec<_>, Vec<_>) = fetch(&kernels, false)
        .into_iter()
        .partition(|(_, image)| image.is_ok());
    if !had.is_empty() {
        run(programs, TESTS, &had, &kernels::ends())?;
    }
    let why = |(_, image): Fetched| image.err().map(|error| format!("{error:#}"));
    Ok(missing.into_iter().filter_map(why).collect())
}

/// Boots each kernel to record what it offers, for the tests of the plan.
fn record_facts(programs: &Programs, kernels: &[Fetched]) -> Result<()> {
    let initramfs = initramfs::make(&guest_programs(programs, TESTS))?;
    for (kernel, image) in kernels {
        let image = image.as_ref().map_err(|error| anyhow!("{error:#}"))?;
        let directory = runs().join(format!("{} facts", kernel.series));
        let boot = boot::boot(
            image,
            &initramfs,
            &[("TRACER_FACTS", "1")],
            &directory,
            LIMIT,
        )?;
        let verdict = judge(&boot);
        if verdict.trouble.is_some() || verdict.facts.is_empty() {
            print!("{}", explain(&verdict, &boot));
            bail!("{} did not print what it offers", image.version);
        }
        let file = workspace::root()
            .join(FACTS)
            .join(format!("{}.facts", kernel.series));
        fs::write(&file, &verdict.facts)?;
        println!("{}: {}", image.version, file.display());
    }
    println!("`UPDATE_GOLDEN=1 cargo test -p tracer --lib plan` rewrites docs/kernel-support.md");
    Ok(())
}

type Fetched = (&'static Kernel, Result<Image>);

fn fetch(kernels: &[&'static Kernel], update: bool) -> Vec<Fetched> {
    kernels
        .iter()
        .map(|kernel| (*kernel, fetch::image(kernel, update)))
        .collect()
}

/// A kernel to boot, and the hooks to use.
struct Run<'a> {
    kernel: &'static Kernel,
    image: &'a Image,
    rung: &'a Rung,
}

/// Runs the tests on every kernel and rung. A guest takes one processor of this machine,
/// so that as many run at once.
fn run(programs: &Programs, tests: &[&str], kernels: &[Fetched], rungs: &[Rung]) -> Result<()> {
    let initramfs = initramfs::make(&guest_programs(programs, tests))?;
    let page = fs::read_to_string(workspace::root().join(PROMISES))?;
    let (mut table, mut planned) = (Vec::new(), Vec::new());
    for (kernel, image) in kernels {
        match image {
            Ok(image) => planned.extend(rungs.iter().map(|rung| Run {
                kernel,
                image,
                rung,
            })),
            Err(error) => table.push(format!("{:<6}{error:#}", kernel.series)),
        }
    }
    let mut bad = table.len();
    let mut costs = Costs::default();
    let verdicts = in_parallel(&planned, |run| run.verdict(&initramfs, &page));
    for (run, verdict) in planned.iter().zip(verdicts) {
        let (verdict, line) = verdict?;
        bad += usize::from(!verdict.is_good());
        table.push(line);
        costs.add(run.kernel.series, verdict.verified);
    }
    println!("\n{}\n\n{costs}", table.join("\n"));
    for (test, why) in SKIPPED {
        println!("not run in VMs: {test} ({why})");
    }
    if bad > 0 {
        bail!(
            "{bad} of {} runs failed; the output of the guests is in {}",
            table.len(),
            runs().display()
        );
    }
    Ok(())
}

impl Run<'_> {
    /// Boots the kernel, prints the result, and returns it with its line of the table.
    fn verdict(&self, initramfs: &Path, page: &str) -> Result<(Verdict, String)> {
        let Run {
            kernel,
            image,
            rung,
        } = self;
        println!("booting {}, {} …", image.version, rung.name);
        let directory = runs().join(format!("{} {}", kernel.series, rung.name));
        let variables = [("TRACER_WITHOUT", rung.without.as_str())];
        let boot = boot::boot(image, initramfs, &variables, &directory, LIMIT)?;
        let mut verdict = judge(&boot);
        if let Some(promise) = promise::read(page, kernel.series, &rung.name) {
            verdict.hold_to(&promise);
        }
        let line = line(kernel, rung, &verdict, boot.took);
        let failures = match verdict.is_good() {
            true => String::new(),
            false => explain(&verdict, &boot),
        };
        // At once, because other guests run at the same time.
        println!("{failures}{line}");
        Ok((verdict, line))
    }
}

/// Does `work` for each item, on all processors of this machine. Returns the results in
/// the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else {
                return done;
            };
            done.push((place, work(item)));
        }
    };
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        let done = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        let done: BTreeMap<usize, R> = done.collect();
        done.into_values().collect()
    })
}

/// Returns the directory that keeps the serial ports of each boot until the next one.
fn runs() -> PathBuf {
    workspace::root().join("target/vm/runs")
}

fn judge(boot: &Boot) -> Verdict {
    let mut verdict = verdict::read(&boot.result);
    if !boot.in_time {
        let trouble = verdict.trouble.take().unwrap_or_default();
        verdict.trouble = Some(format!("stopped after {} s: {trouble}", LIMIT.as_secs()));
    }
    verdict
}

fn line(kernel: &Kernel, rung: &Rung, verdict: &Verdict, took: Duration) -> String {
    format!(
        "{:<6}{:<24} {}   {:.0} s",
        kernel.series,
        rung.name,
        verdict.line(),
        took.as_secs_f32()
    )
}

/// Returns the output of the failed tests, and the end of the console if there was other
/// trouble: a kernel that crashed says so only there.
fn explain(verdict: &Verdict, boot: &Boot) -> String {
    let mut text = verdict.failures.clone();
    if verdict.trouble.is_some() {
        text += &format!(
            "the end of {}:\n{}\n",
            boot.console.display(),
            boot::tail(&boot.console)
        );
    }
    text
}

/// Returns the programs that the guest runs.
fn guest_programs(programs: &Programs, tests: &[&str]) -> initramfs::Programs {
    let tests = programs
        .kernel_tests
        .iter()
        .filter(|test| tests.contains(&test.name.as_str()));
    initramfs::Programs {
        skipped: SKIPPED.iter().map(|(test, _)| *test).collect(),
        tracer: programs.tracer.clone(),
        workload: programs.workload.clone(),
        tests: tests
            .map(|test| (test.name.clone(), test.path.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..50).collect();
        assert_eq!(
            in_parallel(&items, |item| item * 2),
            (0..50).map(|it| it * 2).collect::<Vec<_>>()
        );
    }
}
