//! Text for processes, times and exits, the same in every view. Names and arguments of processes
//! are escaped here, through [`crate::event`]. An unknown value is a question mark or a word, never
//! zero.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::{
    event::{
        Comm, Faults, Label, Purpose, TaskState, Usage, Who, arguments, command_line, escaped,
        signal_name, units,
    },
    model::{ForkCost, Key, Model, Process, ReapKind, State, UnknownReason, ZombieTime},
    tui::{
        state::data::Data,
        style::{
            glyphs::Glyphs,
            phrase::{Phrase, Tone},
        },
    },
};

/// Returns the command name, or a question mark if none was seen.
pub fn name(process: &Process) -> String {
    process
        .known_comm()
        .map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

/// Returns a command name, or a question mark if it is empty.
pub fn comm(comm: Comm) -> String {
    if comm == Comm::default() {
        "?".to_owned()
    } else {
        comm.to_string()
    }
}

/// Returns a process as `812 nginx`.
pub fn label(model: &Model, key: Key) -> String {
    let process = model.process(key);
    format!("{} {}", process.id.tgid, name(&process))
}

/// Returns the subject of an event as `812 nginx`; a thread with its own number.
pub fn subject(model: &Model, who: Who) -> String {
    if who == Who::HOST {
        return "the kernel".to_owned();
    }
    let process = match model.find(who.process) {
        Some(key) => label(model, key),
        None => who.process.tgid.to_string(),
    };
    if who.is_leader() {
        process
    } else {
        format!("{process} (thread {})", who.task.pid)
    }
}

/// Returns what a command line adds to the command name. `nginx -c x` run as `/usr/sbin/nginx` adds
/// `-c x`; if the name says something else, the whole command line is returned.
pub fn arguments_beyond_name(process: &Process) -> Option<String> {
    let argv = process.argv()?;
    let program = arguments(argv).next()?;
    let file = program
        .rsplit(|&byte| byte == b'/')
        .next()
        .unwrap_or(program);
    // The kernel cuts names after 15 bytes.
    let comm = process.comm.as_bytes();
    let same = file == comm || comm.len() == 15 && file.starts_with(comm);
    // Daemons overwrite it with a title: `nginx: worker process`.
    if let Some(title) = program
        .strip_prefix(comm)
        .and_then(|rest| rest.strip_prefix(b": "))
        && !comm.is_empty()
    {
        Some(escaped(title))
    } else if same {
        let rest = argv.get(program.len() + 1..).unwrap_or_default();
        Some(command_line(rest))
    } else {
        Some(command_line(argv))
    }
}

/// Returns the tone of a process's state.
pub fn state_tone(state: State) -> Tone {
    match state {
        State::Alive => Tone::Good,
        State::Exiting => Tone::Warn,
        State::Zombie => Tone::Alert,
        State::Reaped | State::Vanished => Tone::Dim,
    }
}

/// Returns the tone of a task's state.
pub fn task_state_tone(state: TaskState) -> Tone {
    match state {
        TaskState::Running => Tone::Good,
        TaskState::Runnable => Tone::Warn,
        TaskState::Uninterruptible => Tone::Bad,
        TaskState::Stopped | TaskState::Traced => Tone::Accent,
        TaskState::Interruptible | TaskState::Idle | TaskState::Dead => Tone::Dim,
    }
}

/// Returns how a process exited, in one or two words as far as there is room; empty while it runs.
pub fn ending(process: &Process, width: usize) -> Phrase {
    let Some(status) = process.status else {
        let over = process.state() != State::Alive;
        return Phrase::of(Tone::Dim, if over { "?" } else { "" });
    };
    match (status.exit_code(), status.signal()) {
        (Some(0), _) => Phrase::of(Tone::Dim, "0"),
        (Some(code), _) => Phrase::of(Tone::Warn, code.to_string()),
        (_, Some(sig)) => {
            let signal = signal(sig);
            let more = match (process.oom().is_some(), status.core_dumped()) {
                (true, _) => format!("OOM {signal}"),
                (false, true) => format!("{signal} core"),
                (false, false) => signal.clone(),
            };
            let short = if process.oom().is_some() {
                "OOM kill".to_owned()
            } else {
                signal
            };
            Phrase::of(Tone::Bad, if more.len() <= width { more } else { short })
        }
        (None, None) => Phrase::of(Tone::Dim, "?"),
    }
}

/// Returns a share of one as `12.3%`.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// Returns the name of a signal.
pub fn signal(sig: i32) -> String {
    signal_name(sig).map_or_else(|| format!("signal {sig}"), |name| name.into_owned())
}

/// Returns how long a process has been in its state: the lifetime, or the time since it began to
/// exit or became a zombie.
pub fn age(process: &Process, now: u64) -> String {
    let time = match process.state() {
        State::Zombie => process.zombie_time(now).map(ZombieTime::compact),
        State::Exiting => process.exiting_time(now).map(units::duration),
        _ => process.lifetime(now).map(units::duration),
    };
    time.unwrap_or_else(|| "?".to_owned())
}

/// Returns the lifetime up to the exit; a question mark if either end was not seen.
pub fn age_at_exit(process: &Process) -> String {
    let time = process.lifetime(process.exited_at.unwrap_or_default());
    time.map_or_else(|| "?".to_owned(), units::duration)
}

/// Returns the number of threads: those present, or for an exited process all that were seen.
pub fn threads(process: &Process) -> Phrase {
    let (tone, count) = match process.state() {
        State::Alive => (Tone::Plain, process.threads.len() as u64),
        _ => (Tone::Dim, u64::from(process.threads_seen)),
    };
    match count {
        // Every process has a thread, so none was seen.
        0 => Phrase::of(Tone::Dim, "?"),
        1 => Phrase::of(Tone::Dim, "1"),
        _ => Phrase::of(tone, units::count(count)),
    }
}

/// Returns a count that is unknown unless faults are traced.
pub fn faults(model: &Model, count: u64) -> Phrase {
    match (faults_missing(model), count) {
        (Some(_), _) => Phrase::of(Tone::Dim, "?"),
        (None, 0) => Phrase::of(Tone::Dim, "0"),
        (None, count) => Phrase::plain(units::count(count)),
    }
}

/// Returns pages copied on write, with a question mark if some of them may not have been copies.
pub fn copies(model: &Model, counted: &Faults) -> Phrase {
    let count = faults(model, counted.copies());
    match counted.write_protect {
        0 => count,
        _ => count.and(Tone::Dim, "?"),
    }
}

/// Returns why page faults are not traced; `None` if they are.
pub fn faults_missing(model: &Model) -> Option<&Label> {
    model.session()?.missing(Purpose::Faults)
}

/// Returns the kernel's accounts for the whole lifetime. They arrive with the exit.
pub fn final_usage(process: &Process) -> Option<&Usage> {
    let ended = process.state() != State::Alive;
    process.known_usage().filter(|_| ended)
}

/// Returns a figure of these accounts: `?` while it is unknown, and a lower bound as `>3` while
/// some of the threads are missing from it.
pub fn account(process: &Process, figure: impl Fn(&Usage) -> Option<String>) -> Phrase {
    let Some(figure) = final_usage(process).and_then(figure) else {
        return Phrase::of(Tone::Faint, "?");
    };
    let bound = if process.usage_complete { "" } else { ">" };
    let tone = match figure.as_str() {
        "0" => Tone::Dim,
        _ => Tone::Plain,
    };
    Phrase::of(Tone::Dim, bound).and(tone, figure)
}

/// Returns pages copied because of a fork: `?` if they are not traced, and with a `~` if another
/// fork may have caused some of them.
pub fn fork_copies(model: &Model, cost: &ForkCost, count: u64) -> Phrase {
    let session = model.session();
    if session.is_some_and(|session| session.missing(Purpose::Cow).is_some()) {
        return Phrase::of(Tone::Faint, "?");
    }
    match count {
        0 => Phrase::of(Tone::Dim, "0"),
        count if cost.ambiguous => {
            Phrase::of(Tone::Warn, "~").and(Tone::Plain, units::count(count))
        }
        count => Phrase::plain(units::count(count)),
    }
}

/// Returns the time of an exit, or the earliest time by which it had happened, as `by 12:00:01`.
pub fn exit_time(data: &Data<'_>, process: &Process) -> Phrase {
    match (process.exited_at, process.end_seen_at()) {
        (Some(at), _) => Phrase::of(Tone::Dim, clock(data, at)),
        (None, Some(by)) => {
            let clock = clock(data, by);
            let seconds = clock.split('.').next().unwrap_or_default();
            Phrase::of(Tone::Dim, format!("by {seconds}"))
        }
        (None, None) => Phrase::of(Tone::Dim, "?"),
    }
}

/// Returns the path of the process's cgroup, or of its last one.
pub fn cgroup(model: &Model, process: &Process) -> Option<String> {
    let path = model.cgroup_path(process.cgroup?)?;
    Some(escaped(path.as_bytes()))
}

/// Returns the end of a text that fits into `width`. The end of a path says most.
pub fn tail(text: &str, width: usize, glyphs: &Glyphs) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |&(_, letter): &(usize, char)| {
        let needed = letter.width().unwrap_or(0);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    };
    let start = text.char_indices().rev().take_while(fits).last();
    format!("{}{}", glyphs.more, start.map_or("", |(at, _)| &text[at..]))
}

