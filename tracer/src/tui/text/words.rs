//! How processes, times and ends are put into words, the same in every view.
//! Everything that comes from a process is escaped here, by way of
//! [`crate::event`]; unknown is a question mark or a word, never zero.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::{
    event::{
        Comm, Faults, Purpose, TaskState, Usage, Utc, Who, arguments, command_line, escaped,
        signal_name, units,
    },
    model::{Key, Model, Process, State, UnknownReason},
    tui::style::{
        glyphs::Glyphs,
        phrase::{Phrase, Tone},
    },
};

/// Its command name, or a question mark for one of which none was seen.
pub fn name(process: &Process) -> String {
    process
        .known_comm()
        .map_or_else(|| "?".to_owned(), |comm| comm.to_string())
}

pub fn comm(comm: Comm) -> String {
    if comm == Comm::default() {
        "?".to_owned()
    } else {
        comm.to_string()
    }
}

/// `812 nginx`.
pub fn label(model: &Model, key: Key) -> String {
    let process = model.process(key);
    format!("{} {}", process.id.tgid, name(process))
}

/// `812 nginx` of whoever an event names; its threads by their own number.
pub fn whose(model: &Model, who: Who) -> String {
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

/// What a command line says beyond the command's name. `nginx -c x` run as
/// `/usr/sbin/nginx` adds `-c x`; where the name tells something else, all of
/// the command line is said.
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
    // Daemons write their title over it: `nginx: worker process`.
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

pub fn state_tone(state: State) -> Tone {
    match state {
        State::Alive => Tone::Good,
        State::Exiting => Tone::Warn,
        State::Zombie => Tone::Alert,
        State::Reaped | State::Vanished => Tone::Dim,
    }
}

pub fn doing_tone(state: TaskState) -> Tone {
    match state {
        TaskState::Running => Tone::Good,
        TaskState::Runnable => Tone::Warn,
        TaskState::Uninterruptible => Tone::Bad,
        TaskState::Stopped | TaskState::Traced => Tone::Accent,
        TaskState::Interruptible | TaskState::Idle | TaskState::Dead => Tone::Dim,
    }
}

/// How it ended, in one word or two as far as there is room; empty while it
/// has not.
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

/// A share of one, as `12.3%`.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

pub fn signal(sig: i32) -> String {
    signal_name(sig).map_or_else(|| format!("signal {sig}"), |name| name.into_owned())
}

/// How long it has been what it is: the life of the living and of the dead, of
/// a zombie the time it has waited to be reaped.
pub fn age(process: &Process, now: u64) -> String {
    let time = match process.state() {
        State::Zombie => process.zombie_time(now),
        _ => process.lifetime(now),
    };
    time.map_or_else(|| "?".to_owned(), units::duration)
}

/// How long it lived; a question mark where either end was not seen.
pub fn age_at_death(process: &Process) -> String {
    let time = process.lifetime(process.exited_at.unwrap_or_default());
    time.map_or_else(|| "?".to_owned(), units::duration)
}

/// Its threads: those that live, or all that ever did of one that does not.
pub fn threads(process: &Process) -> Phrase {
    let (tone, count) = match process.state() {
        State::Alive => (Tone::Plain, process.threads.len() as u64),
        _ => (Tone::Dim, u64::from(process.threads_seen)),
    };
    match count {
        // Every process has one: it was not seen.
        0 => Phrase::of(Tone::Dim, "?"),
        1 => Phrase::of(Tone::Dim, "1"),
        _ => Phrase::of(tone, units::count(count)),
    }
}

/// A figure of which nothing is known unless faults are traced.
pub fn faults(model: &Model, count: u64) -> Phrase {
    match (faults_missing(model), count) {
        (Some(_), _) => Phrase::of(Tone::Dim, "?"),
        (None, 0) => Phrase::of(Tone::Dim, "0"),
        (None, count) => Phrase::plain(units::count(count)),
    }
}

/// Pages copied on write; marked where some may have been no copies.
pub fn copies(model: &Model, counted: &Faults) -> Phrase {
    let count = faults(model, counted.copies());
    match counted.write_protect {
        0 => count,
        _ => count.and(Tone::Dim, "?"),
    }
}

/// Why page faults are not traced, if they are not.
pub fn faults_missing(model: &Model) -> Option<&str> {
    model.session()?.missing(Purpose::Faults)
}

/// The kernel's accounts of a whole life: they come with its end.
pub fn final_usage(process: &Process) -> Option<&Usage> {
    let ended = process.state() != State::Alive;
    process.known_usage().filter(|_| ended)
}

/// The path of the control group that it is, or was last, in.
pub fn cgroup(model: &Model, process: &Process) -> Option<String> {
    let path = model.cgroup_path(process.cgroup?)?;
    Some(escaped(path.as_bytes()))
}

/// As much of a text as there is room for, from its end: of paths that says most.
pub fn end_of(text: &str, width: usize, glyphs: &Glyphs) -> String {
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

/// What the kernel holds for a zombie, bytes. The stack is given back in the last
/// switch (`put_task_stack` in `finish_task_switch`); what stays until the
/// reaping is the task_struct.
pub fn zombie_memory(model: &Model, zombie: &Process) -> Option<u64> {
    let session = model.session()?;
    let task = session.task_struct_size?;
    let stack_gone = zombie.last_switch.is_some() || zombie.zombie_when_found;
    let stack = if stack_gone {
        0
    } else {
        session.kernel_stack_size?
    };
    Some(task + stack)
}

/// The wall clock in UTC, or the time since tracing began where no session
/// tells what the clocks were: `12:00:01.123456`.
pub fn clock(model: &Model, at: u64) -> String {
    let Some(session) = model.session() else {
        let since = at.saturating_sub(model.began());
        return format!(
            "+{}.{:06}",
            since / 1_000_000_000,
            since / 1_000 % 1_000_000
        );
    };
    let clock = format!("{:.6}", Utc(session.realtime(at)));
    let clock = clock.split('T').next_back().unwrap_or_default();
    clock.trim_end_matches('Z').to_owned()
}

/// The day in UTC, `2026-01-31`.
pub fn date(model: &Model, at: u64) -> Option<String> {
    let moment = Utc(model.session()?.realtime(at)).to_string();
    moment.split('T').next().map(str::to_owned)
}

pub fn why(model: &Model, why: UnknownReason) -> String {
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
    use crate::event::script::{SEC, START, Script};

    #[test]
    fn without_a_session_the_clock_counts_from_the_beginning() {
        let mut model = Model::default();
        for event in Script::new().found(1, 0, "init").found_all().events {
            model.apply(&event);
        }
        assert_eq!(clock(&model, START + 3 * SEC / 2), "+1.500000");
        assert_eq!(date(&model, START), None);
        let session = Script::new().session_with(|session| session.realtime_offset = 0);
        model.apply(&session.events[0]);
        assert_eq!(clock(&model, START + 3 * SEC / 2), "00:16:41.500000");
        assert_eq!(date(&model, START).as_deref(), Some("1970-01-01"));
    }
}
