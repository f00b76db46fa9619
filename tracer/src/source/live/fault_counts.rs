//! The fault counters of living tasks: read about once a second, told only
//! where they have grown.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{HashMap as KernelMap, MapData, MapError},
};
use tracer_common::maps::TaskFaults;

use super::clock::now;
use crate::{
    event::{Event, TaskId, What},
    records::{self, FaultClassifier},
};

pub struct FaultCounts {
    map: KernelMap<MapData, u64, TaskFaults>,
    conclude: FaultClassifier,
    /// The total last told of each task that lives.
    told: HashMap<TaskId, u64>,
}

impl FaultCounts {
    pub fn new(ebpf: &mut Ebpf, conclude: FaultClassifier) -> Result<FaultCounts> {
        let map = ebpf
            .take_map("FAULTS")
            .context("no map FAULTS in the eBPF object")?;
        Ok(FaultCounts {
            map: map.try_into()?,
            conclude,
            told: HashMap::new(),
        })
    }

    /// Tells whose counts have grown. Two system calls per task that faulted.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let mut told = HashMap::with_capacity(self.told.len());
        for key in self.map.keys() {
            let Ok(key) = key else { break };
            let task = match self.map.get(&key, 0) {
                Ok(task) => task,
                // It has exited meanwhile, and its exit says the rest.
                Err(MapError::KeyNotFound) => continue,
                Err(error) => return Err(error).context("reading the fault counters"),
            };
            let who = records::who(task.who);
            let faults = self.conclude.tally(&task.counts);
            let total = faults.classes.total();
            if self.told.get(&who.task) != Some(&total) {
                sink(Event {
                    at: now(),
                    cpu: 0,
                    who,
                    what: What::Faults(Box::new(faults)),
                });
            }
            told.insert(who.task, total);
        }
        self.told = told;
        Ok(())
    }
}