/// Returns the owner that released a zombie by its exit and never waited for it.
pub fn releaser(model: &Model, process: &Process) -> Option<String> {
    if process.reap_kind() != Some(ReapKind::OwnerExit) {
        return None;
    }
    let last = process.tenures(0).last()?;
    Some(
        last.owner
            .map_or("?".to_owned(), |owner| label(model, owner)),
    )
}

/// Returns the memory that the kernel holds for a zombie, in bytes. The stack is released in the
/// last switch (`put_task_stack` in `finish_task_switch`); the task_struct stays until the reap.
pub fn zombie_memory(model: &Model, zombie: &Process) -> Option<u64> {
    let session = model.session()?;
    let task = session.task_struct_size?;
    let stack_gone = zombie.last_switch.is_some() || zombie.found_exited_at().is_some();
    let stack = if stack_gone {
        0
    } else {
        session.kernel_stack_size?
    };
    Some(task + stack)
}

/// Returns the time of day of a moment in 15 columns: `12:00:01.123456`, `30 Nov 12:00:01` on
/// another day than the one on the screen, or the time since tracing began if the stream has no
/// session record.
pub fn clock(data: &Data<'_>, at: u64) -> String {
    let model = data.model;
    let Some(session) = model.session() else {
        let since = at.saturating_sub(model.began());
        return format!(
            "+{}.{:06}",
            since / 1_000_000_000,
            since / 1_000 % 1_000_000
        );
    };
    data.zone
        .seen_at(session.realtime(at), session.realtime(data.now))
}

