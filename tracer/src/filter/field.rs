//! The fields of the filter language, one row each. The help text and the docs
//! are generated from the rows.

use std::borrow::Cow;

use super::value::Value;
use crate::{
    event::{Faults, OomCause, Purpose, Relations, TaskState, Text, Uid, Usage},
    model::{Creation, Model, Process, State, ZombieTime},
};

/// The type of a field: its operators and units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A bare number; `k` and `M` are thousands and millions.
    Count,
    /// A duration with its unit: `5ms`, `1.5s`, `2h`. Stored in ns.
    Time,
    /// A size with its unit: `512B`, `4KiB`, `1.5GiB`. Stored in bytes.
    Bytes,
    /// A signal: `KILL`, `SIGKILL` or 9.
    Signal,
    /// Text, which can match patterns.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Yes or no, without an operator: `kthread`, `!kthread`.
    Flag,
}

/// The process that a filter is evaluated for.
pub struct Candidate<'a> {
    pub model: &'a Model,
    pub process: &'a Process,
    /// Time of the evaluation, ns since boot.
    pub now: u64,
}

/// A field of the filter language.
pub struct FilterField {
    /// Name in expressions, such as `exit.code`.
    pub name: &'static str,
    /// Second name, or empty.
    pub alias: &'static str,
    /// Type of its values.
    pub kind: FieldKind,
    /// Meaning, for the guide.
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

/// All fields, in the order of the guide.
pub const FIELDS: &[FilterField] = fields! {
    "pid" "" FieldKind::Count, |of| number(of.process.id.tgid), "PID in the initial PID namespace";
    "ppid" "" FieldKind::Count, ppid, "PID of the current parent, which must reap it";
    "comm" "name" FieldKind::Text, comm, "command name (at most 15 bytes)";
    "argv" "args" FieldKind::Text, argv, "command line, arguments separated by one space";
    "exe" "" FieldKind::Text, exe, "file of the last exec";
    "ever.comm" "" FieldKind::Text, ever_comm, "every command name it had: == and =~ hold for any of them, != and !~ for all";
    "ever.argv" "" FieldKind::Text, ever_argv, "every command line it had, likewise";
    "ever.exe" "" FieldKind::Text, ever_exe, "file of every exec, likewise";
    "uid" "" FieldKind::Count, |of| uid(of, |it| it.uid), "real user ID, in the initial user namespace";
    "euid" "" FieldKind::Count, |of| uid(of, |it| it.euid), "effective user ID, which the kernel checks permissions for";
    "user" "" FieldKind::Text, user, "name of the real user on the recorded host (/etc/passwd when tracing began)";
    "state" "" FieldKind::Word(STATES), |of| Value::Word(of.process.state().name()), "stage of its life; vanished: its end was not seen";
    "created_by" "" FieldKind::Word(CREATIONS), created_by, "how it was created; snapshot: it ran before the trace";
    "kthread" "" FieldKind::Flag, kthread, "it is a kernel thread";
    "reparented" "" FieldKind::Flag, |of| Value::Flag(of.process.is_reparented()), "its current parent is not the process that created it";
    "exit.code" "code" FieldKind::Count, exit_code, "exit code; none while it runs or if a signal killed it";
    "exit.signal" "signal" FieldKind::Signal, exit_signal, "signal that killed it; none if it exited by itself";
    "exit.core" "core" FieldKind::Flag, exit_core, "it dumped core";
    "oom" "" FieldKind::Flag, oom, "the OOM killer selected it";
    "oom.constraint" "" FieldKind::Word(CONSTRAINTS), |of| oom_cause(of, |cause| Value::Word(cause.constraint.name())), "constraint of the OOM kill, from the kernel log; none without an OOM kill";
    "oom.memcg" "" FieldKind::Text, |of| oom_cause(of, |cause| path(cause.oom_memcg.as_ref())), "memory cgroup that reached its limit; none if the host ran out of memory";
    "killer.pid" "" FieldKind::Count, |of| killer(of, |pid, _| number(pid)), "PID of the sender of the signal that killed it; none if the kernel sent it";
    "killer.comm" "killer" FieldKind::Text, |of| killer(of, |_, comm| Value::Text(comm)), "command name of that sender at that time";
    "lifetime" "age" FieldKind::Time, lifetime, "time from fork to exit, or until now";
    "zombie" "" FieldKind::Time, zombie, "time as a zombie, until it was reaped or until now; bounds if its reap was not seen";
    "faults" "faults.total" FieldKind::Count, |of| faults(of, |faults| faults.total()), "user page faults since tracing began";
    "faults.cow" "cow" FieldKind::Count, |of| classed(of, |it| (it.cow_copy, it.write_protect)), "page copies after a fork shared the page (copy on write)";
    "faults.reuse" "" FieldKind::Count, |of| classed(of, |it| (it.cow_reuse, it.write_protect)), "writes to such a page that reused it, because it had one owner left";
    "faults.zero" "" FieldKind::Count, |of| classed(of, |it| (it.zeros(), it.read + it.write)), "faults on anonymous memory without a page of its own";
    "faults.file" "" FieldKind::Count, |of| classed(of, |it| (it.files(), it.read + it.write + it.instruction)), "faults on pages of files and shared memory";
    "faults.major" "" FieldKind::Count, |of| classed(of, |it| (it.major, it.read + it.write + it.instruction)), "faults that read from disk";
    "fork.time" "" FieldKind::Time, fork_time, "duration of its fork in the kernel; none if no address space was copied";
    "fork.copies" "" FieldKind::Count, fork_copies, "pages that the process and its parent copied because of its fork";
    "minflt" "" FieldKind::Count, |of| used(of, |usage| usage.min_flt), "minor faults, as counted by the kernel; complete once it has exited";
    "majflt" "" FieldKind::Count, |of| used(of, |usage| usage.maj_flt), "major faults, as counted by the kernel; complete once it has exited";
    "cpu" "" FieldKind::Time, |of| used(of, |usage| usage.runtime), "time on a CPU; complete once it has exited";
    "rss" "maxrss" FieldKind::Bytes, rss, "maximum resident set size; known once it has exited";
    "state.running" "" FieldKind::Time, |of| in_state(of, TaskState::Running), "time on a CPU, sum of all threads; state.* fields need --states=count";
    "state.runnable" "" FieldKind::Time, |of| in_state(of, TaskState::Runnable), "time waiting for a CPU";
    "state.interruptible" "" FieldKind::Time, |of| in_state(of, TaskState::Interruptible), "time in interruptible sleep (state S)";
    "state.uninterruptible" "" FieldKind::Time, |of| in_state(of, TaskState::Uninterruptible), "time in uninterruptible sleep (state D): disk, kernel locks, vfork";
    "state.stopped" "" FieldKind::Time, |of| in_state(of, TaskState::Stopped), "time stopped by a signal";
    "state.traced" "" FieldKind::Time, |of| in_state(of, TaskState::Traced), "time stopped by its tracer (ptrace)";
    "state.idle" "" FieldKind::Time, |of| in_state(of, TaskState::Idle), "idle time of a kernel thread";
    "wakeup.max" "" FieldKind::Time, |of| Value::known(of.process.wakeups().map(|it| it.latency_max)), "longest delay from a wake-up to running on a CPU";
    "wakeup.average" "" FieldKind::Time, |of| Value::known(of.process.wakeups().and_then(|it| it.average())), "average delay from a wake-up to running on a CPU";
    "firstrun" "" FieldKind::Time, |of| Value::known(of.process.first_run_latency()), "delay from being made runnable by fork to first running";
    "threads" "" FieldKind::Count, |of| number(of.process.threads_seen), "threads it ever had, as far as observed";
    "execs" "" FieldKind::Count, |of| Value::Number(of.process.executions.len() as u64), "number of execs since tracing began";
    "children" "" FieldKind::Count, |of| Value::Number(of.process.tree_child_count()), "number of processes it created, as far as observed";
    "ns.pid" "" FieldKind::Count, |of| Value::known(of.process.ns.map(|(pid, _)| u64::from(pid))), "PID in its own PID namespace";
    "ns.level" "" FieldKind::Count, |of| Value::known(of.process.ns.map(|(_, level)| u64::from(level))), "depth of that namespace; 0 is the initial one";
};

/// Returns the field with a name or alias.
pub fn named(name: &str) -> Option<&'static FilterField> {
    let goes_by =
        |field: &&FilterField| field.name == name || (field.alias == name && !name.is_empty());
    FIELDS.iter().find(goes_by)
}

