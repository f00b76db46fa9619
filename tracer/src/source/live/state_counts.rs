//! The states of living tasks, as the kernel side counts them: read about once
//! a second, told only where they have changed.
//!
//! An entry is written while it is read. Its own sum says whether it was caught
//! between two writes, and is read again then.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use aya::{
    Ebpf,
    maps::{HashMap as KernelMap, MapData, MapError, PerCpuArray},
};
use tracer_common::states::{
    OnCpu, RUNNABLE, RUNNING, STREAM_CHILDREN, STREAM_ROOTS, STREAM_TREE, TaskStates,
};

use super::clock::now;
use crate::{
    event::{Event, States, TaskId, TaskState, What},
    records,
};

/// So often an entry is read again that is being written.
const ATTEMPTS: usize = 8;

pub struct StateCounts {
    tasks: KernelMap<MapData, u64, TaskStates>,
    cpus: PerCpuArray<MapData, OnCpu>,
    /// What was last told of each task that lives.
    told: HashMap<TaskId, States>,
}

/// Whose transitions are sent: those that tracer itself starts, by its own
/// number, and the trees of others.
pub fn choose(ebpf: &mut Ebpf, own: Option<u32>, of: &[u32]) -> Result<()> {
    ensure!(
        of.len() < STREAM_ROOTS as usize,
        "the transitions of at most {} processes can be sent, with all that comes from them",
        STREAM_ROOTS - 1
    );
    let map = ebpf.map_mut("STREAMED");
    let map = map.context("no map STREAMED in the eBPF object")?;
    let mut roots = KernelMap::<_, u32, u32>::try_from(map)?;
    let own = own.map(|own| (own, STREAM_CHILDREN));
    let trees = of.iter().map(|&root| (root, STREAM_TREE));
    for (tgid, how) in own.into_iter().chain(trees) {
        roots.insert(tgid, how, 0)?;
    }
    Ok(())
}

impl StateCounts {
    pub fn new(ebpf: &mut Ebpf) -> Result<StateCounts> {
        let tasks = ebpf.take_map("STATES");
        let cpus = ebpf.take_map("ON_CPU");
        Ok(StateCounts {
            tasks: tasks
                .context("no map STATES in the eBPF object")?
                .try_into()?,
            cpus: cpus
                .context("no map ON_CPU in the eBPF object")?
                .try_into()?,
            told: HashMap::new(),
        })
    }

    /// Tells whose figures have changed. Two system calls per task, and two
    /// more for each that wants a CPU.
    pub fn read(&mut self, sink: &mut dyn FnMut(Event)) -> Result<()> {
        let mut told = HashMap::with_capacity(self.told.len());
        for key in self.tasks.keys() {
            let Ok(key) = key else { break };
            let Some(task) = self.task(key)? else {
                continue;
            };
            let who = records::who(task.who);
            let states = records::task_states(&task);
            // Of one that is dead the end is on its way.
            let Some(states) = states.filter(|states| states.state != TaskState::Dead) else {
                continue;
            };
            if self.told.get(&who.task) != Some(&states) {
                sink(Event {
                    at: now(),
                    cpu: 0,
                    who,
                    what: What::States(Box::new(states)),
                });
            }
            told.insert(who.task, states);
        }
        self.told = told;
        Ok(())
    }

    /// A task whole, and running where it has been given a CPU; none once it
    /// has died, and its end says the rest.
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
            let Some(turn) = self.turn(key)? else {
                break;
            };
            // Nobody may have put it elsewhere while the CPUs were asked.
            let same = |later: TaskStates| (later.since, later.state) == (task.since, RUNNABLE);
            if self.entry(key)?.is_some_and(same) {
                return Ok(Some(match turn > task.since {
                    true => on_cpu(task, turn),
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
            Err(error) => Err(error).context("reading the state counters"),
        }
    }

    /// Since when the task has had a CPU, if it has one.
    fn turn(&self, key: u64) -> Result<Option<u64>> {
        let cpus = self.cpus.get(&0, 0).context("reading who is on a CPU")?;
        let mut turns = cpus.iter().filter(|cpu| cpu.task == key);
        Ok(turns.next().map(|cpu| cpu.since))
    }
}

/// What the kernel side will say when the turn is over.
fn on_cpu(task: TaskStates, turn: u64) -> TaskStates {
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
    fn a_turn_that_goes_on_is_told_as_running_and_the_sum_holds() {
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
        let running = on_cpu(waiting, 1390);
        assert_eq!((running.state, running.since), (RUNNING, 1390));
        assert_eq!(running.times.iter().sum::<u64>(), 390);
        assert_eq!(
            (running.wakeups, running.latency, running.latency_max),
            (5, 190, 90)
        );
    }
}
