//! The head of the report: machine, time span, hooks, losses and totals.

use super::{
    outcome,
    page::{Layout, Page},
    words::plural,
};
use crate::{
    event::{Session, command_line, escaped, units::duration},
    model::{Creation, GapSpan, Model, Outcome, Tally, TracedCommand},
};

/// Writes the head.
pub fn write(model: &Model, tally: &Tally, page: &mut Page) {
    if let Some(command) = your_command(model) {
        page.labelled("Your command:", &command);
    }
    match model.session() {
        Some(session) => page.labelled("Traced", &machine(session)),
        None => page.labelled("Traced", "unknown: the start of the trace is missing"),
    }
    page.labelled("Span", &span(model, &page.layout));
    page.labelled("Hooks", &hooks(model));
    page.labelled("Lost", &lost(model));
    page.labelled("Started", &started(model, tally));
    page.labelled("Exited", &exited(model, tally));
    page.labelled("Reaped", &reaped(tally));
    page.labelled("Now", &now(model));
}

/// Returns the command that tracer ran, with the number of its processes, the time it took
/// and its outcome; none if tracer ran none.
fn your_command(model: &Model) -> Option<String> {
    let command = command_line(model.session()?.traced_command()?);
    let key = match model.traced_command() {
        TracedCommand::Process(key) => key,
        TracedCommand::Missing(reason) => return Some(format!("{command}: unknown, {reason}")),
    };
    let process = model.process(key);
    let processes = model.subtree(key).count() as u64;
    let took = process.lifetime(model.now());
    let outcome = match process.outcome() {
        Outcome::Ok => "exit 0".to_owned(),
        other => outcome::text(other),
    };
    Some(format!(
        "{command}: {}{}, {}, {outcome}",
        // Evicted processes may have been descendants.
        if model.unlisted() > 0 {
            "at least "
        } else {
            ""
        },
        plural(processes, "process", "processes"),
        took.map_or_else(|| "duration unknown".to_owned(), duration),
    ))
}

fn machine(session: &Session) -> String {
    let text = |text: &str| escaped(text.as_bytes());
    let cpus = plural(session.cpus.into(), "CPU", "CPUs");
    let mut machine = format!(
        "{}, Linux {}, {cpus}, by tracer {}",
        text(&session.hostname),
        text(&session.kernel_release),
        text(&session.tracer_version),
    );
    let command = command_line(session.command.as_bytes());
    if !command.is_empty() {
        machine.push_str(&format!(" ({command})"));
    }
    machine
}

fn span(model: &Model, layout: &Layout) -> String {
    let (began, ended) = (model.began(), layout.until.unwrap_or(model.now()));
    let length = duration(ended.saturating_sub(began));
    let how = match (model.ended(), layout.until) {
        (true, _) => "",
        (false, Some(_)) => "; the trace goes on after this part",
        (false, None) => "; the trace breaks off here",
    };
    match model.session() {
        Some(session) => {
            let [began, ended] = [began, ended].map(|at| session.realtime(at));
            format!("{}, {length}{how}", layout.zone.span(began, ended, 3))
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
    format!(
        "{at_least}{} in {} (listed at the end); counts below are lower bounds",
        plural(model.totals().lost, "record", "records"),
        plural(gaps.len() as u64, "gap", "gaps"),
    )
}

fn started(model: &Model, tally: &Tally) -> String {
    let totals = model.totals();
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
    format!(
        "{}{ways}, {}, {}",
        plural(totals.forks, "process", "processes"),
        plural(totals.threads, "thread", "threads"),
        plural(totals.execs, "exec", "execs"),
    )
}

fn exited(model: &Model, tally: &Tally) -> String {
    let count = |which: fn(Outcome) -> bool| {
        let ended = tally.ended.iter();
        let ended = ended.filter(|&(&outcome, _)| which(outcome));
        ended.map(|(_, count)| count).sum::<u64>()
    };
    let signals = count(|outcome| matches!(outcome, Outcome::Killed(_)));
    let failures = count(|outcome| matches!(outcome, Outcome::Code(_)));
    let exited_before = match model.exited_before_checkpoint() {
        0 => String::new(),
        count => format!("; {count} exited before this part, outcome unknown"),
    };
    format!(
        "{}: {} ok, {failures} with an error code, {signals} killed by a signal{exited_before}",
        plural(model.totals().exits, "process", "processes"),
        count(|outcome| outcome == Outcome::Ok),
    )
}

fn reaped(tally: &Tally) -> String {
    let (by_wait, by_kernel) = (tally.reaped_by_wait, tally.reaped_by_kernel);
    let mut text = format!("{by_wait} by a wait, {by_kernel} by the kernel");
    let unseen = tally.reaped.saturating_sub(by_wait + by_kernel);
    if unseen > 0 {
        text.push_str(&format!(", {unseen} by a wait that was not observed"));
    }
    if tally.vanished > 0 {
        text.push_str(&format!(
            "; {} vanished: their end was not observed",
            tally.vanished
        ));
    }
    text
}

fn now(model: &Model) -> String {
    let zombies = model.zombies().len() as u64;
    let mut text = format!(
        "{} alive, {}",
        model.alive(),
        plural(zombies, "zombie", "zombies")
    );
    let exiting = model.exiting();
    let count = exiting.len();
    let ages = exiting.map(|key| model.exiting_age(key, model.now()));
    if let Some((longest, at_least)) = ages.max() {
        let oldest = if count > 1 { ", the oldest" } else { "" };
        let over = if at_least { "over " } else { "" };
        text.push_str(&format!(
            ", {count} exiting{oldest} for {over}{}",
            duration(longest)
        ));
    }
    text
}
