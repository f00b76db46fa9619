//! Facts about one process, in sections: exit, family, programs, resources. Unknown values are
//! named as unknown.

use crate::{
    event::{
        FaultTally, Relations, Sigchld, TaskState, Uid, Usage, clone_flag_names, command_line,
        units,
    },
    model::{Creation, Key, MissingStates, Model, Process, State},
    tui::{
        state::data::Data,
        style::phrase::{Phrase, Tone},
        text::{describe, words},
        widget::page::Sheet,
    },
};

/// The number of relatives or threads listed by name.
const NAMED: usize = 12;

/// Returns the real user of a process by name and ID, and the effective one if it is
/// another. None if unknown.
fn user(model: &Model, relations: &Relations) -> Option<String> {
    let named = |uid: Uid| match model.session().and_then(|session| session.user(uid)) {
        Some(name) => format!("{name} ({})", uid.get()),
        None => uid.get().to_string(),
    };
    let uid = relations.uid?;
    Some(match relations.euid.filter(|&euid| euid != uid) {
        Some(effective) => format!("{}, effective {}", named(uid), named(effective)),
        None => named(uid),
    })
}

/// Returns the section about creation, parents and children.
pub fn family(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let (model, process) = (data.model, data.model.process(key));
    let mut sheet = Sheet::new(width);
    sheet.section("FAMILY");
    let created = match (process.created_by, process.forked_by) {
        (Creation::Snapshot, _) => Phrase::of(Tone::Dim, "before tracing began"),
        (Creation::Missed, _) => Phrase::of(Tone::Warn, "not witnessed"),
        (creation, by) => {
            let by = by.map_or_else(|| "?".to_owned(), |by| words::subject(model, by));
            Phrase::plain(format!("{by}, by {}", creation.name().unwrap_or("?")))
        }
    };
    sheet.fact("created by", created);
    if let Some(flags) = process.clone_flags {
        let names = clone_flag_names(flags).join(" ");
        sheet.fact(
            "clone flags",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names
            },
        );
    }
    match process.parent {
        Some(parent) => sheet.fact("parent", relative(data, parent)),
        None if model.parent_pid(&process) == Some(0) => {
            sheet.fact(
                "parent",
                Phrase::of(Tone::Dim, "none: the idle task created it"),
            );
        }
        None => sheet.fact("parent", Phrase::of(Tone::Warn, "unknown")),
    }
    if process.is_reparented()
        && let Some(original) = process.original_parent
    {
        match process.lost_parent().filter(|_| !model.contains(original)) {
            None => sheet.fact("original parent", relative(data, original)),
            Some(lost) => {
                let comm = lost.comm.map_or("?".to_owned(), |comm| comm.to_string());
                let text = format!("{} {comm}, no longer listed", lost.id.tgid);
                sheet.fact("original parent", Phrase::of(Tone::Warn, text));
            }
        }
    }
    if let Some(lost) = process.lost_parent() {
        let number = units::plural(lost.generations, "ancestor", "ancestors");
        let text = format!("{number} that exited left out of the tree");
        sheet.fact("ancestors", Phrase::of(Tone::Warn, text));
    }
    if let Some(user) = process.relations.and_then(|it| user(model, &it)) {
        sheet.fact("user", user);
    }
    relatives(
        &mut sheet,
        data,
        "children",
        model.tree_children(key).into_owned(),
    );
    let listed = model.tree_children(key).len() as u64;
    let evicted = process.tree_child_count().saturating_sub(listed);
    if evicted > 0 {
        let text = format!("{evicted} more that exited are no longer listed");
        sheet.fact("children", Phrase::of(Tone::Warn, text));
    }
    relatives(&mut sheet, data, "adopted", model.adopted(key).collect());
    if let Some((pid, level)) = process.ns
        && level > 0
    {
        sheet.fact(
            "in namespace",
            format!("pid {pid}, {level} below the initial one"),
        );
    }
    sheet
}

fn relative(data: &Data<'_>, key: Key) -> Phrase {
    let state = data.model.process(key).state();
    Phrase::of(words::state_tone(state), data.glyphs.state(state))
        .and(Tone::Plain, format!(" {}", words::label(data.model, key)))
}

