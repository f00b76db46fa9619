//! The head of the report: machine, time span, hooks, losses and totals.

use super::{
    outcome,
    scope::{Filtered, Scope},
    table::{Cell, Column, Holds, Output, TableKind},
};
use crate::{
    event::{
        Session, Text, command_line,
        units::{duration, plural},
    },
    model::{Creation, GapSpan, Model, Outcome, State, StreamEnd, Tally, TracedCommand},
};

/// The command that tracer ran.
pub static COMMAND: TableKind = TableKind {
    name: "command",
    about: "the command that tracer ran (`tracer record FILE -- CMD`); no row if it ran none",
    columns: &[
        Column::json("argv", "command line").of(Holds::Arguments),
        Column::json(
            "process",
            "its process; null if it is not in this part of the recording",
        )
        .of(Holds::Process),
        Column::json(
            "processes",
            "number of its retained processes: itself and its descendants",
        )
        .of(Holds::Number),
        Column::json(
            "more",
            "true if there may be more: processes are no longer listed, this part begins after the \
             command, or records were lost",
        )
        .of(Holds::Flag),
        Column::json("lifetime_ns", "time from fork to exit, or until now").of(Holds::Number),
        Column::json("outcome", "outcome").of(Holds::Outcome),
    ],
};

/// The trace and the processes of the report.
pub static TRACE: TableKind = TableKind {
    name: "trace",
    about: "the trace and the processes of the report, one row",
    columns: &[
        Column::json("hostname", "host name"),
        Column::json("kernel_release", "`uname -r`"),
        Column::json_time("began", "beginning of the trace, or of the part of it"),
        Column::json_time("ended", "end of the trace, or of the part of it"),
        Column::json("complete", "false if the trace breaks off or goes on").of(Holds::Flag),
        Column::json(
            "lost",
            "number of records known to be lost; counts are lower bounds if it is not 0",
        )
        .of(Holds::Number),
        Column::json("gaps", "number of intervals in which records were lost").of(Holds::Number),
        Column::json("processes", "number of processes known").of(Holds::Number),
        Column::json(
            "unlisted",
            "number of processes that are counted but no longer listed",
        )
        .of(Holds::Number),
        Column::json("filter", "the filter"),
        Column::json("matching", "number of processes that the filter keeps").of(Holds::Number),
        Column::json(
            "unknown",
            "number of processes for which the filter is unknown",
        )
        .of(Holds::Number),
        Column::json(
            "outcomes",
            "outcomes of the processes that have exited, with the number of each",
        )
        .of(Holds::Outcomes),
        Column::json("reaped", "number of processes that were reaped").of(Holds::Number),
        Column::json("alive", "number of running processes at the end").of(Holds::Number),
        Column::json("zombies", "number of zombies at the end").of(Holds::Number),
    ],
};

/// Writes the head.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    command(scope, page);
    match model.session() {
        Some(session) => page.labelled("Traced", &machine(session)),
        None => page.labelled("Traced", "unknown: the start of the trace is missing"),
    }
    page.labelled("Span", &span(scope));
    page.labelled("Hooks", &hooks(model));
    page.labelled("Lost", &lost(model));
    if let Some(filtered) = &scope.filtered {
        page.labelled("Filter", &matching(model, filtered));
    }
    page.labelled("Started", &started(scope));
    page.labelled("Exited", &exited(scope));
    page.labelled("Reaped", &reaped(&scope.tally));
    page.labelled("Now", &now(scope));
    page.facts(scope, &TRACE, facts(scope));
}

fn facts(scope: &Scope<'_>) -> Vec<Cell> {
    let model = scope.model;
    let text = |text: &str| Cell::Text(text.to_owned());
    let (alive, zombies) = present(scope);
    let filtered = scope.filtered.as_ref();
    vec![
        Cell::known(model.session(), |session| text(session.hostname.raw())),
        Cell::known(model.session(), |session| {
            text(session.kernel_release.raw())
        }),
        Cell::Time(model.began()),
        Cell::Time(model.now()),
        Cell::Flag(model.end() == StreamEnd::OfTrace),
        Cell::Count(model.totals().lost),
        Cell::Count(model.gap_count()),
        Cell::Count(model.count_of_this_part() + model.unlisted()),
        Cell::Count(model.unlisted()),
        Cell::some(filtered, |it| text(it.filter.text())),
        Cell::some(filtered, |it| Cell::Count(it.count())),
        Cell::some(filtered, |it| Cell::Count(it.unknown)),
        Cell::Outcomes(outcome::most_frequent(&scope.tally.ended)),
        Cell::Count(scope.tally.reaped),
        Cell::Count(alive),
        Cell::Count(zombies),
    ]
}

