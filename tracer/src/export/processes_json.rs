//! The format `json`: one object per line, one line per process. A process is written when
//! it is final, the others at the end, in order of appearance.
//!
//! Every object has every key; null means unknown or not yet, never zero or "no".
//! A duration that has not ended is counted to the end of the stream.

use std::io::{self, Write};

use super::{
    exporter::{Exporter, ProcessFilter},
    json::{self, WallTime, argv, comm, comm_of_other, text},
    process_object::{
        self, Container, Killer, Owner, ProcessFaults, ProcessObject, ProcessStates, ProcessUsage,
        ZombieOwner,
    },
    value,
};
use crate::{
    event::{CopyCount, Event, FaultClass, FaultTally, Purpose, Uid, clone_flag_names},
    model::{
        ForkCost, Key, Model, OwnerNames, Process, ReapKind, SharingEnd, State, TenureEnd,
        ZombieTime,
    },
};

/// The exporter of `json`.
pub struct ProcessesJson;

impl Exporter for ProcessesJson {
    fn event(&mut self, _: &Event, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn process(
        &mut self,
        model: &Model,
        key: Key,
        names: &OwnerNames,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        json::line(&ProcessObject::new(model, key, names), out)
    }

    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let names = OwnerNames::default();
        for (key, _) in model.processes_of_this_part().filter(|(key, _)| kept(*key)) {
            self.process(model, key, &names, out)?;
        }
        Ok(())
    }
}

/// Returns one process as its line in the export.
pub fn process_json(model: &Model, key: Key) -> String {
    json::one_line(&ProcessObject::new(model, key, &OwnerNames::default()))
}

impl ProcessObject {
    fn new(model: &Model, key: Key, names: &OwnerNames) -> ProcessObject {
        let (process, session) = (model.process(key), model.session());
        let wall = |at: Option<u64>| at.and_then(|at| WallTime::of(session, at));
        let executions = process.executions.len() + process.executions_left_out as usize;
        let last_exec = process.executions.last();
        let exec_at = last_exec.map(|last| last.at);
        let switched = process.last_switch.as_ref().map(|&(at, _)| at);
        let zombie = process.zombie_time(model.now());
        let relations = process.relations.as_ref();
        let uid = relations.and_then(|relations| relations.uid);
        let status = process.status;
        let signal = status.and_then(|status| status.signal());
        let oom_is_known = served(model, Purpose::Oom) || process.oom().is_some();
        let page_size = session.map(|session| session.page_size);
        ProcessObject {
            pid: process.id.tgid,
            start_ns: process.id.start,
            start_time: wall(Some(process.id.start)),
            comm: process.known_comm().map(comm),
            argv: process.argv().map(argv),
            argv_truncated: process.argv_cut(),
            kthread: known(&process).then_some(process.kthread),
            created_by: process.created_by.name(),
            clone_flags: process.clone_flags.map(clone_flag_names),
            parent_pid: parent_pid(model, &process),
            original_parent_pid: model
                .original_parent(&process)
                .map(|(parent, _)| parent.tgid),
            forked_by_tid: process.forked_by.map(|who| who.task.pid),
            ns_pid: process.ns.map(|(pid, _)| pid),
            ns_level: process.ns.map(|(_, level)| level),
            ties: relations.map(value::ties),
            uid: uid.map(Uid::get),
            euid: relations.and_then(|it| it.euid).map(Uid::get),
            user: uid.and_then(|uid| Some(session?.user(uid)?.raw().to_owned())),
            cgroup: model.cgroup(key).map(|path| text(path.as_bytes())),
            container: model.container(key).map(|container| Container {
                runtime: container.runtime,
                id: container.id,
                pod: container.pod,
            }),
            unit: model.unit(key),
            threads: process.threads_seen,
            exec_count: executions,
            filename: last_exec.map(|last| text(last.exec.filename.as_bytes())),
            state: process.state().name(),
            exit_code: status.and_then(|status| status.exit_code()),
            exit_signal: signal,
            exit_signal_name: signal.and_then(value::signal),
            core_dumped: status.map(|status| status.core_dumped()),
            oom_killed: oom_is_known.then_some(process.oom().is_some()),
            oom: process.oom().map(value::oom),
            killed_by: killed_by(&process),
            forked_ns: process.forked_at,
            forked_time: wall(process.forked_at),
            exec_ns: exec_at,
            exec_time: wall(exec_at),
            held_parent_ns: process.vfork_wait(model.now()),
            runnable_ns: process.runnable_at,
            runnable_time: wall(process.runnable_at),
            first_ran_ns: process.first_ran_at,
            first_ran_time: wall(process.first_ran_at),
            first_run_latency_ns: process.first_run_latency(),
            exit_ns: process.exited_at,
            exit_time: wall(process.exited_at),
            lifetime_ns: process.lifetime(model.now()),
            zombie_start_ns: process.zombie_at,
            zombie_start_time: wall(process.zombie_at),
            zombie_start_inferred: process.zombie_at.map(|_| process.zombie_inferred),
            zombie_ns: zombie.and_then(ZombieTime::exact),
            zombie_ns_min: zombie.map(|time| time.min),
            zombie_ns_max: zombie.and_then(|time| time.max),
            zombie_owners: zombie_owners(model, &process, names),
            last_switch_ns: switched,
            last_switch_time: wall(switched),
            reaped_ns: process.reaped_at,
            reaped_time: wall(process.reaped_at),
            reaped_by_pid: process.reaped_by.map(|who| who.process.tgid),
            reaped_by_tid: process.reaped_by.map(|who| who.task.pid),
            autoreaped: process.autoreaped,
            reaped_how: process.reap_kind().map(ReapKind::name),
            freed_ns: process.freed_at,
            freed_time: wall(process.freed_at),
            vanished_ns: process.vanished_at,
            vanished_time: wall(process.vanished_at),
            faults: faults(model, &process),
            fork_cost: process
                .fork_cost
                .as_ref()
                .map(|cost| fork_cost(cost, served(model, Purpose::Cow))),
            usage: process.known_usage().map(|usage| ProcessUsage {
                usage: value::usage(usage, page_size),
                complete: process.usage_complete,
            }),
            children_usage: process
                .children
                .as_ref()
                .map(|usage| value::child_usage(usage, page_size)),
            states: states(model, &process),
            owner: owner(&process),
        }
    }
}

