//! The format `events`: the event log, one line per event, for people and grep.
//! Each line holds the facts of its event and no others: wall-clock time, CPU, PID
//! (or PID/TID of a thread that is not the leader), kind, details.

use std::{
    fmt::{self, Display, Formatter},
    io::{self, Write},
};

use super::exporter::{Exporter, ProcessFilter};
use crate::{
    event::{
        Event, Exec, Exit, ExitedProcess, Fault, FaultClass, Faults, Fork, Gap, GapCause, Implied,
        Notify, Session, Sigchld, Signal, Snapshot, States, TaskState, Usage, What, Who, Zone,
        clone_flag_names, command_line, signal_name, units::duration,
    },
    model::{Model, WaitStatus},
};

/// The exporter of `events`.
pub struct EventsText {
    session: Option<Session>,
    zone: Zone,
}

impl EventsText {
    /// Returns an exporter with times in a zone.
    pub fn new(zone: &Zone) -> EventsText {
        EventsText {
            session: None,
            zone: zone.clone(),
        }
    }
}

impl Exporter for EventsText {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        if let What::Session(session) = &event.what {
            self.session = Some((**session).clone());
        }
        let time = match &self.session {
            Some(session) => format!("{:.6}", self.zone.at(session.realtime(event.at))),
            // Seconds since boot, because the wall clock is not known yet.
            None => format!(
                "+{}.{:09}",
                event.at / 1_000_000_000,
                event.at % 1_000_000_000
            ),
        };
        let Event { cpu, who, .. } = *event;
        let kind = event.what.kind().name();
        let line = format!(
            "{time} {cpu:>3} {:>7} {kind:<12} {}",
            Subject(who),
            Details(&event.what)
        );
        writeln!(out, "{}", line.trim_end())
    }

    fn end(&mut self, _: &Model, _: ProcessFilter<'_>, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// Displays `812`, `812/815` for a thread that is not the leader, or `-` for no
/// task.
struct Subject(Who);

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Who { task, process } = self.0;
        if self.0 == Who::HOST {
            f.pad("-")
        } else if self.0.is_leader() {
            f.pad(&process.tgid.to_string())
        } else {
            f.pad(&format!("{}/{}", process.tgid, task.pid))
        }
    }
}

struct Details<'a>(&'a What);

impl Display for Details<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            What::Session(begin) => session(f, begin),
            What::Snapshot(found) => snapshot(f, found),
            What::SnapshotEnd(_) => write!(f, "end of the snapshot"),
            What::Fork(made) => fork(f, made),
            What::Exec(done) => exec(f, done),
            What::Comm(comm) => write!(f, "now {comm}"),
            What::Signal(sent) => signal(f, sent),
            What::Exit(exited) => exit(f, exited),
            What::Notify(notice) => notify(f, notice),
            What::LastSwitch(switch) if switch.next_pid == 0 => write!(f, "then idle"),
            What::LastSwitch(switch) => {
                write!(f, "then {} {}", switch.next_pid, switch.next_comm)
            }
            What::Wait(wait) => write!(f, "returned {}", wait.child),
            What::Reap(reap) => write!(f, "by {}", reap.by.process.tgid),
            What::Free(Some(group)) => usage(f, group),
            What::Faults(counted) => faults(f, &counted.classes),
            What::Fault(one) => fault(f, one),
            What::Summary(summary) => write!(f, "{} events before", summary.events),
            What::Gap(lost) => gap(f, lost),
            What::OomVictim(victim) => write!(f, "{victim}"),
            What::Waits(waits) => write!(f, "{} calls so far", waits.count),
            What::ForkFailed(failed) => write!(f, "{failed}"),
            What::Cgroup(made) => write!(f, "{} {}", made.id, made.path),
            What::Implied(fact) => implied(f, fact),
            What::Moved(moved) => write!(f, "to cgroup {}", moved.cgroup),
            What::States(states) => task_states(f, states),
            What::State(state) => f.write_str(state.name()),
            What::WakeupNew
            | What::FirstRun(_)
            | What::ExitStart
            | What::Free(None)
            | What::End
            | What::PartEnd => Ok(()),
        }
    }
}

