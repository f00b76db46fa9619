//! Reads the fault counters that the kernel side keeps for running tasks, about once a
//! second, and emits those that have grown.

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{HashMap as KernelMap, MapData, MapError},
};
use tracer_common::maps::TaskFaults;

use super::{
    clock::now,
    error::{Error, Result},
    maps,
};
use crate::{
    event::{Event, TaskId, What},
    records::{self, FaultClassifier},
};

/// Reader of the fault counters.
pub struct FaultCounts {
    map: KernelMap<MapData, u64, TaskFaults>,
    classifier: FaultClassifier,
    /// Total that was last emitted for each running task.
    emitted: HashMap<TaskId, u64>,
}

impl FaultCounts {
    pub fn new(ebpf: &mut Ebpf, classifier: FaultClassifier) -> Result<FaultCounts> {
        Ok(FaultCounts {
            map: maps::take(ebpf, "FAULTS")?,
            classifier,
            emitted: HashMap::new(),
        })
    }

    /// Emits the counts that have grown since the last call. Costs two system calls per
    /// task that has faulted.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let mut emitted = HashMap::with_capacity(self.emitted.len());
        for key in self.map.keys() {
            let Ok(key) = key else { break };
            let task = match self.map.get(&key, 0) {
                Ok(task) => task,
                // The task has exited; its exit carries the final counts.
                Err(MapError::KeyNotFound) => continue,
                Err(error) => return Err(Error::step("reading the fault counters")(error)),
            };
            let who = records::who(task.who);
            let faults = self.classifier.tally(&task.counts);
            let total = faults.classes.total();
            if self.emitted.get(&who.task) != Some(&total) {
                sink(Event {
                    at: now(),
                    cpu: 0,
                    who,
                    what: What::Faults(Box::new(faults)),
                });
            }
            emitted.insert(who.task, total);
        }
        self.emitted = emitted;
        Ok(())
    }
}