fn number(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}

fn ppid<'a>(of: &Candidate<'a>) -> Value<'a> {
    Value::known(of.model.parent_pid(of.process).map(u64::from))
}

fn comm<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.known_comm() {
        Some(comm) => Value::Text(Cow::Owned(comm.as_bytes().to_vec())),
        None => Value::Unknown,
    }
}

fn argv<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.argv() {
        Some(argv) => Value::Text(command_line(argv)),
        None if of.process.kthread => Value::Absent,
        None => Value::Unknown,
    }
}

/// Returns the arguments separated by spaces, without escaping.
fn command_line(argv: &[u8]) -> Cow<'_, [u8]> {
    let argv = argv.strip_suffix(b"\0").unwrap_or(argv);
    let spaced = argv.iter().map(|&byte| if byte == 0 { b' ' } else { byte });
    Cow::Owned(spaced.collect())
}

fn exe<'a>(of: &Candidate<'a>) -> Value<'a> {
    match of.process.executions.last() {
        Some(execution) => Value::Text(Cow::Borrowed(execution.exec.filename.as_bytes())),
        None if of.process.kthread => Value::Absent,
        None => Value::Unknown,
    }
}

fn ever_comm<'a>(of: &Candidate<'a>) -> Value<'a> {
    let names = of.process.names();
    let texts = names.values.iter();
    let texts = texts.map(|comm| Cow::Owned(comm.as_bytes().to_vec()));
    Value::Texts(texts.collect(), names.complete)
}