/// Writes the state, and the times that are not zero.
fn task_states(f: &mut Formatter<'_>, states: &States) -> fmt::Result {
    f.write_str(states.state.name())?;
    for &state in TaskState::ALIVE {
        let time = states.times.of(state);
        if time > 0 {
            write!(f, ", {} {}", state.name(), duration(time))?;
        }
    }
    Ok(())
}

fn session(f: &mut Formatter<'_>, session: &Session) -> fmt::Result {
    write!(
        f,
        "tracer {} on {}, Linux {}, {} CPUs",
        session.tracer_version, session.hostname, session.kernel_release, session.cpus
    )
}

fn snapshot(f: &mut Formatter<'_>, found: &Snapshot) -> fmt::Result {
    write!(f, "{}, parent {}", found.comm, found.parent.tgid)?;
    if let Some(status) = found.zombie {
        write!(f, ", zombie, {}", Status(status))?;
    }
    if found.exiting {
        f.write_str(", exiting")?;
    }
    match &found.argv {
        Some(argv) if !argv.as_bytes().is_empty() => {
            write!(f, ": {}", command_line(argv.as_bytes()))
        }
        _ => Ok(()),
    }
}

fn fork(f: &mut Formatter<'_>, made: &Fork) -> fmt::Result {
    write!(f, "{} by {}", made.comm, Subject(made.by))?;
    if made.parent != made.by.process {
        write!(f, ", parent {}", made.parent.tgid)?;
    }
    match made.clone_flags {
        None => f.write_str(", flags unknown"),
        Some(0) => Ok(()),
        Some(flags) => write!(f, ", {}", clone_flag_names(flags).join("|")),
    }
}

fn exec(f: &mut Formatter<'_>, done: &Exec) -> fmt::Result {
    let cut = if done.filename_cut { "…" } else { "" };
    write!(f, "{}{cut}", done.filename)?;
    match &done.argv {
        None => f.write_str(": arguments unknown"),
        Some(argv) => {
            let cut = if argv.as_bytes().len() < done.argv_total as usize {
                "…"
            } else {
                ""
            };
            write!(f, ": {}{cut}", command_line(argv.as_bytes()))
        }
    }
}

/// Displays the name of a signal, or its number.
struct SignalName(i32);

