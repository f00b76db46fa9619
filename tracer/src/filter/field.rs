//! What can be asked of a process: one row each. Help and docs are made from
//! the rows, so that they cannot fall behind them.

use std::borrow::Cow;

use super::value::Value;
use crate::{
    event::{Faults, OomCause, Purpose, TaskState, Text, Usage},
    model::{Creation, Key, Model, Process, State},
};

/// How a field is compared and what units its figures have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A bare number; `k` and `M` are thousands and millions.
    Count,
    /// With its unit: `5ms`, `1.5s`, `2h`. Kept in ns.
    Time,
    /// With its unit: `512B`, `4KiB`, `1.5GiB`.
    Bytes,
    /// `KILL`, `SIGKILL` or 9.
    Signal,
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Stands alone: `kthread`, `!kthread`.
    Flag,
}

/// Whom is asked, and when.
pub struct Candidate<'a> {
    pub model: &'a Model,
    pub key: Key,
    pub process: &'a Process,
    pub now: u64,
}

/// One row.
pub struct FilterField {
    pub name: &'static str,
    /// By which it also goes.
    pub alias: &'static str,
    pub kind: FieldKind,
    pub help: &'static str,
    pub(super) of: for<'a> fn(&Candidate<'a>) -> Value<'a>,
}

impl std::fmt::Debug for FilterField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! fields {
    ($($name:literal $alias:literal $kind:expr, $of:expr, $help:literal;)*) => {
        &[$(FilterField { name: $name, alias: $alias, kind: $kind, help: $help, of: $of },)*]
    };
}

const STATES: &[&str] = &["alive", "exiting", "zombie", "reaped", "vanished"];
const CONSTRAINTS: &[&str] = &[
    "CONSTRAINT_NONE",
    "CONSTRAINT_CPUSET",
    "CONSTRAINT_MEMORY_POLICY",
    "CONSTRAINT_MEMCG",
];
const CREATIONS: &[&str] = &["fork", "vfork", "clone", "kthread", "snapshot"];

