//! The section on what the trace does not cover: missing or limited hooks, and
//! lost records by kind and time.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    page::{Align, Page},
    words::time,
};
use crate::{
    event::{GapCause, escaped, units::duration},
    model::{GapSpan, Model},
};

const GAPS: usize = 10;

/// Writes the section, if anything is not covered.
pub fn write(model: &Model, page: &mut Page) {
    hooks(model, page);
    if !model.gaps().is_empty() {
        gaps(model, page);
    }
}

fn hooks(model: &Model, page: &mut Page) {
    let hooks = model.session().map_or(&[][..], |session| &session.hooks);
    let limited = hooks
        .iter()
        .filter(|hook| hook.hook.is_none() || !hook.loses.is_empty());
    let text = |text: &str| escaped(text.as_bytes());
    let rows: Vec<_> = limited
        .map(|hook| {
            let name = hook.hook.as_deref().map_or_else(|| "none".to_owned(), text);
            [hook.purpose.name().to_owned(), name, text(&hook.loses)]
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.section("Missing or limited hooks");
    for [purpose, hook, loses] in rows {
        page.line(&format!("  {purpose}, by {hook}:"));
        page.labelled("", &loses);
    }
}

fn gaps(model: &Model, page: &mut Page) {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in model.gaps().iter().flat_map(|gap| &gap.lost) {
        *kinds.entry(kind.name()).or_default() += count;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|&(name, count)| (Reverse(count), name));
    let named = kinds.iter().map(|(name, count)| format!("{count} {name}"));
    let any = |is: fn(GapCause) -> bool| model.gaps().iter().any(|gap| is(gap.cause));
    let unreadable = any(|cause| matches!(cause, GapCause::Unreadable { .. }))
        .then(|| "unreadable parts of the recording".into());
    let untraced =
        any(|cause| cause == GapCause::Untraced).then(|| "while no tracer was running".into());
    let lost: Vec<String> = named.chain(unreadable).chain(untraced).collect();
    page.section(&format!("Lost records: {}", lost.join(", ")));

    let mut worst: Vec<&GapSpan> = model.gaps().iter().collect();
    worst.sort_by_key(|gap| Reverse(gap.total()));
    let more = worst.len().saturating_sub(GAPS);
    worst.truncate(GAPS);
    worst.sort_by_key(|gap| gap.since);
    let rows = worst.iter().map(|gap| {
        let since = time(model, page, gap.since, 3);
        let length = duration(gap.until.saturating_sub(gap.since));
        let (count, cause) = match gap.cause {
            GapCause::NoRoom => (gap.total().to_string(), "buffer full"),
            GapCause::Skipped => (gap.total().to_string(), "skipped by the kernel, at most"),
            GapCause::Unreadable { events: None } => ("?".to_owned(), "unreadable"),
            GapCause::Unreadable { .. } => (gap.total().to_string(), "unreadable"),
            GapCause::Untraced => ("?".to_owned(), "no tracer was running"),
        };
        [count, since, length, cause.to_owned()]
    });
    let heads = [
        ("records", Align::Right),
        ("after", Align::Left),
        ("within", Align::Right),
        ("cause", Align::Left),
    ];
    page.table(heads, &rows.collect::<Vec<_>>());
    if more > 0 {
        page.line(&format!("  and {more} smaller ones"));
    }
}
