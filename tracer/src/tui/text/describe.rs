//! Events as text: one line for each kind. Matches have no `_` arm, so that the compiler asks for
//! the text of a new event.

use crate::{
    event::{
        Comm, Event, Exit, ExitedProcess, Fault, FaultClass, Faults, Fork, Gap, GapCause, Implied,
        Notify, OomVictim, ProcessId, Region, Signal, Usage, What, clone_flag_names, command_line,
        units,
    },
    model::{Model, WaitStatus},
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        text::words::{clock, label, signal, subject},
    },
};

/// Returns the command name of the event's subject at that time, or the latest one known.
pub fn comm(model: &Model, event: &Event) -> Comm {
    let own = match &event.what {
        What::Snapshot(snapshot) => Some(snapshot.comm),
        What::Fork(fork) => Some(fork.comm),
        What::Exec(exec) => Some(exec.comm),
        What::Comm(comm) => Some(*comm),
        What::Exit(exit) => Some(exit.comm),
        What::Session(_)
        | What::SnapshotEnd(_)
        | What::WakeupNew
        | What::FirstRun(_)
        | What::ExitStart
        | What::Reap(_)
        | What::Signal(_)
        | What::OomVictim(_)
        | What::Notify(_)
        | What::LastSwitch(_)
        | What::Wait(_)
        | What::Free(_)
        | What::Faults(_)
        | What::Fault(_)
        | What::Waits(_)
        | What::Cgroup(_)
        | What::Moved(_)
        | What::Implied(_)
        | What::States(_)
        | What::State(_)
        | What::Summary(_)
        | What::Gap(_)
        | What::End
        | What::PartEnd => None,
        What::ForkFailed(failed) => Some(failed.comm),
    };
    let known = || {
        let process = model.process(model.find(event.who.process)?);
        let thread = process
            .threads
            .iter()
            .find(|thread| thread.id == event.who.task);
        Some(thread.map_or(process.comm, |thread| thread.comm))
    };
    own.or_else(known).unwrap_or_default()
}

/// Returns the tone of an event's kind.
pub fn tone(what: &What) -> Tone {
    match what {
        What::Fork(_) => Tone::Good,
        What::Exec(_) | What::Comm(_) => Tone::Accent,
        What::Exit(exit) => match WaitStatus(exit.group_code.unwrap_or(exit.code)) {
            WaitStatus(0) => Tone::Plain,
            status if status.signal().is_some() => Tone::Bad,
            _ => Tone::Warn,
        },
        What::Signal(_) | What::OomVictim(_) | What::ForkFailed(_) => Tone::Bad,
        What::Notify(_) => Tone::Warn,
        What::Wait(_) | What::Reap(_) => Tone::Plain,
        What::Gap(_) => Tone::Alert,
        What::Session(_) | What::End | What::PartEnd => Tone::Strong,
        What::Snapshot(_)
        | What::SnapshotEnd(_)
        | What::WakeupNew
        | What::FirstRun(_)
        | What::ExitStart
        | What::LastSwitch(_)
        | What::Free(_)
        | What::Faults(_)
        | What::Summary(_)
        | What::Fault(_)
        | What::Waits(_)
        | What::Cgroup(_)
        | What::Moved(_)
        | What::Implied(_)
        | What::States(_)
        | What::State(_) => Tone::Dim,
    }
}

