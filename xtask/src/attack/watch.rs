//! Runs an attack while `tracer record`, a flight recorder and a dashboard watch it.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::{
    attacks::{Attacked, Load},
    cost::{Cost, Losses},
    dashboard::Dashboard,
    load::Running,
    recorder::{Recorder, contents, size},
};

/// Interval between two samples of the ring's size.
const SAMPLE: Duration = Duration::from_millis(20);

/// Options of the flight recorder. docs/security.md names them.
const RING: [&str; 5] = ["--ring", "--max-size", "16M", "--segment", "5s"];

/// Runs the loads for a time.
pub fn run(attacked: &Attacked, loads: &[Load], time: Duration, scratch: &Path) -> Result<Cost> {
    let (file, ring) = (scratch.join("attack.trace"), scratch.join("ring"));
    let recorder = Recorder::start(&attacked.tracer, &file, &[])?;
    let flight = Recorder::start(&attacked.tracer, &ring, &RING)?;
    let dashboard = Dashboard::start(&attacked.tracer, scratch)?;
    let mut running = loads
        .iter()
        .map(|&load| Running::start(&attacked.workload, load))
        .collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    let mut largest = 0;
    while began.elapsed() < time {
        largest = largest.max(size(&ring));
        for (running, (scenario, _)) in running.iter_mut().zip(loads) {
            running.check().with_context(|| (*scenario).to_owned())?;
        }
        thread::sleep(SAMPLE);
    }
    drop(running);
    let (live, lost_live) = dashboard.stop()?;
    let memory = [recorder.stop()?, flight.stop()?, live];
    let mut cost = Cost {
        memory,
        size: [size(&file), largest.max(size(&ring))],
        losses: [Losses::default(), Losses::default()],
        lost_live,
    };
    cost.losses[0].count(&attacked.tracer, &file)?;
    let segments = contents(&ring).into_iter();
    for segment in segments.filter(|it| it.extension() == Some("trace".as_ref())) {
        cost.losses[1].count(&attacked.tracer, &segment)?;
    }
    fs::remove_file(&file)?;
    fs::remove_dir_all(&ring)?;
    Ok(cost)
}