fn relatives(sheet: &mut Sheet, data: &Data<'_>, label: &str, keys: Vec<Key>) {
    if keys.is_empty() {
        return;
    }
    let present = keys
        .iter()
        .filter(|&&key| !data.model.process(key).state().is_gone());
    let count = format!("{}, {} of them present", keys.len(), present.count());
    sheet.fact(label, Phrase::plain(count));
    // Recent relatives are of more interest than old ones.
    let mut named = Phrase::new();
    for &key in keys.iter().rev().take(NAMED) {
        named = named.joined(relative(data, key)).and(Tone::Plain, "  ");
    }
    if keys.len() > NAMED {
        named.push(Tone::Dim, format!("and {} earlier", keys.len() - NAMED));
    }
    sheet.fact("", named);
}

/// Returns the section about executed programs.
pub fn programs(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let process = data.model.process(key);
    let mut sheet = Sheet::new(width);
    sheet.section("PROGRAMS");
    if let Some(argv) = &process.snapshot_argv {
        let since = match process.created_by {
            Creation::Snapshot => "when found",
            _ => "inherited",
        };
        sheet.fact(since, Phrase::of(Tone::Dim, command_line(argv.as_bytes())));
    }
    for execution in &process.executions {
        let exec = &execution.exec;
        let cut = if exec.filename_cut { "..." } else { "" };
        let file = format!("{}{cut}", exec.filename);
        sheet.fact(
            &words::clock(data, execution.at),
            Phrase::of(Tone::Strong, file),
        );
        let arguments = match &exec.argv {
            Some(argv) => Phrase::plain(command_line(argv.as_bytes())),
            None => Phrase::of(Tone::Warn, "arguments unknown"),
        };
        sheet.fact("", arguments);
        if let Some(argv) = &exec.argv
            && argv.as_bytes().len() < exec.argv_total as usize
        {
            let known = units::bytes(argv.as_bytes().len() as u64);
            let all = units::bytes(u64::from(exec.argv_total));
            sheet.fact(
                "",
                Phrase::of(Tone::Warn, format!("the first {known} of {all}")),
            );
        }
    }
    if process.executions.is_empty() && process.snapshot_argv.is_none() {
        sheet.line(Phrase::of(Tone::Dim, "none seen"));
    }
    sheet
}

/// Returns the section about exit and reap.
pub fn exit(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let process = data.model.process(key);
    let mut sheet = Sheet::new(width);
    sheet.section("EXIT");
    let state = process.state();
    match state {
        State::Alive => sheet.line(Phrase::of(Tone::Good, "not yet")),
        State::Vanished => sheet.fact("", Phrase::of(Tone::Warn, "not seen: records were lost")),
        State::Exiting | State::Zombie | State::Reaped => {}
    }
    if state != State::Alive {
        sheet.fact("ended with", ended_with(&process));
    }
    if let Some(reason) = data.model.exiting_reason(key) {
        sheet.fact("exiting", Phrase::of(Tone::Warn, reason));
    }
    for (at, sent) in &process.signals {
        let when = words::clock(data, *at);
        sheet.fact(
            "signal",
            describe::signal_sent(sent).and(Tone::Dim, format!(" at {when}")),
        );
    }
    if let Some(sig) = process.status.and_then(|status| status.signal())
        && process.fatal_signal().is_none()
    {
        let text = format!("the sender of {} was not seen", words::signal(sig));
        sheet.fact("signal", Phrase::of(Tone::Warn, text));
    }
    if let Some(victim) = process.oom() {
        sheet.fact("memory", describe::oom_victim(victim));
    }
    reaping(&mut sheet, data, &process);
    sheet
}

fn ended_with(process: &Process) -> Phrase {
    let Some(status) = process.status else {
        return Phrase::of(Tone::Warn, "unknown");
    };
    match (status.exit_code(), status.signal()) {
        (Some(0), _) => Phrase::of(Tone::Good, "exit code 0"),
        (Some(code), _) => Phrase::of(Tone::Warn, format!("exit code {code}")),
        (_, Some(sig)) => {
            let core = if status.core_dumped() {
                ", core dumped"
            } else {
                ""
            };
            Phrase::of(Tone::Bad, format!("{}{core}", words::signal(sig)))
        }
        (None, None) => Phrase::of(Tone::Warn, "unknown"),
    }
}