fn ever_argv<'a>(of: &Candidate<'a>) -> Value<'a> {
    let lines = of.process.command_lines();
    let texts = lines.values.into_iter().map(command_line);
    Value::Texts(texts.collect(), lines.complete || of.process.kthread)
}

fn ever_exe<'a>(of: &Candidate<'a>) -> Value<'a> {
    let executions = of.process.executions.iter();
    let files = executions.map(|it| Cow::Borrowed(it.exec.filename.as_bytes()));
    // The file of a process that was found is not known.
    let was_found = of.process.created_by == Creation::Snapshot && !of.process.kthread;
    let complete = of.process.has_all_executions() && !was_found;
    Value::Texts(files.collect(), complete)
}

fn uid<'a>(of: &Candidate<'a>, which: fn(&Relations) -> Option<Uid>) -> Value<'a> {
    let uid = of.process.relations.as_ref().and_then(which);
    Value::known(uid.map(|uid| u64::from(uid.get())))
}

fn user<'a>(of: &Candidate<'a>) -> Value<'a> {
    let uid = of.process.relations.as_ref().and_then(|it| it.uid);
    let name = uid.and_then(|uid| of.model.session()?.user(uid));
    name.map_or(Value::Unknown, |name| {
        Value::Text(Cow::Borrowed(name.raw().as_bytes()))
    })
}

fn created_by<'a>(of: &Candidate<'a>) -> Value<'a> {
    let name = of.process.created_by.name();
    name.map_or(Value::Unknown, Value::Word)
}

/// Unknown if only the PID of the process was seen.
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
    match (of.process.state(), of.process.zombie_time(of.now)) {
        (State::Alive, _) => Value::Absent,
        (_, Some(ZombieTime { min, max: None })) => Value::AtLeast(min),
        (
            _,
            Some(ZombieTime {
                min,
                max: Some(max),
            }),
        ) if min < max => Value::Between(min, max),
        (_, Some(ZombieTime { min, .. })) => Value::Number(min),
        (State::Exiting | State::Zombie | State::Reaped | State::Vanished, None) => Value::Unknown,
    }
}

fn faults<'a>(of: &Candidate<'a>, class: fn(&Faults) -> u64) -> Value<'a> {
    match is_missing(of, Purpose::Faults) {
        true => Value::Unknown,
        false => Value::Number(class(&of.process.faults)),
    }
}

/// Returns the count of a fault class. `class` returns two counts: faults of the
/// class, and faults that the hooks in use could not classify. The result is a
/// lower bound if there are any of the latter.
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
        // Copies are charged to forks only if copy-on-write faults are traced.
        (Some(_), _) if is_missing(of, Purpose::Cow) => Value::Unknown,
        (Some(cost), _) => Value::Number(cost.both.count),
        (None, Some(_)) => Value::Absent,
        (None, None) => Value::Unknown,
    }
}

/// Returns a figure of the resource usage. Before the process exits, only exited
/// threads are included, so it is a lower bound.
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
    // Running time is too short if the kernel did not show the start of a turn
    // on a CPU: that turn counts towards the state before it.
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