pub const FIELDS: &[FilterField] = fields! {
    "pid" "" FieldKind::Count, |of| number(of.process.id.tgid), "its number in the initial pid namespace";
    "ppid" "" FieldKind::Count, ppid, "of its parent now, who must reap it";
    "comm" "name" FieldKind::Text, comm, "its command name (15 bytes at most)";
    "argv" "args" FieldKind::Text, argv, "its command line, one space between arguments";
    "exe" "" FieldKind::Text, exe, "the file of its last exec";
    "state" "" FieldKind::Word(STATES), |of| Value::Word(of.process.state().name()), "where it is in its life";
    "created_by" "" FieldKind::Word(CREATIONS), created_by, "how it came to be; snapshot: it ran before the trace";
    "kthread" "" FieldKind::Flag, kthread, "it is a thread of the kernel";
    "reparented" "" FieldKind::Flag, |of| Value::Flag(of.process.is_reparented()), "its parent is not the one that made it";
    "exit.code" "code" FieldKind::Count, exit_code, "what it gave to exit; none while it lives or if a signal killed it";
    "exit.signal" "signal" FieldKind::Signal, exit_signal, "the signal that killed it, if one did";
    "exit.core" "core" FieldKind::Flag, exit_core, "its core was dumped";
    "oom" "" FieldKind::Flag, oom, "the OOM killer chose it";
    "oom.constraint" "" FieldKind::Word(CONSTRAINTS), |of| oom_cause(of, |cause| Value::Word(cause.constraint.name())), "by what constraint, as the kernel's log says it; none if it did not choose it";
    "oom.memcg" "" FieldKind::Text, |of| oom_cause(of, |cause| path(cause.oom_memcg.as_ref())), "the memory cgroup whose limit was reached; none if it was the host's memory";
    "killer.pid" "" FieldKind::Count, |of| killer(of, |pid, _| number(pid)), "who sent the signal that killed it; none if that was the kernel";
    "killer.comm" "killer" FieldKind::Text, |of| killer(of, |_, comm| Value::Text(comm)), "the name of that one when it sent it";
    "lifetime" "age" FieldKind::Time, lifetime, "from its fork to its exit, or until now";
    "zombie" "" FieldKind::Time, zombie, "how long it is a zombie, or was until it was reaped";
    "faults" "faults.total" FieldKind::Count, |of| faults(of, |faults| faults.total()), "user page faults since tracing began";
    "faults.cow" "cow" FieldKind::Count, |of| classed(of, |it| (it.cow_copy, it.write_protect)), "of them, pages copied because a fork had shared them";
    "faults.reuse" "" FieldKind::Count, |of| classed(of, |it| (it.cow_reuse, it.write_protect)), "such pages taken over without a copy";
    "faults.zero" "" FieldKind::Count, |of| classed(of, |it| (it.zeros(), it.read + it.write)), "anonymous memory that had no page of its own";
    "faults.file" "" FieldKind::Count, |of| classed(of, |it| (it.files(), it.read + it.write + it.instruction)), "pages of files and of shared memory";
    "faults.major" "" FieldKind::Count, |of| classed(of, |it| (it.major, it.read + it.write + it.instruction)), "pages read from disk";
    "fork.time" "" FieldKind::Time, fork_time, "what its fork took in the kernel; none if no address space was copied";
    "fork.copies" "" FieldKind::Count, fork_copies, "pages that its parent and it copied because of that fork";
    "minflt" "" FieldKind::Count, |of| used(of, |usage| usage.min_flt), "the kernel's own count of minor faults, complete when it has ended";
    "majflt" "" FieldKind::Count, |of| used(of, |usage| usage.maj_flt), "of major faults";
    "cpu" "" FieldKind::Time, |of| used(of, |usage| usage.runtime), "time on CPU, complete when it has ended";
    "rss" "maxrss" FieldKind::Bytes, rss, "the highest resident set, known when it has ended";
    "state.running" "" FieldKind::Time, |of| in_state(of, TaskState::Running), "on a CPU, all threads; as the other states, known with --states=count";
    "state.runnable" "" FieldKind::Time, |of| in_state(of, TaskState::Runnable), "waiting for a CPU";
    "state.interruptible" "" FieldKind::Time, |of| in_state(of, TaskState::Interruptible), "asleep until something happens or a signal comes";
    "state.uninterruptible" "" FieldKind::Time, |of| in_state(of, TaskState::Uninterruptible), "asleep without an ear for signals: disk, locks, vfork";
    "state.stopped" "" FieldKind::Time, |of| in_state(of, TaskState::Stopped), "stopped by a signal";
    "state.traced" "" FieldKind::Time, |of| in_state(of, TaskState::Traced), "held by its tracer";
    "state.idle" "" FieldKind::Time, |of| in_state(of, TaskState::Idle), "a kernel thread without work";
    "wakeup.max" "" FieldKind::Time, |of| Value::known(of.process.wakeups().map(|it| it.latency_max)), "the longest from a wake-up to a CPU";
    "wakeup.average" "" FieldKind::Time, |of| Value::known(of.process.wakeups().and_then(|it| it.average())), "the average of that";
    "firstrun" "" FieldKind::Time, |of| Value::known(of.process.first_run_latency()), "from being made runnable by fork to a CPU";
    "threads" "" FieldKind::Count, |of| number(of.process.threads_seen), "all threads it ever had, as far as seen";
    "execs" "" FieldKind::Count, |of| Value::Number(of.process.executions.len() as u64), "how often it called exec, since tracing began";
    "children" "" FieldKind::Count, |of| Value::Number(of.model.tree_children(of.key).len() as u64), "how many processes it has made, as far as seen";
    "ns.pid" "" FieldKind::Count, |of| Value::known(of.process.ns.map(|(pid, _)| u64::from(pid))), "its number in its own pid namespace";
    "ns.level" "" FieldKind::Count, |of| Value::known(of.process.ns.map(|(_, level)| u64::from(level))), "how deep that namespace is; 0 is the initial one";
};