/// Returns a moment with date and zone: `2026-11-30 12:00:01.123456 +02:00`.
pub fn moment(data: &Data<'_>, at: u64) -> String {
    match data.model.session() {
        Some(session) => {
            let at = data.zone.at(session.realtime(at));
            format!("{} {} {}", at.date(), at.clock(6), at.offset())
        }
        None => clock(data, at),
    }
}

/// Returns why a moment is unknown.
pub fn unknown_reason(model: &Model, why: UnknownReason) -> String {
    match why {
        UnknownReason::NoHook(purpose) => {
            let reason = model.session().and_then(|session| session.missing(purpose));
            match reason.filter(|reason| !reason.is_empty()) {
                Some(reason) => format!("unknown: {}: {reason}", why.text()),
                None => format!("unknown: {}", why.text()),
            }
        }
        UnknownReason::BeforeTrace | UnknownReason::Unseen => format!("unknown: {}", why.text()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{
            Zone,
            script::{SEC, START, Script},
        },
        tui::{
            state::{active_filter::ActiveFilter, data::Mode, stream::Stream},
            style::glyphs::UNICODE,
        },
    };

    #[test]
    fn times_of_day_are_in_the_zone_and_count_from_the_beginning_without_one() {
        let filter = ActiveFilter::default();
        let mut stream = Stream::new(Mode::Live);
        stream.set_zone(Zone::new(|_| 20_700));
        for event in Script::new().found(1, 0, "init").found_all().events {
            stream.apply(&event);
        }
        let data = stream.data(&filter, &UNICODE);
        assert_eq!(clock(&data, START + 3 * SEC / 2), "+1.500000");
        assert_eq!(moment(&data, START + 3 * SEC / 2), "+1.500000");
        let session = Script::new().session_with(|session| session.realtime_offset = 0);
        stream.apply(&session.events[0]);
        let data = stream.data(&filter, &UNICODE);
        assert_eq!(clock(&data, START + 3 * SEC / 2), "06:01:41.500000");
        assert_eq!(clock(&data, START + 86_400 * SEC), " 2 Jan 06:01:40");
        let full = "1970-01-01 06:01:41.500000 +05:45";
        assert_eq!(moment(&data, START + 3 * SEC / 2), full);
    }
}
