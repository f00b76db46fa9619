//! The format `json`: one object per line, one line per process, in order of appearance.
//!
//! Every object has every key; null means unknown or not yet, never zero or "no".
//! Times are ns since boot (CLOCK_BOOTTIME), durations ns. A duration that has not
//! ended is counted to the end of the stream. Strings are escaped by
//! [`super::value::text`].

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{
    exporter::{Exporter, ProcessFilter},
    value,
};
use crate::{
    event::{Event, FaultTally, Purpose, clone_flag_names},
    model::{Key, Model, Process, SharingEnd, State},
};

/// The exporter of `json`.
pub struct ProcessesJson;

impl Exporter for ProcessesJson {
    fn event(&mut self, _: &Event, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn end(
        &mut self,
        model: &Model,
        kept: ProcessFilter<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        for (key, _) in model.processes().filter(|(key, _)| kept(*key)) {
            value::line(object(model, key), out)?;
        }
        Ok(())
    }
}

/// Returns one process as its line in the export.
pub fn process_json(model: &Model, key: Key) -> String {
    value::printable(&Value::Object(object(model, key)).to_string()).into_owned()
}

fn object(model: &Model, key: Key) -> Map<String, Value> {
    let (process, session) = (model.process(key), model.session());
    let mut object = Map::new();

    object.insert("pid".to_owned(), json!(process.id.tgid));
    value::time(&mut object, session, "start", Some(process.id.start));
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put(
        "comm",
        process.known_comm().map_or(Value::Null, value::comm),
    );
    put("argv", value::argv(process.argv()));
    put("argv_truncated", json!(process.argv_cut()));
    put("kthread", known(process).then_some(process.kthread).into());
    put("created_by", json!(process.created_by.name()));
    put(
        "clone_flags",
        json!(process.clone_flags.map(clone_flag_names)),
    );
    put("parent_pid", json!(parent_pid(model, process)));
    put(
        "original_parent_pid",
        json!(process.original_parent.map(|key| pid(model, key))),
    );
    put(
        "forked_by_tid",
        json!(process.forked_by.map(|who| who.task.pid)),
    );
    put("ns_pid", json!(process.ns.map(|(pid, _)| pid)));
    put("ns_level", json!(process.ns.map(|(_, level)| level)));
    put("ties", value::relations(process.relations.as_ref()));
    let cgroup = model.cgroup(key);
    put(
        "cgroup",
        cgroup.map_or(Value::Null, |path| value::text(path.as_bytes())),
    );
    put("container", container(model, key));
    put("unit", json!(model.unit(key)));
    put("threads", json!(process.threads_seen));
    put(
        "exec_count",
        json!(process.executions_left_out as usize + process.executions.len()),
    );
    let last = process.executions.last();
    put(
        "filename",
        last.map_or(Value::Null, |last| {
            value::text(last.exec.filename.as_bytes())
        }),
    );
    put("state", json!(process.state().name()));

    let status = process.status;
    let signal = status.and_then(|status| status.signal());
    put(
        "exit_code",
        json!(status.and_then(|status| status.exit_code())),
    );
    put("exit_signal", json!(signal));
    put(
        "exit_signal_name",
        signal.map_or(Value::Null, value::signal),
    );
    put(
        "core_dumped",
        json!(status.map(|status| status.core_dumped())),
    );
    let oom_is_known = served(model, Purpose::Oom) || process.oom().is_some();
    put(
        "oom_killed",
        json!(oom_is_known.then_some(process.oom().is_some())),
    );
    put("oom", value::oom(process.oom()));
    put("killed_by", killed_by(process));

    let executed = last.map(|last| last.at);
    let switched = process.last_switch.as_ref().map(|&(at, _)| at);
    let mut time = |name: &str, at| value::time(&mut object, session, name, at);
    time("forked", process.forked_at);
    time("exec", executed);
    time("runnable", process.runnable_at);
    time("first_ran", process.first_ran_at);
    time("exit", process.exited_at);
    time("zombie_start", process.zombie_at);
    time("last_switch", switched);
    time("reaped", process.reaped_at);
    time("freed", process.freed_at);
    time("vanished", process.vanished_at);

    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("held_parent_ns", json!(process.vfork_wait(model.now())));
    put("first_run_latency_ns", json!(process.first_run_latency()));
    put("lifetime_ns", json!(process.lifetime(model.now())));
    put("zombie_ns", json!(process.zombie_time(model.now())));
    put(
        "zombie_start_inferred",
        json!(process.zombie_at.map(|_| process.zombie_inferred)),
    );
    put(
        "reaped_by_pid",
        json!(process.reaped_by.map(|who| who.process.tgid)),
    );
    put(
        "reaped_by_tid",
        json!(process.reaped_by.map(|who| who.task.pid)),
    );
    put("autoreaped", json!(process.autoreaped));

    put("faults", faults(model, process));
    put("fork_cost", fork_cost(model, process));
    put("usage", usage(model, process));
    let page_size = model.session().map(|session| session.page_size);
    put(
        "children_usage",
        value::child_usage(process.children.as_deref(), page_size),
    );
    put("states", states(model, process));
    put("owner", reaping_json(process));
    object
}

/// Returns the cost of the fork that created the process, or null if no address
/// space was copied. Copies are null if the hooks do not distinguish them from
/// other writes.
fn fork_cost(model: &Model, process: &Process) -> Value {
    let Some(cost) = &process.fork_cost else {
        return Value::Null;
    };
    let copies_known = served(model, Purpose::Cow);
    let end = match cost.ended {
        Some(SharingEnd::Exec(_)) => Some("exec"),
        Some(SharingEnd::Exit(_)) => Some("exit"),
        None => None,
    };
    json!({
        "took_ns": cost.took,
        "pages": cost.space.pages,
        "page_tables_bytes": cost.space.page_tables,
        "parent_copies": copies_known.then_some(cost.parent.count),
        "child_copies": copies_known.then_some(cost.child.count),
        "peak_copies_per_s": copies_known.then_some(cost.both.peak),
        "first_copy_ns": cost.both.first(),
        "last_copy_ns": cost.both.last(),
        "parent_peak_copies_per_s": copies_known.then_some(cost.parent.peak),
        "parent_first_copy_ns": cost.parent.first(),
        "parent_last_copy_ns": cost.parent.last(),
        "child_peak_copies_per_s": copies_known.then_some(cost.child.peak),
        "child_first_copy_ns": cost.child.first(),
        "child_last_copy_ns": cost.child.last(),
        "shared_until_ns": cost.ended.map(SharingEnd::at),
        "shared_until": end,
        "ambiguous": cost.ambiguous,
    })
}

fn container(model: &Model, key: Key) -> Value {
    model.container(key).map_or(Value::Null, |container| {
        json!({
            "runtime": container.runtime,
            "id": container.id,
            "pod": container.pod,
        })
    })
}

/// Returns the task states of all threads, or null if they were not counted.
///
/// `complete` means that all known threads were counted and none of their ends was
/// missed. Times count from `counted_since_ns`, which is later than the start of a
/// process that was found running. `state` is the main thread's, null once it has
/// exited.
fn states(model: &Model, process: &Process) -> Value {
    let (Some(times), Some(wakeups), Some(scheduling)) = (
        process.state_times(model.now()),
        process.wakeups(),
        process.scheduling.as_deref(),
    ) else {
        return Value::Null;
    };
    let main = process.main_state();
    json!({
        "times": value::state_times(&times),
        "wakeups": value::wakeups(&wakeups),
        "state": main.map(|(state, _)| state.name()),
        "since_ns": main.map(|(_, since)| since),
        "missed_turns": scheduling.missed(),
        "counted_since_ns": scheduling.counted_since,
        "complete": process.states_are_complete(),
    })
}

/// Returns how the process handles the exit of its children, or null if nothing is
/// known.
pub(super) fn reaping_json(process: &Process) -> Value {
    let Some(reaping) = process.reaping.as_deref() else {
        return Value::Null;
    };
    json!({
        "care": value::sigchld_policy(reaping.sigchld_policy.as_ref().map(|(_, policy)| policy)),
        "heir_pid": reaping.heir.map(|heir| heir.tgid),
        "wait_calls": reaping.waits.map(|waits| waits.count),
        "last_waited_ns": reaping.last_waited(),
        "reaped": reaping.reaped,
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
fn killed_by(process: &Process) -> Value {
    match process.fatal_signal() {
        None => Value::Null,
        Some((_, signal)) if signal.from_kernel() => {
            json!({"pid": null, "comm": null, "origin": "kernel"})
        }
        Some((_, signal)) => json!({
            "pid": signal.by.process.tgid,
            "comm": value::comm(signal.by_comm),
            "origin": "process",
        }),
    }
}

/// Returns faults by class since tracing began. `minor` and `major` are the kernel's
/// counts over the whole life, null until the process exits.
fn faults(model: &Model, process: &Process) -> Value {
    let tally = FaultTally {
        classes: process.faults,
        places: process.places,
    };
    let mut object = value::faults(served(model, Purpose::Faults).then_some(&tally));
    let over = process
        .known_usage()
        .filter(|_| process.state() != State::Alive);
    object.insert("minor".to_owned(), json!(over.map(|usage| usage.min_flt)));
    object.insert("major".to_owned(), json!(over.map(|usage| usage.maj_flt)));
    Value::Object(object)
}

/// Returns the resource usage of exited threads or, if `complete`, of the whole
/// life.
fn usage(model: &Model, process: &Process) -> Value {
    let Some(usage) = process.known_usage() else {
        return Value::Null;
    };
    let page_size = model.session().map(|session| session.page_size);
    let mut object = value::usage(usage, page_size);
    object.insert("complete".to_owned(), json!(process.usage_complete));
    Value::Object(object)
}