/// The row of a name or alias.
pub fn named(name: &str) -> Option<&'static FilterField> {
    let goes_by =
        |field: &&FilterField| field.name == name || (field.alias == name && !name.is_empty());
    FIELDS.iter().find(goes_by)
}

fn number(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}

fn ppid<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.parent {
        Some(parent) => number(of.model.process(parent).id.tgid),
        // The idle task starts these two.
        None if of.process.id.tgid <= 2 => Value::Number(0),
        None => Value::Unknown,
    }
}

fn comm<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.known_comm() {
        Some(comm) => Value::Text(Cow::Owned(comm.as_bytes().to_vec())),
        None => Value::Unknown,
    }
}

fn argv<'a>(of: &Candidate<'a>) -> Value<'a> {
    match command_line(of.process) {
        Some(line) => Value::Text(Cow::Owned(line)),
        None if of.process.kthread => Value::Absent,
        None => Value::Unknown,
    }
}

/// The arguments with a space between them, bytes as they are.
pub fn command_line(process: &Process) -> Option<Vec<u8>> {
    let argv = process.argv()?;
    let argv = argv.strip_suffix(b"\0").unwrap_or(argv);
    Some(
        argv.iter()
            .map(|&byte| if byte == 0 { b' ' } else { byte })
            .collect(),
    )
}

fn exe<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.executions.last() {
        Some(execution) => Value::Text(Cow::Borrowed(execution.exec.filename.as_bytes())),
        None if of.process.kthread => Value::Absent,
        None => Value::Unknown,
    }
}

fn created_by<'a>(of: &Candidate<'a>) -> Value<'a> {
    let name = of.process.created_by.name();
    name.map_or(Value::Unknown, Value::Word)
}

/// Nothing says of one of which only the number was seen.
fn kthread<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.created_by {
        Creation::Missed => Value::Unknown,
        Creation::Fork | Creation::Vfork | Creation::Clone => Value::Flag(of.process.kthread),
        Creation::Kthread | Creation::Snapshot => Value::Flag(of.process.kthread),
    }
}

fn exit_code<'a>(of: &Candidate<'a>) -> Value<'a> {
    match (of.process.state(), of.process.status) {
        (State::Alive, _) => Value::Absent,
        (_, None) => Value::Unknown,
        (_, Some(status)) => match status.exit_code() {
            Some(code) => Value::Number(code.unsigned_abs().into()),
            None => Value::Absent,
        },
    }
}

fn exit_signal<'a>(of: &Candidate<'a>) -> Value<'a> {
    match (of.process.state(), of.process.status) {
        (State::Alive, _) => Value::Absent,
        (_, None) => Value::Unknown,
        (_, Some(status)) => match status.signal() {
            Some(signal) => Value::Number(signal.unsigned_abs().into()),
            None => Value::Absent,
        },
    }
}

fn exit_core<'a>(of: &Candidate<'a>) -> Value<'a> {
    match (of.process.state(), of.process.status) {
        (State::Alive, _) => Value::Flag(false),
        (_, None) => Value::Unknown,
        (_, Some(status)) => Value::Flag(status.core_dumped()),
    }
}

fn oom<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.oom().is_some() {
        false if is_missing(of, Purpose::Oom) => Value::Unknown,
        chosen => Value::Flag(chosen),
    }
}

fn oom_cause<'a>(of: &Candidate<'a>, part: fn(&'a OomCause) -> Value<'a>) -> Value<'a> {
    match of.process.oom().map(|victim| victim.cause()) {
        Some(Some(cause)) => part(cause),
        Some(None) => Value::Unknown,
        None if is_missing(of, Purpose::Oom) => Value::Unknown,
        None => Value::Absent,
    }
}

fn path(path: Option<&Text>) -> Value<'_> {
    path.map_or(Value::Absent, |path| {
        Value::Text(Cow::Borrowed(path.as_bytes()))
    })
}