impl Display for SignalName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match signal_name(self.0) {
            Some(name) => f.write_str(&name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

fn signal(f: &mut Formatter<'_>, sent: &Signal) -> fmt::Result {
    write!(f, "{}", SignalName(sent.sig))?;
    if sent.from_kernel() {
        write!(f, " by the kernel in {} {}", Subject(sent.by), sent.by_comm)
    } else {
        write!(f, " by {} {}", Subject(sent.by), sent.by_comm)
    }
}

/// Displays a wait status in words.
struct Status(i32);

impl Display for Status {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let status = WaitStatus(self.0);
        match status.signal() {
            None => write!(f, "code {}", status.exit_code().unwrap_or_default()),
            Some(sig) => {
                let core = if status.core_dumped() {
                    ", core dumped"
                } else {
                    ""
                };
                write!(f, "killed by {}{core}", SignalName(sig))
            }
        }
    }
}

fn exit(f: &mut Formatter<'_>, exited: &Exit) -> fmt::Result {
    write!(f, "{} {}", exited.comm, Status(exited.code))?;
    if let Some(code) = exited.group_code.filter(|&code| code != exited.code) {
        write!(f, ", process {}", Status(code))?;
    }
    if exited.group_dead == Some(false) {
        f.write_str(", other threads running")?;
    }
    write!(f, ", parent {}", exited.parent.tgid)?;
    match exited.sigchld {
        Sigchld::Zombie => {}
        Sigchld::Ignored => f.write_str(" (ignores SIGCHLD)")?,
        Sigchld::NoCldWait => f.write_str(" (SA_NOCLDWAIT)")?,
    }
    match exited.reaper {
        Some(reaper) => write!(f, ", children reparented to {}", reaper.tgid),
        None => Ok(()),
    }
}

fn notify(f: &mut Formatter<'_>, notice: &Notify) -> fmt::Result {
    match notice.exited {
        ExitedProcess::Subject if notice.autoreap => write!(f, "reaped by the kernel"),
        ExitedProcess::Subject => write!(f, "zombie"),
        ExitedProcess::ChildPid(pid) => write!(f, "zombie child {pid} reparented"),
        ExitedProcess::Child => write!(f, "zombie child reparented"),
    }?;
    write!(f, ", owner {}", notice.owner.tgid)?;
    if notice.autoreap && notice.exited != ExitedProcess::Subject {
        // `reparent_leader` (kernel/exit.c).
        f.write_str(", which discards it: released by this exit")?;
    }
    match notice.exited {
        ExitedProcess::ChildPid(pid) if pid == notice.seen_pid => Ok(()),
        _ => write!(f, " sees {}", notice.seen_pid),
    }
}

fn implied(f: &mut Formatter<'_>, fact: &Implied) -> fmt::Result {
    if !fact.has_fact() {
        return f.write_str("nothing until now");
    }
    write!(f, "by {}", fact.by.tgid)?;
    if let Some(parent) = fact.parent {
        write!(f, ", parent now {}", parent.tgid)?;
    }
    if fact.copies > 0 {
        let other = if fact.ambiguous { " at most" } else { "" };
        write!(f, ", copied{other} {} pages for the fork", fact.copies)?;
    }
    if fact.released {
        f.write_str(", released by its exit")?;
    }
    if fact.caller_ended {
        f.write_str(", which ended and is held no longer")?;
    }
    match &fact.argv {
        Some(argv) => {
            let cut = if fact.argv_cut { "…" } else { "" };
            write!(f, ", arguments {}{cut}", command_line(argv.as_bytes()))
        }
        None => Ok(()),
    }
}

fn usage(f: &mut Formatter<'_>, usage: &Usage) -> fmt::Result {
    write!(
        f,
        "user {} system {} faults {} minor {} major",
        duration(usage.utime),
        duration(usage.stime),
        usage.min_flt,
        usage.maj_flt
    )
}

fn faults(f: &mut Formatter<'_>, faults: &Faults) -> fmt::Result {
    write!(f, "{} so far", faults.total())?;
    let classes = FaultClass::ALL
        .iter()
        .filter(|&&class| faults.of(class) > 0);
    for (place, &class) in classes.enumerate() {
        let link = if place == 0 { ": " } else { ", " };
        write!(f, "{link}{} {}", faults.of(class), class.title())?;
    }
    Ok(())
}

fn fault(f: &mut Formatter<'_>, fault: &Fault) -> fmt::Result {
    write!(f, "{:#x} {}", fault.address, fault.class.title())?;
    if let Some(region) = fault.region {
        write!(f, ", {}", region.name())?;
    }
    if fault.in_kernel {
        write!(f, ", by the kernel")?;
    }
    if let Some(file) = &fault.file {
        write!(f, ", {file}")?;
    }
    Ok(())
}

fn gap(f: &mut Formatter<'_>, gap: &Gap) -> fmt::Result {
    let lost = || {
        let lost = gap.lost.iter();
        let lost = lost.map(|lost| format!("{} {}", lost.count, lost.kind.name()));
        lost.collect::<Vec<_>>().join(", ")
    };
    match gap.cause {
        GapCause::NoRoom => write!(f, "lost: {}", lost()),
        GapCause::Skipped => write!(f, "skipped by the kernel: at most {}", lost()),
        GapCause::OverBudget => write!(f, "beyond a user's budget: {}", lost()),
        GapCause::Unreadable {
            events: Some(events),
        } => write!(f, "{events} events unreadable"),
        GapCause::Unreadable { events: None } => f.write_str("some events unreadable"),
        GapCause::Untraced => f.write_str("no tracer was running"),
    }
}