/// Returns what an event says beyond its subject and its kind.
pub fn details(data: &Data<'_>, event: &Event) -> Phrase {
    let model = data.model;
    match &event.what {
        What::Session(session) => Phrase::plain(format!(
            "tracer {} on {}, Linux {}",
            session.tracer_version, session.hostname, session.kernel_release
        )),
        What::Snapshot(snapshot) => {
            let parent = format!("child of {}", process(model, snapshot.parent));
            let zombie = if snapshot.zombie.is_some() {
                ", a zombie"
            } else {
                ""
            };
            let arguments = snapshot
                .argv
                .as_ref()
                .map(|argv| command_line(argv.as_bytes()));
            Phrase::of(Tone::Dim, parent + zombie).and(
                Tone::Plain,
                arguments.map_or(String::new(), |line| format!(": {line}")),
            )
        }
        What::SnapshotEnd(began) => Phrase::of(
            Tone::Dim,
            format!("all processes at {}", clock(data, *began)),
        ),
        What::Fork(fork) => forked(model, event, fork),
        What::ForkFailed(failed) => Phrase::of(Tone::Bad, failed.to_string()),
        What::Waits(waits) => Phrase::of(Tone::Dim, format!("{} calls so far", waits.count)),
        What::Cgroup(made) => Phrase::plain(made.path.to_string()),
        What::Implied(fact) => implied(model, fact),
        What::Moved(moved) => match model.cgroup_path(moved.cgroup) {
            Some(path) => Phrase::plain(format!("to {path}")),
            None => Phrase::plain(format!("to cgroup {}", moved.cgroup)),
        },
        What::States(states) => Phrase::of(
            Tone::Dim,
            format!(
                "{}, {} of {} on CPU",
                states.state.name(),
                units::duration(states.times.running),
                units::duration(states.times.total())
            ),
        ),
        What::State(state) => Phrase::of(Tone::Dim, state.name()),
        What::WakeupNew | What::FirstRun(_) | What::ExitStart => Phrase::new(),
        What::Reap(reap) if reap.by.process == event.who.process => {
            Phrase::of(Tone::Dim, "by itself")
        }
        What::Reap(reap) => Phrase::plain(format!("by {}", process(model, reap.by.process))),
        What::Exec(exec) => match &exec.argv {
            Some(argv) => {
                let cut = argv.as_bytes().len() < exec.argv_total as usize;
                let more = if cut {
                    format!(" ({} B in total)", exec.argv_total)
                } else {
                    String::new()
                };
                Phrase::plain(command_line(argv.as_bytes())).and(Tone::Dim, more)
            }
            None => Phrase::plain(exec.filename.to_string()).and(Tone::Dim, " arguments unknown"),
        },
        What::Comm(comm) => Phrase::plain(format!("renamed to {comm}")),
        What::Signal(sent) => signal_sent(sent),
        What::OomVictim(victim) => oom_victim(victim),
        What::Exit(exit) => exited(exit),
        What::Notify(notify) => notified(model, notify),
        What::LastSwitch(switch) => {
            let next = format!("then ran {} {}", switch.next_pid, switch.next_comm);
            Phrase::of(Tone::Dim, next)
        }
        What::Wait(wait) => Phrase::plain(format!("reaped child {}", wait.child)),
        What::Free(usage) => usage.as_deref().map_or(Phrase::new(), used),
        What::Faults(faults) => fault_counts(&faults.classes),
        What::Fault(one) => fault(one),
        What::Summary(summary) => Phrase::plain(format!("{} events before", summary.events)),
        What::Gap(gap) => lost(data, gap),
        What::End => Phrase::plain("tracing stopped normally"),
        What::PartEnd => Phrase::plain("this part ends; the trace goes on"),
    }
}

/// Returns `812 nginx`, or the PID alone if the process is not in the model.
fn process(model: &Model, id: ProcessId) -> String {
    model
        .find(id)
        .map_or_else(|| id.tgid.to_string(), |key| label(model, key))
}

fn forked(model: &Model, event: &Event, fork: &Fork) -> Phrase {
    let what = match (fork.kthread, event.who.is_leader()) {
        (true, _) => "kernel thread, ",
        (false, true) => "",
        (false, false) => "thread, ",
    };
    let by = format!("{what}by {}", subject(model, fork.by));
    let flags = match fork.clone_flags {
        Some(0) => String::new(),
        Some(flags) => format!(" {}", clone_flag_names(flags).join("|")),
        None => " flags unknown".to_owned(),
    };
    Phrase::plain(by).and(Tone::Dim, flags)
}

/// Returns the OOM killer's choice and the reason for it.
pub fn oom_victim(victim: &OomVictim) -> Phrase {
    Phrase::of(Tone::Bad, "chosen by the OOM killer").and(Tone::Plain, format!(": {victim}"))
}

/// Returns the signal and its sender.
pub fn signal_sent(sent: &Signal) -> Phrase {
    let from = if sent.from_kernel() {
        "the kernel".to_owned()
    } else {
        // The sender's name at that time; it may have changed since.
        format!("{} {}", sent.by.process.tgid, sent.by_comm)
    };
    let whom = if sent.group { "" } else { " to this thread" };
    Phrase::of(Tone::Bad, signal(sent.sig)).and(Tone::Plain, format!(" from {from}{whom}"))
}

fn exited(exit: &Exit) -> Phrase {
    let status = WaitStatus(exit.group_code.unwrap_or(exit.code));
    let how = match (status.exit_code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (_, Some(sig)) if status.core_dumped() => format!("killed by {}, core", signal(sig)),
        (_, Some(sig)) => format!("killed by {}", signal(sig)),
        (None, None) => "?".to_owned(),
    };
    let last = match exit.group_dead {
        Some(true) => ", last thread",
        Some(false) => ", other threads still run",
        None => "",
    };
    Phrase::plain(how).and(Tone::Dim, last)
}