fn killer<'a>(of: &Candidate<'a>, part: fn(u32, Cow<'a, [u8]>) -> Value<'a>) -> Value<'a> {
    match (exit_signal(of), of.process.fatal_signal()) {
        (Value::Number(_), None) | (Value::Unknown, _) => Value::Unknown,
        (Value::Number(_), Some((_, signal))) if !signal.from_kernel() => part(
            signal.by.process.tgid,
            Cow::Owned(signal.by_comm.as_bytes().to_vec()),
        ),
        _ => Value::Absent,
    }
}

fn lifetime<'a>(of: &Candidate<'a>) -> Value<'a> {
    Value::known(of.process.lifetime(of.now))
}

fn zombie<'a>(of: &Candidate<'a>) -> Value<'a> {
    let since_beginning = of.now.saturating_sub(of.model.began());
    match (of.process.state(), of.process.zombie_time(of.now)) {
        (State::Alive, _) => Value::Absent,
        (_, Some(time)) => Value::Number(time),
        // It was one already when tracing began.
        (State::Zombie, None) if of.process.zombie_when_found => Value::AtLeast(since_beginning),
        (State::Exiting | State::Zombie | State::Reaped | State::Vanished, None) => Value::Unknown,
    }
}

fn faults<'a>(of: &Candidate<'a>, class: fn(&Faults) -> u64) -> Value<'a> {
    match is_missing(of, Purpose::Faults) {
        true => Value::Unknown,
        false => Value::Number(class(&of.process.faults)),
    }
}

/// A class of faults, and those that may have been of it: the hooks in use
/// could not tell.
fn classed<'a>(of: &Candidate<'a>, class: fn(&Faults) -> (u64, u64)) -> Value<'a> {
    match (is_missing(of, Purpose::Faults), class(&of.process.faults)) {
        (true, _) => Value::Unknown,
        (false, (known, 0)) => Value::Number(known),
        (false, (known, _)) => Value::AtLeast(known),
    }
}

fn fork_time<'a>(of: &Candidate<'a>) -> Value<'a> {
    match (&of.process.fork_cost, of.process.forked_at) {
        (Some(cost), _) => Value::known(cost.took),
        (None, Some(_)) => Value::Absent,
        (None, None) => Value::Unknown,
    }
}

fn fork_copies<'a>(of: &Candidate<'a>) -> Value<'a> {
    match (&of.process.fork_cost, of.process.forked_at) {
        // Without the class, what was copied is not charged to anyone.
        (Some(_), _) if is_missing(of, Purpose::Cow) => Value::Unknown,
        (Some(cost), _) => Value::Number(cost.copies()),
        (None, Some(_)) => Value::Absent,
        (None, None) => Value::Unknown,
    }
}

/// The accounts of a living process are those of its threads that have ended.
fn used<'a>(of: &Candidate<'a>, figure: fn(&Usage) -> u64) -> Value<'a> {
    match of.process.known_usage() {
        Some(usage) if of.process.usage_complete => Value::Number(figure(usage)),
        Some(usage) => Value::AtLeast(figure(usage)),
        None => Value::Unknown,
    }
}

fn rss<'a>(of: &Candidate<'a>) -> Value<'a> {
    let pages = of.process.known_usage().and_then(|usage| usage.maxrss);
    let size = of.model.session().map(|session| session.page_size);
    Value::known(
        pages
            .zip(size)
            .map(|(pages, size)| pages.saturating_mul(size)),
    )
}

fn in_state<'a>(of: &Candidate<'a>, state: TaskState) -> Value<'a> {
    let times = of.process.state_times(of.now);
    // A turn on a CPU whose beginning was not shown is in the time of the state
    // before.
    let missed = of.process.scheduling.as_ref().map(|it| it.missed());
    let is_short = state == TaskState::Running && missed > Some(0);
    match times {
        None => Value::Unknown,
        Some(times) if is_short || !of.process.states_are_complete() => {
            Value::AtLeast(times.of(state))
        }
        Some(times) => Value::Number(times.of(state)),
    }
}

fn is_missing(of: &Candidate<'_>, purpose: Purpose) -> bool {
    let session = of.model.session();
    session.is_some_and(|session| session.missing(purpose).is_some())
}
