//! Lists the processes of a recording that match a filter.
//!
//! Feeds the events to a model, which joins them into processes.
//!
//! Usage: matching FILE FILTER, for example
//! `matching make.trace 'comm =~ /^cc/ && exit.code != 0'`

use std::{env, error::Error, fs::File};

use tracer::{
    event::escaped,
    filter::{Filter, SavedFilters},
    model::{Model, Retention},
    recording::Reader,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, file, filter] = arguments.as_slice() else {
        return Err("usage: matching FILE FILTER".into());
    };
    let filter = Filter::parse(filter, &SavedFilters::new())?;

    let mut model = Model::new(Retention::ALL);
    for event in Reader::new(File::open(file)?)? {
        model.apply(&event?);
    }
    // Ages are counted up to the last event.
    let now = model.now();
    for (key, process) in model.processes() {
        if filter.keeps(&model, key, now) {
            let comm = escaped(process.comm.as_bytes());
            println!("{:8}  {comm:15}  {:?}", process.id.tgid, process.outcome());
        }
    }
    Ok(())
}
