//! What was traced, for how long, how much of it can be trusted, and how much
//! there was.

use super::{page::Page, words::plural};
use crate::{
    event::{Session, Utc, command_line, escaped, units::duration},
    model::{Creation, GapSpan, Model, Outcome, Tally},
};

pub fn write(model: &Model, tally: &Tally, page: &mut Page) {
    match model.session() {
        Some(session) => page.labelled("Traced", &machine(session)),
        None => page.labelled("Traced", "unknown: the stream has no beginning"),
    }
    page.labelled("Span", &span(model));
    page.labelled("Hooks", &hooks(model));
    page.labelled("Lost", &lost(model));
    page.labelled("Started", &started(model, tally));
    page.labelled("Ended", &ended(model, tally));
    page.labelled("Reaped", &reaped(tally));
    page.labelled("Now", &now(model));
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

fn span(model: &Model) -> String {
    let length = duration(model.now().saturating_sub(model.began()));
    let how = if model.ended() {
        ""
    } else {
        "; the stream breaks off here"
    };
    match model.session() {
        Some(session) => format!(
            "{} to {}, {length}{how}",
            Utc(session.realtime(model.began())),
            Utc(session.realtime(model.now())),
        ),
        None => format!("{length}; the wall clock is unknown{how}"),
    }
}

fn hooks(model: &Model) -> String {
    let hooks = model.session().map_or(&[][..], |session| &session.hooks);
    if hooks.is_empty() {
        return "unknown: the stream does not say".to_owned();
    }
    let names = |missing: bool| {
        let named = hooks.iter().filter(|hook| hook.hook.is_none() == missing);
        let told = named.filter(|hook| missing || !hook.loses.is_empty());
        told.map(|hook| hook.purpose.name()).collect::<Vec<_>>()
    };
    let (missing, degraded) = (names(true), names(false));
    let mut text = format!("{} of {} served", hooks.len() - missing.len(), hooks.len());
    for (what, names) in [("missing", missing), ("limited", degraded)] {
        if !names.is_empty() {
            text.push_str(&format!("; {what}: {}", names.join(", ")));
        }
    }
    if text.contains(';') {
        text.push_str(" (why: at the end)");
    }
    text
}

fn lost(model: &Model) -> String {
    let gaps = model.gaps();
    if gaps.is_empty() {
        return "nothing".to_owned();
    }
    let at_least = match gaps.iter().any(GapSpan::is_of_unknown_size) {
        true => "at least ",
        false => "",
    };
    format!(
        "{at_least}{} in {} (which: at the end): counts below are lower bounds",
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

fn ended(model: &Model, tally: &Tally) -> String {
    let count = |which: fn(Outcome) -> bool| {
        let ended = tally.ended.iter();
        let ended = ended.filter(|&(&outcome, _)| which(outcome));
        ended.map(|(_, count)| count).sum::<u64>()
    };
    let signals = count(|outcome| matches!(outcome, Outcome::Killed(_)));
    let failures = count(|outcome| matches!(outcome, Outcome::Code(_)));
    let exited_before_checkpoint = match model.exited_before_checkpoint() {
        0 => String::new(),
        exited_before_checkpoint => {
            format!("; how {exited_before_checkpoint} ended was told before this begins")
        }
    };
    format!(
        "{}: {} ok, {failures} with a failure code, {signals} by a signal{exited_before_checkpoint}",
        plural(model.totals().exits, "process", "processes"),
        count(|outcome| outcome == Outcome::Ok),
    )
}

fn reaped(tally: &Tally) -> String {
    let (by_wait, by_kernel) = (tally.reaped_by_wait, tally.reaped_by_kernel);
    let mut text = format!("{by_wait} by a wait, {by_kernel} by the kernel itself");
    let unseen = tally.reaped.saturating_sub(by_wait + by_kernel);
    if unseen > 0 {
        text.push_str(&format!(", {unseen} by a wait that was not seen"));
    }
    if tally.vanished > 0 {
        text.push_str(&format!("; {} gone without a trace", tally.vanished));
    }
    text
}

fn now(model: &Model) -> String {
    let zombies = model.zombies().len() as u64;
    format!(
        "{} alive, {}",
        model.alive(),
        plural(zombies, "zombie", "zombies")
    )
}
