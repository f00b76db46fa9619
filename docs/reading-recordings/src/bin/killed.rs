//! Lists the processes that were killed by a signal.

use std::{env, error::Error, fs::File};

use tracer::{
    model::{Model, Outcome, Retention},
    recording::Reader,
};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("usage: killed FILE")?;
    let mut model = Model::new(Retention::ALL);
    for event in Reader::new(File::open(file)?)? {
        model.apply(&event?);
    }
    for (_, process) in model.processes() {
        if let Outcome::Killed(signal) = process.outcome() {
            println!("{} was killed by signal {signal}", process.id.tgid);
        }
    }
    Ok(())
}