/// Writes the command that tracer ran, with the number of its processes, the time it took
/// and its outcome, if tracer ran one.
fn command(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    let Some(argv) = model.session().and_then(Session::traced_command) else {
        return;
    };
    let line = command_line(argv);
    let argv = Cell::Arguments(Text::new(argv));
    let key = match model.traced_command() {
        TracedCommand::Process(key) => key,
        TracedCommand::Missing(reason) => {
            page.labelled("Your command:", &format!("{line}: unknown, {reason}"));
            let rest = [const { Cell::Unknown }; 5];
            page.facts(scope, &COMMAND, [argv].into_iter().chain(rest).collect());
            return;
        }
    };
    let process = model.process(key);
    let subtree = model.subtree(key);
    let of_part = subtree.filter(|&key| model.has_in_this_part(key));
    let processes = of_part.count() as u64;
    // Descendants that have been evicted, that ended before this part, or of which the
    // records were lost.
    let began_before = process.forked_at.is_none_or(|at| at < model.began());
    let more = model.unlisted() > 0 || began_before || !model.gaps().is_empty();
    let lifetime = process.lifetime(model.now());
    let outcome = match process.outcome() {
        Outcome::Ok => "exit 0".to_owned(),
        other => outcome::text(other),
    };
    let number = match model.is_of_this_part(&process) {
        false => "ended before this part".to_owned(),
        true => {
            let at_least = if more { "at least " } else { "" };
            format!("{at_least}{}", plural(processes, "process", "processes"))
        }
    };
    let took = lifetime.map_or_else(|| "duration unknown".to_owned(), duration);
    let says = format!("{line}: {number}, {took}, {outcome}");
    page.labelled("Your command:", &says);
    let row = vec![
        argv,
        Cell::Process(key),
        Cell::Count(processes),
        Cell::Flag(more),
        Cell::known(lifetime, Cell::Duration),
        Cell::Outcome(process.outcome()),
    ];
    page.facts(scope, &COMMAND, row);
}

/// Returns how many processes a filter keeps.
fn matching(model: &Model, filtered: &Filtered<'_>) -> String {
    let all = model.count_of_this_part();
    let mut text = format!(
        "{} of {}: {}",
        filtered.count(),
        plural(all, "process", "processes"),
        filtered.filter.text()
    );
    if filtered.unknown > 0 {
        let them = plural(filtered.unknown, "process", "processes");
        text.push_str(&format!("; unknown for {them}"));
    }
    if model.unlisted() > 0 {
        let evicted = plural(model.unlisted(), "process", "processes");
        text.push_str(&format!(
            "; {evicted} exited earlier and are no longer in memory"
        ));
    }
    text
}

fn machine(session: &Session) -> String {
    let cpus = plural(session.cpus.into(), "CPU", "CPUs");
    let mut machine = format!(
        "{}, Linux {}, {cpus}, by tracer {}",
        session.hostname, session.kernel_release, session.tracer_version,
    );
    let command = command_line(session.command.as_bytes());
    if !command.is_empty() {
        machine.push_str(&format!(" ({command})"));
    }
    machine
}

fn span(scope: &Scope<'_>) -> String {
    let model = scope.model;
    let (began, ended) = (model.began(), model.now());
    let length = duration(ended.saturating_sub(began));
    let how = match model.end() {
        StreamEnd::OfTrace => "",
        StreamEnd::OfPart => "; the trace goes on after this part",
        StreamEnd::None => "; the trace breaks off here",
    };
    match model.session() {
        Some(session) => {
            let [began, ended] = [began, ended].map(|at| session.realtime(at));
            format!("{}, {length}{how}", scope.layout.zone.span(began, ended, 3))
        }
        None => format!("{length}; wall clock unknown{how}"),
    }
}

fn hooks(model: &Model) -> String {
    let hooks = model.session().map_or(&[][..], |session| &session.hooks);
    if hooks.is_empty() {
        return "unknown: not in the trace".to_owned();
    }
    let names = |missing: bool| {
        let named = hooks.iter().filter(|hook| hook.hook.is_none() == missing);
        let listed = named.filter(|hook| missing || !hook.loses.is_empty());
        listed.map(|hook| hook.purpose.name()).collect::<Vec<_>>()
    };
    let (missing, degraded) = (names(true), names(false));
    let mut text = format!(
        "{} of {} available",
        hooks.len() - missing.len(),
        hooks.len()
    );
    for (what, names) in [("missing", missing), ("limited", degraded)] {
        if !names.is_empty() {
            text.push_str(&format!("; {what}: {}", names.join(", ")));
        }
    }
    if text.contains(';') {
        text.push_str(" (reasons at the end)");
    }
    text
}

