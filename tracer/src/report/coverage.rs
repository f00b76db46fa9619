//! The section on what the trace does not cover: missing or limited hooks, and
//! lost records by kind and time.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    scope::Scope,
    table::{Cell, Column, Output, TableKind},
};
use crate::{event::GapCause, model::GapSpan};

const ROWS: usize = 10;

/// Hooks that are missing or limited.
pub static HOOKS: TableKind = TableKind {
    name: "hooks",
    about: "purposes that no hook serves, or one that does not report everything",
    columns: &[
        Column::json("purpose", "purpose"),
        Column::json("hook", "hook in use, as `type:name`"),
        Column::json("loses", "what is not reported, or why there is no hook"),
    ],
};

/// Intervals in which records were lost.
pub static GAPS: TableKind = TableKind {
    name: "gaps",
    about: "intervals in which records were lost; in text the largest, in the order of time",
    columns: &[
        Column::right("records", "records", "number of lost records"),
        Column::time("since", "after", "beginning of the interval"),
        Column::right("within_ns", "within", "length of the interval"),
        Column::left("cause", "cause", "cause of the loss"),
    ],
};

/// Writes the section, if anything is not covered.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    hooks(scope, page);
    if !scope.model.gaps().is_empty() {
        gaps(scope, page);
    }
}

fn hooks(scope: &Scope<'_>, page: &mut dyn Output) {
    let session = scope.model.session();
    let hooks = session.map_or(&[][..], |session| &session.hooks);
    let mut limited = hooks
        .iter()
        .filter(|hook| hook.hook.is_none() || !hook.loses.is_empty())
        .peekable();
    if limited.peek().is_some() {
        page.section("Missing or limited hooks");
    }
    for hook in limited {
        let purpose = hook.purpose.name();
        page.line(&format!("  {purpose}, by {}:", hook.name()));
        page.labelled("", &hook.loses.to_string());
        let row = vec![
            Cell::Text(purpose.to_owned()),
            Cell::some(hook.hook.as_ref(), |name| Cell::Text(name.raw().to_owned())),
            Cell::Text(hook.loses.raw().to_owned()),
        ];
        page.facts(scope, &HOOKS, row);
    }
}

fn gaps(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
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
    let total = worst.len();
    worst.truncate(scope.layout.rows.limit(ROWS));
    worst.sort_by_key(|gap| gap.since);
    let mut rows = worst.iter().map(|gap| {
        let (count, cause) = match gap.cause {
            GapCause::NoRoom => (Some(gap.total()), "buffer full"),
            GapCause::Skipped => (Some(gap.total()), "skipped by the kernel, at most"),
            GapCause::OverBudget => (Some(gap.total()), "beyond a user's budget"),
            GapCause::Unreadable { events: None } => (None, "unreadable"),
            GapCause::Unreadable { .. } => (Some(gap.total()), "unreadable"),
            GapCause::Untraced => (None, "no tracer was running"),
        };
        vec![
            Cell::known(count, Cell::Count),
            Cell::Time(gap.since),
            Cell::Duration(gap.until.saturating_sub(gap.since)),
            Cell::Text(cause.to_owned()),
        ]
    });
    page.table(scope, &GAPS, (ROWS, total), &mut rows);
}
