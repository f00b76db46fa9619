//! The format `events-json`: one object per event and line, in stream order.
//!
//! Every object starts with the same keys: the time (`at_ns` since boot; `time` on
//! the wall clock, null before the session is known), the CPU, the task (null if
//! there is none) and `event`, the kind. The keys of the kind follow. Null means
//! unknown.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{
    exporter::{Exporter, ProcessFilter},
    value,
};
use crate::{
    event::{
        Event, Exec, Exit, ExitedProcess, Fork, ForkFailed, Gap, Limit, Notify, Region, Session,
        Sigchld, Signal, Snapshot, States, Summary, What, Who, clone_flag_names, errno_name,
    },
    model::Model,
};

/// The exporter of `events-json`.
#[derive(Default)]
pub struct EventsJson {
    session: Option<Session>,
}

impl Exporter for EventsJson {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        if let What::Session(session) = &event.what {
            self.session = Some((**session).clone());
        }
        value::line(self.object(event), out)
    }

    fn end(&mut self, _: &Model, _: ProcessFilter<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

impl EventsJson {
    fn object(&self, event: &Event) -> Map<String, Value> {
        let who = (event.who != Who::HOST).then_some(event.who);
        let head = json!({
            "at_ns": event.at,
            "time": value::wall(self.session.as_ref(), event.at),
            "cpu": event.cpu,
            "pid": who.map(|who| who.process.tgid),
            "start_ns": who.map(|who| who.process.start),
            "tid": who.map(|who| who.task.pid),
            "tid_start_ns": who.map(|who| who.task.start),
            "event": event.what.kind().name(),
        });
        let (mut object, details) = (map(head), map(self.details(&event.what)));
        object.extend(details);
        object
    }

    fn details(&self, what: &What) -> Value {
        let page_size = self.session.as_ref().map(|session| session.page_size);
        match what {
            What::Session(begin) => session(begin),
            What::Snapshot(found) => snapshot(found),
            What::SnapshotEnd(began) => json!({"began_ns": began}),
            What::Fork(made) => fork(made),
            What::Exec(done) => exec(done),
            What::Comm(comm) => json!({"comm": value::comm(*comm)}),
            What::Signal(sent) => signal(sent),
            What::Exit(exited) => exit(exited, page_size),
            What::Notify(notice) => notify(notice),
            What::LastSwitch(switch) => json!({
                "next_tid": switch.next_pid,
                "next_pid": switch.next_tgid,
                "next_comm": value::comm(switch.next_comm),
            }),
            What::FirstRun(first) => json!({"runnable_ns": first.runnable}),
            What::Wait(wait) => json!({"child": wait.child}),
            What::Reap(reap) => json!({
                "by_pid": reap.by.process.tgid,
                "by_tid": reap.by.task.pid,
            }),
            What::Free(usage) => json!({
                "usage": usage.as_deref().map(|usage| value::usage(usage, page_size)),
            }),
            What::Faults(counted) => json!({"faults": value::faults(Some(counted))}),
            What::Summary(before) => summary(before),
            What::Fault(one) => json!({
                "address": format!("{:#x}", one.address),
                "class": one.class.name(),
                "region": one.region.map(Region::name),
                "in_kernel": one.in_kernel,
                "file": one.file.as_ref().map(|file| value::text(file.as_bytes())),
            }),
            What::Gap(lost) => gap(lost),
            What::Waits(waits) => json!({"calls": waits.count, "last_ns": waits.last}),
            What::ForkFailed(failed) => fork_failed(failed),
            What::Cgroup(made) => json!({
                "cgroup_id": made.id,
                "path": value::text(made.path.as_bytes()),
            }),
            What::Moved(moved) => json!({"cgroup_id": moved.cgroup}),
            What::States(states) => task_states(states),
            What::State(state) => json!({"state": state.name()}),
            What::OomVictim(victim) => value::oom(Some(victim)),
            What::WakeupNew | What::ExitStart | What::End => json!({}),
        }
    }
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn task(who: Who) -> Value {
    json!({
        "pid": who.process.tgid,
        "start_ns": who.process.start,
        "tid": who.task.pid,
        "tid_start_ns": who.task.start,
    })
}

fn task_states(states: &States) -> Value {
    json!({
        "state": states.state.name(),
        "since_ns": states.since,
        "counted_since_ns": states.began,
        "times": value::state_times(&states.times),
        "wakeups": value::wakeups(&states.wakeups),
        "missed_turns": states.missed,
    })
}

fn session(session: &Session) -> Value {
    let hooks = session.hooks.iter().map(
        |hook| json!({"purpose": hook.purpose.name(), "hook": hook.hook, "loses": hook.loses}),
    );
    json!({
        "tracer_version": session.tracer_version,
        "kernel_release": session.kernel_release,
        "hostname": session.hostname,
        "boot_id": session.boot_id,
        "realtime_offset_ns": session.realtime_offset,
        "page_size": session.page_size,
        "ticks": session.ticks,
        "cpus": session.cpus,
        "task_struct_size": session.task_struct_size,
        "kernel_stack_size": session.kernel_stack_size,
        "command": value::command(&session.command),
        "tracer_pid": session.tracer_pid,
        "hooks": hooks.collect::<Value>(),
        "segment": session.segment.map(value::segment),
    })
}

fn snapshot(found: &Snapshot) -> Value {
    json!({
        "comm": value::comm(found.comm),
        "argv": value::argv(found.argv.as_ref().map(|argv| argv.as_bytes())),
        "parent": value::process(found.parent),
        "kthread": found.kthread,
        "zombie": found.zombie.is_some(),
        "wait_status": found.zombie,
        "sends_at_exit": found.exit_signal,
        "ns_pid": found.ns_pid,
        "ns_level": found.ns_level,
        "ties": value::relations(found.relations.as_ref()),
        "care": value::sigchld_policy(found.sigchld_policy.as_ref()),
        "cgroup_id": found.cgroup,
    })
}

fn fork(made: &Fork) -> Value {
    json!({
        "comm": value::comm(made.comm),
        "by": task(made.by),
        "parent": value::process(made.parent),
        "clone_flags": made.clone_flags.map(clone_flag_names),
        "kthread": made.kthread,
        "sends_at_exit": made.exit_signal,
        "ns_pid": made.ns_pid,
        "ns_level": made.ns_level,
        "ties": value::relations(made.relations.as_ref()),
        "cgroup_id": made.cgroup,
    })
}

fn exec(done: &Exec) -> Value {
    json!({
        "comm": value::comm(done.comm),
        "filename": value::text(done.filename.as_bytes()),
        "filename_truncated": done.filename_cut,
        "argv": value::argv(done.argv.as_ref().map(|argv| argv.as_bytes())),
        "argv_bytes": done.argv_total,
        "old_tid": done.old_pid,
        "ties": value::relations(done.relations.as_ref()),
    })
}

fn signal(sent: &Signal) -> Value {
    json!({
        "signal": sent.sig,
        "signal_name": value::signal(sent.sig),
        "si_code": sent.code,
        "origin": if sent.from_kernel() { "kernel" } else { "process" },
        "by": task(sent.by),
        "by_comm": value::comm(sent.by_comm),
        "group": sent.group,
    })
}

fn exit(exited: &Exit, page_size: Option<u64>) -> Value {
    json!({
        "comm": value::comm(exited.comm),
        "wait_status": exited.code,
        "group_wait_status": exited.group_code,
        "group_dead": exited.group_dead,
        "sends_at_exit": exited.exit_signal,
        "parent": value::process(exited.parent),
        "sigchld": match exited.sigchld {
            Sigchld::Zombie => "wanted",
            Sigchld::Ignored => "ignored",
            Sigchld::NoCldWait => "nocldwait",
        },
        "reaper": exited.reaper.map(value::process),
        "ties": value::relations(exited.relations.as_ref()),
        "parent_care": value::sigchld_policy(exited.sigchld_policy.as_ref()),
        "children": value::child_usage(exited.children.as_ref(), page_size),
        "usage": value::usage(&exited.usage, page_size),
        "faults": exited.faults.as_ref().map(|faults| value::faults(Some(faults))),
    })
}

fn fork_failed(failed: &ForkFailed) -> Value {
    json!({
        "comm": value::comm(failed.comm),
        "errno": failed.errno,
        "errno_name": errno_name(failed.errno),
        "processes": failed.processes,
        "max_processes": failed.max_processes,
        "cgroup_pids": failed.pids,
        "cgroup_max_pids": failed.max_pids,
        "likely": failed.likely_limit().map(Limit::name),
    })
}

fn notify(notice: &Notify) -> Value {
    let (subject, child) = match notice.exited {
        ExitedProcess::Subject => (true, None),
        ExitedProcess::ChildPid(pid) => (false, Some(pid)),
        ExitedProcess::Child => (false, None),
    };
    json!({
        "owner": value::process(notice.owner),
        "seen_pid": notice.seen_pid,
        "of_subject": subject,
        "child_pid": child,
        "autoreap": notice.autoreap,
        "owner_care": value::sigchld_policy(notice.sigchld_policy.as_ref()),
        "heir": notice.heir.map(value::process),
    })
}

fn summary(before: &Summary) -> Value {
    json!({
        "began_ns": before.began,
        "events": before.events,
        "forks": before.forks,
        "threads": before.threads,
        "execs": before.execs,
        "exits": before.exits,
        "lost": before.lost,
    })
}

fn gap(gap: &Gap) -> Value {
    let lost = gap.lost.iter();
    let lost = lost.map(|lost| (lost.kind.name().to_owned(), json!(lost.count)));
    let (cause, unreadable) = value::gap_cause(gap.cause);
    json!({
        "since_ns": gap.since,
        "cause": cause,
        "lost": lost.collect::<Map<_, _>>(),
        "unreadable_events": unreadable,
    })
}