fn notified(model: &Model, notify: &Notify) -> Phrase {
    let owner = process(model, notify.owner);
    let phrase = match (notify.exited, notify.autoreap) {
        (ExitedProcess::Subject, false) => Phrase::plain(format!("zombie until {owner} waits")),
        (ExitedProcess::Subject, true) => {
            Phrase::plain(format!("reaped at once: {owner} does not wait"))
        }
        (ExitedProcess::ChildPid(pid), _) => {
            Phrase::plain(format!("zombie {pid} is reparented to {owner}"))
        }
        (ExitedProcess::Child, _) => Phrase::plain(format!(
            "zombie {} is reparented to {owner}",
            notify.seen_pid
        )),
    };
    match notify.exited {
        ExitedProcess::Subject => phrase,
        ExitedProcess::ChildPid(_) | ExitedProcess::Child if notify.autoreap => {
            phrase.and(Tone::Dim, ", reaped at once")
        }
        ExitedProcess::ChildPid(_) | ExitedProcess::Child => phrase,
    }
}

fn implied(model: &Model, fact: &Implied) -> Phrase {
    if !fact.has_fact() {
        return Phrase::of(Tone::Dim, "nothing until now");
    }
    let by = process(model, fact.by);
    let parent = fact.parent.map(|parent| {
        let parent = process(model, parent);
        format!("parent is now {parent}")
    });
    let copies = (fact.copies > 0).then(|| {
        let most = if fact.ambiguous { "at most " } else { "" };
        let pages = units::count(fact.copies);
        format!("the parent copied {most}{pages} pages because of the fork")
    });
    let argv = fact.argv.as_ref().map(|argv| {
        let arguments = command_line(argv.as_bytes());
        format!("arguments: {arguments}")
    });
    let released = fact
        .released
        .then(|| "released by its owner's exit".to_owned());
    let ended = fact
        .caller_ended
        .then(|| "the caller of vfork ended".to_owned());
    let facts = [parent, copies, argv, released, ended];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    Phrase::plain(facts.join("; ")).and(Tone::Dim, format!(", by {by}"))
}

fn used(usage: &Usage) -> Phrase {
    let text = format!(
        "user {}, system {}, faults {} minor {} major",
        units::duration(usage.utime),
        units::duration(usage.stime),
        units::count(usage.min_flt),
        units::count(usage.maj_flt)
    );
    Phrase::of(Tone::Dim, text)
}

/// Returns fault counts as `123: 80 read, 20 write, 23 COW?`.
pub fn fault_counts(faults: &Faults) -> Phrase {
    let classes = FaultClass::ALL
        .iter()
        .filter(|&&class| faults.of(class) > 0);
    let classes: Vec<_> = classes
        .map(|&class| format!("{} {}", units::count(faults.of(class)), class.title()))
        .collect();
    let total = units::count(faults.total());
    if classes.is_empty() {
        Phrase::of(Tone::Dim, "none")
    } else {
        Phrase::plain(total).and(Tone::Dim, format!(": {}", classes.join(", ")))
    }
}

fn fault(fault: &Fault) -> Phrase {
    let region = fault.region.map_or("", Region::name);
    let mode = if fault.in_kernel { "by the kernel" } else { "" };
    let words = [fault.class.title(), region, mode];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let file = fault.file.as_ref().map(|file| format!(" {file}"));
    Phrase::plain(format!("{:#x}", fault.address))
        .and(Tone::Dim, format!(" {}", words.join(", ")))
        .and(Tone::Plain, file.unwrap_or_default())
}

fn lost(data: &Data<'_>, gap: &Gap) -> Phrase {
    let since = format!(" since {}", clock(data, gap.since));
    let kinds = || {
        let kinds = gap.lost.iter();
        let kinds = kinds.map(|lost| format!("{} {}", lost.count, lost.kind.name()));
        kinds.collect::<Vec<_>>().join(", ")
    };
    let text = match gap.cause {
        GapCause::NoRoom => format!("lost {}", kinds()),
        GapCause::Skipped => format!("skipped by the kernel: at most {}", kinds()),
        GapCause::OverBudget => format!("beyond a user's budget: {}", kinds()),
        GapCause::Unreadable { events } => {
            let events = events.map_or_else(|| "?".to_owned(), units::count);
            format!("a part of the recording cannot be read: {events} events")
        }
        GapCause::Untraced => "no tracer was running".to_owned(),
    };
    Phrase::of(Tone::Bad, text).and(Tone::Dim, since)
}
