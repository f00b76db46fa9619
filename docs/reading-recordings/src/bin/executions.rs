//! Counts how often each program was executed.

use std::{collections::BTreeMap, env, error::Error, fs::File};

use tracer::{
    event::{What, escaped},
    recording::{Ending, Reader},
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("usage: executions FILE")?;
    let mut reader = Reader::new(File::open(file)?)?;
    let mut executions = BTreeMap::<String, u32>::new();
    for event in reader.by_ref() {
        let event = event?;
        if let What::Exec(exec) = &event.what {
            let program = escaped(exec.filename.as_bytes());
            *executions.entry(program).or_default() += 1;
        }
    }
    for (program, count) in &executions {
        println!("{count:6} {program}");
    }

    // Damage is not an error: the reader skips it and continues.
    for damage in reader.damage() {
        eprintln!("unreadable: {damage:?}");
    }
    if reader.ending() != Some(Ending::Clean) {
        eprintln!("the recording has no end mark: its recorder was killed or still runs");
    }
    Ok(())
}