fn lost(model: &Model) -> String {
    let gaps = model.gaps();
    if gaps.is_empty() {
        return "nothing".to_owned();
    }
    let at_least = match gaps.iter().any(GapSpan::has_unknown_size) {
        true => "at least ",
        false => "",
    };
    let counts = match gaps.iter().any(GapSpan::hides_lives) {
        true => "counts below are lower bounds",
        false => "no lives among them",
    };
    format!(
        "{at_least}{} in {} (listed at the end); {counts}",
        plural(model.totals().lost, "record", "records"),
        plural(model.gap_count(), "gap", "gaps"),
    )
}

fn started(scope: &Scope<'_>) -> String {
    let (totals, tally) = (scope.model.totals(), &scope.tally);
    let ways = [
        Creation::Fork,
        Creation::Vfork,
        Creation::Clone,
        Creation::Kthread,
    ];
    let ways = ways.iter().filter_map(|&way| {
        let made = tally.created.get(&way).copied().unwrap_or(0);
        (made > 0).then(|| format!("{} {made}", way.name().unwrap_or_default()))
    });
    let ways = ways.collect::<Vec<_>>().join(", ");
    let ways = if ways.is_empty() {
        ways
    } else {
        format!(" ({ways})")
    };
    if scope.filtered.is_some() {
        let created = tally.started.by_kind.values().map(|kind| kind.count);
        let created = created.sum::<u64>() + tally.started.rest.count;
        return format!("{}{ways}", plural(created, "process", "processes"));
    }
    format!(
        "{}{ways}, {}, {}",
        plural(totals.forks, "process", "processes"),
        plural(totals.threads, "thread", "threads"),
        plural(totals.execs, "exec", "execs"),
    )
}

fn exited(scope: &Scope<'_>) -> String {
    let model = scope.model;
    let count = |which: fn(Outcome) -> bool| {
        let ended = scope.tally.ended.iter();
        let ended = ended.filter(|&(&outcome, _)| which(outcome));
        ended.map(|(_, count)| count).sum::<u64>()
    };
    let signals = count(|outcome| matches!(outcome, Outcome::Killed(_)));
    let failures = count(|outcome| matches!(outcome, Outcome::Code(_)));
    let (exits, before) = match scope.filtered {
        Some(_) => (count(|_| true), 0),
        None => (model.totals().exits, model.exited_before_checkpoint()),
    };
    let exited_before = match before {
        0 => String::new(),
        count => format!("; {count} exited before this part, outcome unknown"),
    };
    format!(
        "{}: {} ok, {failures} with an error code, {signals} killed by a signal{exited_before}",
        plural(exits, "process", "processes"),
        count(|outcome| outcome == Outcome::Ok),
    )
}

fn reaped(tally: &Tally) -> String {
    let (by_wait, by_kernel) = (tally.reaped_by_wait, tally.reaped_by_kernel);
    let by_exit = tally.released_by_exit;
    let mut text = format!("{by_wait} by a wait, {by_kernel} by the kernel");
    if by_exit > 0 {
        text.push_str(&format!(
            ", {by_exit} by the exit of an owner that never waited"
        ));
    }
    let unseen = tally.reaped.saturating_sub(by_wait + by_kernel + by_exit);
    if unseen > 0 {
        text.push_str(&format!(", {unseen} by a call that was not observed"));
    }
    if tally.vanished > 0 {
        text.push_str(&format!(
            "; {} vanished: their end was not observed",
            tally.vanished
        ));
    }
    text
}

fn now(scope: &Scope<'_>) -> String {
    let (alive, zombies) = present(scope);
    let mut text = format!("{alive} alive, {}", plural(zombies, "zombie", "zombies"));
    let model = scope.model;
    let exiting = model.exiting().filter(|&key| scope.keeps(key));
    let ages: Vec<_> = exiting
        .map(|key| model.exiting_age(key, model.now()))
        .collect();
    if let Some(&(longest, at_least)) = ages.iter().max() {
        let count = ages.len();
        let oldest = if count > 1 { ", the oldest" } else { "" };
        let over = if at_least { "over " } else { "" };
        text.push_str(&format!(
            ", {count} exiting{oldest} for {over}{}",
            duration(longest)
        ));
    }
    text
}

/// Returns the number of running processes and of zombies.
fn present(scope: &Scope<'_>) -> (u64, u64) {
    if scope.filtered.is_none() {
        return (
            scope.model.alive() as u64,
            scope.model.zombies().len() as u64,
        );
    }
    let count = |state| {
        let in_state = scope.processes().filter(|(_, it)| it.state() == state);
        in_state.count() as u64
    };
    (count(State::Alive), count(State::Zombie))
}