fn zombie_owners(model: &Model, process: &Process, names: &OwnerNames) -> Option<Vec<ZombieOwner>> {
    if process.state().is_gone() && process.zombie_time(model.now()).is_none() {
        return None;
    }
    let owners = process.tenures(model.now()).map(|tenure| {
        let owner = tenure.owner;
        ZombieOwner {
            process: owner.and_then(|owner| value::process(model.process(owner).id)),
            comm: owner.and_then(|owner| names.of(model, owner)).map(comm),
            since_ns: tenure.since,
            until_ns: tenure.end.map(|_| tenure.until),
            ns_min: tenure.time.min,
            ns_max: tenure.time.max,
            ended_by: tenure.end.map(TenureEnd::name),
        }
    });
    Some(owners.collect())
}

fn fork_cost(cost: &ForkCost, copies_known: bool) -> process_object::ForkCost {
    let known = |copies: &CopyCount, of: fn(&CopyCount) -> u64| copies_known.then(|| of(copies));
    process_object::ForkCost {
        took_ns: cost.took,
        pages: cost.space.pages,
        page_tables_bytes: cost.space.page_tables,
        parent_copies: known(&cost.parent, |copies| copies.count),
        child_copies: known(&cost.child, |copies| copies.count),
        peak_copies_per_s: known(&cost.both, |copies| copies.peak),
        first_copy_ns: cost.both.first(),
        last_copy_ns: cost.both.last(),
        parent_peak_copies_per_s: known(&cost.parent, |copies| copies.peak),
        parent_first_copy_ns: cost.parent.first(),
        parent_last_copy_ns: cost.parent.last(),
        child_peak_copies_per_s: known(&cost.child, |copies| copies.peak),
        child_first_copy_ns: cost.child.first(),
        child_last_copy_ns: cost.child.last(),
        shared_until_ns: cost.ended.map(SharingEnd::at),
        shared_until: cost.ended.map(|ended| match ended {
            SharingEnd::Exec(_) => "exec",
            SharingEnd::Exit(_) => "exit",
        }),
        ambiguous: cost.ambiguous,
    }
}

/// Returns the task states of all threads, or null if they were not counted.
fn states(model: &Model, process: &Process) -> Option<ProcessStates> {
    let scheduling = process.scheduling.as_deref()?;
    let main = process.main_state();
    Some(ProcessStates {
        times: value::state_times(&process.state_times(model.now())?),
        wakeups: value::wakeups(&process.wakeups()?),
        state: main.map(|(state, _)| state.name()),
        since_ns: main.map(|(_, since)| since),
        missed_turns: scheduling.missed(),
        counted_since_ns: scheduling.counted_since,
        complete: process.states_are_complete(),
    })
}

/// Returns how the process handles the exits of its children, or null if nothing is
/// known.
pub(super) fn owner(process: &Process) -> Option<Owner> {
    let reaping = process.reaping.as_deref()?;
    let policy = reaping.sigchld_policy.as_ref();
    Some(Owner {
        care: policy.map(|(_, policy)| value::care(policy)),
        heir_pid: reaping.heir.map(|heir| heir.tgid),
        wait_calls: reaping.waits.map(|waits| waits.count),
        last_waited_ns: reaping.last_waited(),
        reaped: reaping.reaped,
    })
}

