//! Reads the counts of wait calls that the kernel side keeps per process, about once a
//! second, and emits those that have grown.

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{Array, HashMap as KernelMap, MapData, MapError},
};
use tracer_common::maps::{RecentWaits, WaitCalls};

use super::{
    clock::now,
    error::{Error, Result},
    maps,
};
use crate::{
    event::{Event, Waits, What},
    records,
};

/// Reader of the counts of wait calls.
pub struct WaitCounts {
    map: KernelMap<MapData, u32, WaitCalls>,
    recent: Array<MapData, RecentWaits>,
    /// Time of the last call that was emitted (ns since boot), by tgid.
    emitted: HashMap<u32, u64>,
}

impl WaitCounts {
    pub fn new(ebpf: &mut Ebpf) -> Result<WaitCounts> {
        Ok(WaitCounts {
            map: maps::take(ebpf, "WAITS")?,
            recent: maps::take(ebpf, "RECENT")?,
            emitted: HashMap::new(),
        })
    }

    /// Emits the counts that have grown since the last call. Costs one system call, and
    /// two for each process that is not among the recent ones; the map bounds their number.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let before = std::mem::take(&mut self.emitted);
        // The recent ones first: an entry that moves to the map meanwhile is read twice
        // and emitted once.
        let recent = self.recent.get(&0, 0);
        let recent = recent.map_err(Error::step("reading the wait counters"))?;
        for calls in recent.iter().filter(|calls| calls.count > 0) {
            self.emit(calls, &before, sink);
        }
        let keys: Vec<u32> = self.map.keys().map_while(Result::ok).collect();
        for key in keys {
            match self.map.get(&key, 0) {
                Ok(calls) => self.emit(&calls, &before, sink),
                // The entry was replaced meanwhile.
                Err(MapError::KeyNotFound) => {}
                Err(error) => return Err(Error::step("reading the wait counters")(error)),
            }
        }
        Ok(())
    }

    /// Emits the count if there was a call since the last read.
    fn emit(&mut self, calls: &WaitCalls, before: &HashMap<u32, u64>, sink: &mut dyn FnMut(Event)) {
        let tgid = calls.who.tgid;
        let emitted = self.emitted.get(&tgid).or_else(|| before.get(&tgid));
        let has_grown = emitted.is_none_or(|&emitted| emitted < calls.last);
        let latest = self.emitted.entry(tgid).or_default();
        *latest = calls.last.max(*latest);
        if has_grown {
            sink(Event {
                at: now(),
                cpu: 0,
                who: records::who(calls.who),
                what: What::Waits(Waits {
                    count: calls.count,
                    last: calls.last,
                }),
            });
        }
    }
}
