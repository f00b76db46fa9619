//! Reads the state counters that the kernel side keeps for running tasks, about once a
//! second, and emits those that have changed.
//!
//! The kernel side may write an entry while it is read. The sum of an entry's times
//! shows whether it was read in the middle of an update; it is read again then.

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{HashMap as KernelMap, MapData, MapError, PerCpuArray},
};
use tracer_common::states::{
    OnCpu, RUNNABLE, RUNNING, STREAM_CHILDREN, STREAM_ROOTS, STREAM_TREE, TaskStates,
};

use super::{
    clock::now,
    error::{Error, Result},
    maps,
};
use crate::{
    event::{Event, States, TaskId, TaskState, What},
    records,
};

/// Number of attempts to read an entry that is being written.
const ATTEMPTS: usize = 8;

/// Reader of the state counters.
pub struct StateCounts {
    tasks: KernelMap<MapData, u64, TaskStates>,
    cpus: PerCpuArray<MapData, OnCpu>,
    /// States that were last emitted for each running task.
    emitted: HashMap<TaskId, States>,
}

/// Selects the processes whose transitions are streamed: those that tracer (PID `own`)
/// starts, and the process trees under `of`.
pub fn select_streamed(ebpf: &mut Ebpf, own: Option<u32>, of: &[u32]) -> Result<()> {
    if of.len() >= STREAM_ROOTS as usize {
        return Err(Error::TooManyTrees {
            limit: STREAM_ROOTS - 1,
        });
    }
    let selecting = "selecting the processes whose states are streamed";
    let map = ebpf.map_mut("STREAMED");
    let map = map.ok_or_else(|| Error::Object("map STREAMED".to_owned()))?;
    let roots = KernelMap::<_, u32, u32>::try_from(map);
    let mut roots = roots.map_err(Error::step(selecting))?;
    let own = own.map(|own| (own, STREAM_CHILDREN));
    let trees = of.iter().map(|&root| (root, STREAM_TREE));
    for (tgid, how) in own.into_iter().chain(trees) {
        let inserted = roots.insert(tgid, how, 0);
        inserted.map_err(Error::step(selecting))?;
    }
    Ok(())
}

impl StateCounts {
    pub fn new(ebpf: &mut Ebpf) -> Result<StateCounts> {
        Ok(StateCounts {
            tasks: maps::take(ebpf, "STATES")?,
            cpus: maps::take(ebpf, "ON_CPU")?,
            emitted: HashMap::new(),
        })
    }

    /// Emits the states that have changed since the last call. Costs two system calls per
    /// task, and two more for each runnable one.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let mut emitted = HashMap::with_capacity(self.emitted.len());
        for key in self.tasks.keys() {
            let Ok(key) = key else { break };
            let Some(task) = self.task(key)? else {
                continue;
            };
            let who = records::who(task.who);
            let states = records::task_states(&task);
            // The final states of a dead task follow with its exit.
            let Some(states) = states.filter(|states| states.state != TaskState::Dead) else {
                continue;
            };
            if self.emitted.get(&who.task) != Some(&states) {
                sink(Event {
                    at: now(),
                    cpu: 0,
                    who,
                    what: What::States(Box::new(states)),
                });
            }
            emitted.insert(who.task, states);
        }
        self.emitted = emitted;
        Ok(())
    }

    /// Returns a consistent entry, marked as running if the task has a CPU. None if the
    /// task has died: its exit carries the final states.
    fn task(&self, key: u64) -> Result<Option<TaskStates>> {
        let mut found = None;
        for _ in 0..ATTEMPTS {
            let Some(task) = self.entry(key)? else {
                return Ok(None);
            };
            found = Some(task);
            let sum = task.times.iter().copied().fold(0, u64::wrapping_add);
            if sum != task.since.wrapping_sub(task.began) {
                continue;
            }
            if task.state != RUNNABLE {
                break;
            }
            let Some(turn) = self.on_cpu_since(key)? else {
                break;
            };
            // The entry must not have changed while the CPUs were read.
            let same = |later: TaskStates| (later.since, later.state) == (task.since, RUNNABLE);
            if self.entry(key)?.is_some_and(same) {
                return Ok(Some(match turn > task.since {
                    true => running(task, turn),
                    false => task,
                }));
            }
        }
        Ok(found)
    }

    fn entry(&self, key: u64) -> Result<Option<TaskStates>> {
        match self.tasks.get(&key, 0) {
            Ok(task) => Ok(Some(task)),
            Err(MapError::KeyNotFound) => Ok(None),
            Err(error) => Err(Error::step("reading the state counters")(error)),
        }
    }

    /// Returns when the task got its CPU (ns since boot), if it has one.
    fn on_cpu_since(&self, key: u64) -> Result<Option<u64>> {
        let cpus = self.cpus.get(&0, 0);
        let cpus = cpus.map_err(Error::step("reading which task each CPU runs"))?;
        let mut turns = cpus.iter().filter(|cpu| cpu.task == key);
        Ok(turns.next().map(|cpu| cpu.since))
    }
}

/// Returns the entry that the kernel side would write if the turn that began at `turn`
/// (ns since boot) ended now.
fn running(task: TaskStates, turn: u64) -> TaskStates {
    let mut task = task;
    let waited = turn - task.since;
    task.times[RUNNABLE as usize] += waited;
    if task.woken != 0 {
        task.wakeups += 1;
        task.latency += waited;
        task.latency_max = task.latency_max.max(waited);
    }
    TaskStates {
        state: RUNNING,
        since: turn,
        woken: 0,
        ..task
    }
}

#[cfg(test)]
mod tests {
    use tracer_common::wire::Who;

    use super::*;

    #[test]
    fn a_task_on_a_cpu_counts_as_running_and_the_sum_holds() {
        let who = Who {
            pid: 7,
            tgid: 7,
            start: 1,
            leader_start: 1,
        };
        let mut times = [0; 8];
        times[2] = 300;
        let waiting = TaskStates {
            who,
            began: 1000,
            since: 1300,
            state: RUNNABLE,
            woken: 1,
            streamed: 0,
            missed: 0,
            times,
            wakeups: 4,
            latency: 100,
            latency_max: 60,
        };
        let now = running(waiting, 1390);
        assert_eq!((now.state, now.since), (RUNNING, 1390));
        assert_eq!(now.times.iter().sum::<u64>(), 390);
        assert_eq!((now.wakeups, now.latency, now.latency_max), (5, 190, 90));
    }
}
