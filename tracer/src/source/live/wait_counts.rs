//! The wait calls that the kernel side counts: read about once a second, told
//! where there were more.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{HashMap as KernelMap, MapData, MapError},
};
use tracer_common::maps::WaitCalls;

use super::clock::now;
use crate::{
    event::{Event, Waits, What},
    records,
};

pub struct WaitCounts {
    map: KernelMap<MapData, u32, WaitCalls>,
    /// When the last call told was, by tgid.
    told: HashMap<u32, u64>,
}

impl WaitCounts {
    pub fn new(ebpf: &mut Ebpf) -> Result<WaitCounts> {
        let map = ebpf
            .take_map("WAITS")
            .context("no map WAITS in the eBPF object")?;
        Ok(WaitCounts {
            map: map.try_into()?,
            told: HashMap::new(),
        })
    }

    /// Two system calls per process that ever waited, of which the map holds
    /// a bounded number.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let mut told = HashMap::with_capacity(self.told.len());
        for key in self.map.keys() {
            let Ok(key) = key else { break };
            let calls = match self.map.get(&key, 0) {
                Ok(calls) => calls,
                // Its place was given to another meanwhile.
                Err(MapError::KeyNotFound) => continue,
                Err(error) => return Err(error).context("reading the wait counters"),
            };
            told.insert(key, calls.last);
            if self.told.get(&key) != Some(&calls.last) {
                let waits = Waits {
                    count: calls.count,
                    last: calls.last,
                };
                sink(Event {
                    at: now(),
                    cpu: 0,
                    who: records::who(calls.who),
                    what: What::Waits(waits),
                });
            }
        }
        self.told = told;
        Ok(())
    }
}