fn reaping(sheet: &mut Sheet, data: &Data<'_>, process: &Process) {
    let (model, state) = (data.model, process.state());
    if state == State::Zombie {
        let since = process.zombie_time(data.now);
        let since = since.map_or("?".to_owned(), |time| format!("for {time}"));
        let memory = words::zombie_memory(model, process);
        let memory = memory.map_or("?".to_owned(), units::bytes);
        sheet.fact(
            "zombie",
            Phrase::of(Tone::Bad, since).and(Tone::Plain, format!(", holds {memory}")),
        );
    }
    let tenures: Vec<_> = process.tenures(data.now).collect();
    if state == State::Zombie || tenures.len() > 1 {
        for tenure in tenures {
            let owner = tenure.owner;
            let owner = owner.map_or("?".to_owned(), |key| words::label(model, key));
            sheet.fact("owner", format!("{owner} for {}", tenure.time));
        }
    }
    let after = process.zombie_time(data.now);
    let after = after.map_or(String::new(), |time| format!(" after {time}"));
    if process.autoreaped == Some(true) {
        let why = match process.sigchld {
            Some(Sigchld::Ignored) => "by the kernel: the parent ignores SIGCHLD",
            Some(Sigchld::NoCldWait) => "by the kernel: the parent set SA_NOCLDWAIT",
            Some(Sigchld::Zombie) | None => "by the kernel",
        };
        sheet.fact("reaped", why);
    } else if let Some(by) = process.reaped_by {
        sheet.fact("reaped", format!("by {}{after}", words::subject(model, by)));
    } else if let Some(by) = words::releaser(model, process) {
        sheet.fact(
            "reaped",
            format!("by the exit of {by}{after}: nobody waited"),
        );
    } else if state == State::Reaped {
        let text = format!("by a call that was not seen{after}");
        sheet.fact("reaped", Phrase::of(Tone::Warn, text));
    }
}

/// Returns the section about CPU time, memory and threads.
pub fn resources(data: &Data<'_>, key: Key, width: usize) -> Sheet {
    let (model, process) = (data.model, data.model.process(key));
    let mut sheet = Sheet::new(width);
    sheet.section("RESOURCES");
    match words::faults_missing(model) {
        Some(reason) => {
            let text = format!("not traced: {reason}");
            sheet.fact("user faults", Phrase::of(Tone::Warn, text));
        }
        None => memory(&mut sheet, model, &process),
    }
    let alive = process.state() == State::Alive;
    match process.known_usage() {
        // For a process that runs, the sum covers only threads that exited.
        Some(usage) if !alive => {
            accounts(&mut sheet, model, usage);
            if !process.usage_complete {
                let text = "of the threads that have exited: lower bounds";
                sheet.fact("", Phrase::of(Tone::Warn, text));
            }
        }
        Some(_) | None => {
            let when = if alive {
                "known after the exit"
            } else {
                "unknown"
            };
            sheet.fact("CPU, memory", Phrase::of(Tone::Dim, when));
        }
    }
    states(&mut sheet, data, &process);
    let threads = match process.threads_seen {
        // Every process has a thread.
        0 => Phrase::of(Tone::Warn, "unknown"),
        seen => Phrase::plain(format!("{} alive, {seen} seen", process.threads.len())),
    };
    sheet.fact("threads", threads);
    if process.threads.len() > 1 {
        let named = process.threads.iter().take(NAMED);
        let mut named: Vec<_> = named
            .map(|thread| format!("{} {}", thread.id.pid, words::comm(thread.comm)))
            .collect();
        if process.threads.len() > NAMED {
            named.push(format!("and {} more", process.threads.len() - NAMED));
        }
        sheet.fact("", Phrase::of(Tone::Dim, named.join("  ")));
    }
    sheet
}

/// Adds the time in each state and from wake-ups to a CPU; nothing if states were not counted.
fn states(sheet: &mut Sheet, data: &Data<'_>, process: &Process) {
    if let Some(latency) = process.first_run_latency() {
        let text = format!("{} after it was made runnable", units::duration(latency));
        sheet.fact("first ran", text);
    }
    let (Some(times), Some(wakeups), Some(scheduling)) = (
        process.state_times(data.now),
        process.wakeups(),
        &process.scheduling,
    ) else {
        return;
    };
    let whole = times.total().max(1);
    let states = TaskState::ALIVE
        .iter()
        .filter(|&&state| times.of(state) > 0);
    let states = states.map(|&state| {
        let time = times.of(state);
        let share = u128::from(time) * 100 / u128::from(whole);
        format!("{} {} ({share} %)", units::duration(time), state.name())
    });
    let states = states.collect::<Vec<_>>().join(", ");
    let partial = match (process.missing_states(), scheduling.missed()) {
        (Some(MissingStates::End), _) => " (the end of a thread was missed)".to_owned(),
        (Some(MissingStates::Threads(unknown)), _) => {
            format!(" (threads without a record yet: {unknown})")
        }
        (None, 0) => String::new(),
        (None, missed) => format!(" ({missed} turns on a CPU were missed and count as runnable)"),
    };
    sheet.fact("states", Phrase::plain(states).and(Tone::Warn, partial));
    if let Some((state, since)) = process.main_state() {
        let since = units::duration(data.now.saturating_sub(since));
        sheet.fact("now", format!("{} for {since}", state.name()));
    }
    if let Some(average) = wakeups.average() {
        let text = format!(
            "{}, {} to a CPU on average, {} at most",
            units::count(wakeups.count),
            units::duration(average),
            units::duration(wakeups.latency_max)
        );
        sheet.fact("wake-ups", text);
    }
}