fn pid(model: &Model, key: Key) -> u32 {
    model.process(key).id.tgid
}

/// Returns true if a fork or a snapshot reported the process.
fn known(process: &Process) -> bool {
    process.ns.is_some()
}

/// Returns the PID of the parent; 0 is the idle task, the parent of PIDs 1 and 2.
fn parent_pid(model: &Model, process: &Process) -> Option<u32> {
    match process.parent {
        Some(parent) => Some(pid(model, parent)),
        None => known(process).then_some(0),
    }
}

fn served(model: &Model, purpose: Purpose) -> bool {
    let hook = model.session().and_then(|session| session.hook(purpose));
    hook.is_some_and(|hook| hook.hook.is_some())
}

/// Returns the sender of the fatal signal. Null if the process runs, was not killed,
/// or the sender is unknown.
fn killed_by(process: &Process) -> Option<Killer> {
    let (_, signal) = process.fatal_signal()?;
    Some(match signal.from_kernel() {
        true => Killer {
            pid: None,
            comm: None,
            origin: "kernel",
        },
        false => Killer {
            pid: Some(signal.by.process.tgid),
            comm: comm_of_other(signal.by_comm),
            origin: "process",
        },
    })
}

fn faults(model: &Model, process: &Process) -> ProcessFaults {
    let tally = FaultTally {
        classes: process.faults,
        places: process.places,
    };
    let ended = process
        .known_usage()
        .filter(|_| process.state() != State::Alive);
    let mut counted = value::faults(served(model, Purpose::Faults).then_some(&tally));
    counted.set(FaultClass::Major, ended.map(|usage| usage.maj_flt));
    ProcessFaults {
        counted,
        minor: ended.map(|usage| usage.min_flt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::script::{MS, Script},
        model::{Archive, FirstPass, Retention},
    };

    /// Returns a shell that starts commands, each with a child, and changes its own name and
    /// those of commands whose children are gone. A second session ends it.
    fn script() -> Script {
        let mut script = Script::new().session().found(1, 0, "init");
        script = script.found(800, 1, "sh").found_all();
        for number in 0..300 {
            let pid = 1_000 + number % 100 * 2;
            script = script.at(u64::from(number) * 100 * MS);
            script = script.fork(800, pid).fork(pid, pid + 1);
            script = match number % 3 {
                0 => script.die(pid + 1, 1).reap(pid + 1).free(pid + 1),
                1 => script.die(pid, 0).reap(pid).die(pid + 1, 2).free(pid),
                _ => script.die(pid + 1, 0).exec(pid, "late", &["late"]),
            };
            if number % 100 == 50 {
                script = script.exec(800, "other", &["other"]);
            }
            script = script.at(u64::from(number) * 100 * MS + 50 * MS);
            script = script.exec(pid, "last", &["last"]).die(pid, 0).reap(pid);
        }
        let script = script.exec(800, "bash", &["bash", "-i"]);
        script.session_with(|session| session.page_size = 1 << 14)
    }

    /// Returns the lines written by two passes with a model that retains few processes.
    fn in_two_passes(events: &[Event]) -> Vec<String> {
        let few = || {
            let mut model = Model::new(Retention {
                exited: 5,
                ..Retention::ALL
            });
            model.set_archive(Archive::new(usize::MAX));
            model
        };
        let (mut model, mut first) = (few(), FirstPass::default());
        for event in events {
            model.apply(event);
            first.take(&mut model);
        }
        let mut second = first.end(model);
        let (mut model, mut out, mut count) = (few(), Vec::new(), 0);
        let mut write = |model: &Model, key: Key, names: &OwnerNames| {
            count += 1;
            ProcessesJson.process(model, key, names, &mut out)
        };
        for event in events {
            model.apply(event);
            second.take(&mut model, &mut write).unwrap();
        }
        assert!(count > 300, "{count}");
        assert_eq!(second.end().count_of_this_part(), 602);
        ProcessesJson
            .end(second.end(), &|_| true, &mut out)
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_of_two_passes_equal_those_of_a_model_that_retains_all() {
        let events = script().events;
        let mut all = Model::default();
        events.iter().for_each(|event| all.apply(event));
        let keys = all.processes().map(|(key, _)| key);
        let mut expected: Vec<_> = keys.map(|key| process_json(&all, key)).collect();
        let mut lines = in_two_passes(&events);
        assert!(
            lines
                .iter()
                .any(|line| line.contains(r#""comm":"bash","since_ns""#))
        );
        expected.sort_unstable();
        lines.sort_unstable();
        assert_eq!(lines, expected);
    }
}
