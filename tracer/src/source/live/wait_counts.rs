//! The wait calls that the kernel side counts: read about once a second, told
//! where there were more.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use aya::{
    Ebpf,
    maps::{Array, HashMap as KernelMap, MapData, MapError},
};
use tracer_common::maps::{RecentWaits, WaitCalls};

use super::clock::now;
use crate::{
    event::{Event, Waits, What},
    records,
};

pub struct WaitCounts {
    map: KernelMap<MapData, u32, WaitCalls>,
    recent: Array<MapData, RecentWaits>,
    /// When the last call told was, by tgid.
    told: HashMap<u32, u64>,
}

impl WaitCounts {
    pub fn new(ebpf: &mut Ebpf) -> Result<WaitCounts> {
        let mut take = |name: &str| {
            let map = ebpf.take_map(name);
            map.with_context(|| format!("no map {name} in the eBPF object"))
        };
        Ok(WaitCounts {
            map: take("WAITS")?.try_into()?,
            recent: take("RECENT")?.try_into()?,
            told: HashMap::new(),
        })
    }

    /// One system call, and two for each process that is not among the recent ones,
    /// of which the map holds a bounded number.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let before = std::mem::take(&mut self.told);
        // The recent ones first: what moves to the map meanwhile is read twice, and
        // told once.
        let recent = self
            .recent
            .get(&0, 0)
            .context("reading the wait counters")?;
        for calls in recent.iter().filter(|calls| calls.count > 0) {
            self.tell(calls, &before, sink);
        }
        let keys: Vec<u32> = self.map.keys().map_while(Result::ok).collect();
        for key in keys {
            match self.map.get(&key, 0) {
                Ok(calls) => self.tell(&calls, &before, sink),
                // Its place was given to another meanwhile.
                Err(MapError::KeyNotFound) => {}
                Err(error) => return Err(error).context("reading the wait counters"),
            }
        }
        Ok(())
    }

    /// Tells the calls if there was one since the last reading.
    fn tell(&mut self, calls: &WaitCalls, before: &HashMap<u32, u64>, sink: &mut dyn FnMut(Event)) {
        let tgid = calls.who.tgid;
        let told = self.told.get(&tgid).or_else(|| before.get(&tgid));
        let is_news = told.is_none_or(|&told| told < calls.last);
        let latest = self.told.entry(tgid).or_default();
        *latest = calls.last.max(*latest);
        if is_news {
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