/// Adds faults by class and region, and the cost of the fork that created the process.
fn memory(sheet: &mut Sheet, model: &Model, process: &Process) {
    sheet.fact("faults", describe::fault_counts(&process.faults));
    let tally = FaultTally {
        classes: process.faults,
        places: process.places,
    };
    let (regions, elsewhere) = tally.regions();
    let by_region = regions.iter().filter_map(|here| {
        let faults = here.faults.filter(|&faults| faults > 0)?;
        let copies = here.copies.filter(|&copies| copies > 0);
        let copies = copies.map(|copies| format!(" ({} copied)", units::count(copies)));
        let name = here.region.name();
        Some(format!(
            "{} {name}{}",
            units::count(faults),
            copies.unwrap_or_default()
        ))
    });
    let elsewhere = (elsewhere > 0).then(|| format!("{} elsewhere", units::count(elsewhere)));
    let by_region: Vec<_> = by_region.chain(elsewhere).collect();
    if !by_region.is_empty() {
        sheet.fact("by region", by_region.join(", "));
    }
    if let Some(cost) = &process.fork_cost {
        let took = cost.took.map_or("?".to_owned(), units::duration);
        let pages = cost.space.pages.map_or("?".to_owned(), units::count);
        let mark = match cost.ambiguous && cost.both.count > 0 {
            true => " (~: other forks may have caused some)",
            false => "",
        };
        let fork = Phrase::plain(format!("{took}, {pages} pages mapped; copied since: "))
            .joined(words::fork_copies(model, cost, cost.parent.count))
            .and(Tone::Plain, " by the parent, ")
            .joined(words::fork_copies(model, cost, cost.child.count))
            .and(Tone::Plain, format!(" by the child{mark}"));
        sheet.fact("its fork", fork);
    }
}

fn accounts(sheet: &mut Sheet, model: &Model, usage: &Usage) {
    let times = format!(
        "{} user, {} system, {} on CPU",
        units::duration(usage.utime),
        units::duration(usage.stime),
        units::duration(usage.runtime)
    );
    sheet.fact("CPU", times);
    let switches = format!(
        "{} voluntary, {} forced",
        units::count(usage.nvcsw),
        units::count(usage.nivcsw)
    );
    sheet.fact("switches", switches);
    let faults = format!(
        "{} minor, {} major",
        units::count(usage.min_flt),
        units::count(usage.maj_flt)
    );
    sheet.fact("all faults", faults);
    let page = model.session().map(|session| session.page_size);
    let peak = match (usage.maxrss, page) {
        (Some(pages), Some(size)) if size > 0 => units::bytes(pages.saturating_mul(size)),
        (Some(pages), _) => format!("{} pages", units::count(pages)),
        (None, _) => "?".to_owned(),
    };
    sheet.fact("peak resident", peak);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{User, script::Script};

    #[test]
    fn user_is_named_by_the_recorded_host() {
        let script = Script::new().session_with(|session| {
            let name = "al\x1bice".into();
            session.users = vec![User { uid: 1000, name }];
        });
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        let of = |uid: u32, euid: u32| {
            let relations = Relations {
                uid: Uid::new(uid),
                euid: Uid::new(euid),
                ..Relations::default()
            };
            user(&model, &relations)
        };
        assert_eq!(of(1000, 1000).unwrap(), "al\\u{1b}ice (1000)");
        assert_eq!(of(1000, 0).unwrap(), "al\\u{1b}ice (1000), effective 0");
        assert_eq!(of(u32::MAX, 0), None);
    }
}
