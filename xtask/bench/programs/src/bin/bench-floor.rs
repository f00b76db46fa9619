//! Attaches empty programs and prints the cost of all programs in the kernel:
//! `bench-floor FLOOR NAME@PLACE…`, where FLOOR is the eBPF object built with the
//! feature `floor`.
//!
//! Prints a JSON object with the id of each program. For each line on standard input it
//! then prints one JSON object: `[runs, ns]` by the id of each program in the kernel. The
//! kernel keeps these statistics from the first such line on, because they cost all
//! programs about 30 ns per run.

use std::{collections::BTreeMap, io::BufRead as _};

use anyhow::{Context as _, Result, bail};
use aya::{
    Btf, Ebpf,
    programs::{Program, loaded_programs},
    sys::{Stats, enable_stats},
};
use serde_json::{Map, json};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let object = std::fs::read(arguments.next().context("FLOOR")?)?;
    let mut floor = Ebpf::load(&object)?;
    let btf = Btf::from_sys_fs()?;
    let mut ids = Map::new();
    for argument in arguments {
        let (name, place) = argument.split_once('@').context("NAME@PLACE")?;
        ids.insert(
            name.to_owned(),
            attach(&mut floor, &btf, name, place)?.into(),
        );
    }
    println!("{}", json!(ids));
    let mut stats = None;
    for line in std::io::stdin().lock().lines() {
        line?;
        if stats.is_none() {
            // Enabled while the file is open.
            stats = Some(enable_stats(Stats::RunTime)?);
        }
        println!("{}", json!(counts()?));
    }
    Ok(())
}

/// Attaches an empty program and returns its id.
fn attach(floor: &mut Ebpf, btf: &Btf, name: &str, place: &str) -> Result<u32> {
    let program = floor.program_mut(name).context("FLOOR lacks a program")?;
    match program {
        Program::BtfTracePoint(program) => {
            program.load(place, btf)?;
            program.attach()?;
        }
        Program::RawTracePoint(program) => {
            program.load()?;
            program.attach(place)?;
        }
        Program::FEntry(program) => {
            program.load(place, btf)?;
            program.attach()?;
        }
        Program::FExit(program) => {
            program.load(place, btf)?;
            program.attach()?;
        }
        Program::KProbe(program) => {
            program.load()?;
            program.attach(place, 0)?;
        }
        Program::TracePoint(program) => {
            program.load()?;
            program.attach("syscalls", place)?;
        }
        _ => bail!("{name} is no hook"),
    }
    Ok(program.info()?.id())
}

/// Returns the number of runs and their time in ns, of every program in the kernel.
fn counts() -> Result<BTreeMap<u32, (u64, u64)>> {
    loaded_programs()
        .map(|info| {
            let info = info?;
            let times = (info.run_count(), info.run_time().as_nanos() as u64);
            Ok((info.id(), times))
        })
        .collect()
}
