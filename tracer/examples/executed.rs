//! Counts how often each program was executed in a recording.
//!
//! Reads the recording event by event, so memory does not grow with its length.
//!
//! Usage: executed FILE

use std::{cmp::Reverse, collections::BTreeMap, env, error::Error, fs::File};

use tracer::{
    event::{What, escaped},
    recording::{Ending, Reader},
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("usage: executed FILE")?;
    let mut reader = Reader::new(File::open(file)?)?;
    let mut counts = BTreeMap::<String, u64>::new();
    for event in reader.by_ref() {
        if let What::Exec(exec) = event?.what {
            // The traced process chose these bytes: escape them for the terminal.
            *counts.entry(escaped(exec.filename.as_bytes())).or_default() += 1;
        }
    }

    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    for (program, count) in counts {
        println!("{count:8}  {program}");
    }
    for damage in reader.damage() {
        eprintln!("unreadable: {damage:?}");
    }
    if reader.ending() != Some(Ending::Clean) {
        eprintln!("no end mark: the recording was cut off, or is still being written");
    }
    Ok(())
}
