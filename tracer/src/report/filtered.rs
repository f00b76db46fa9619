//! The list of processes that a filter keeps, one line each with the outcome.

use super::{
    killed::sender_text,
    outcome,
    page::{Align, Layout, Page},
    words::{command, plural, process_name, time},
};
use crate::{
    event::units,
    filter::{Filter, Truth},
    model::{Key, Model, Sender},
};

/// Returns the processes that a filter keeps.
pub fn filtered(model: &Model, filter: &Filter, layout: impl Into<Layout>) -> String {
    let (mut kept, mut unknown) = (Vec::new(), 0);
    for (key, _) in model.processes() {
        match filter.evaluate(model, key, model.now()) {
            Truth::Yes => kept.push(key),
            Truth::Unknown => unknown += 1,
            Truth::No => {}
        }
    }
    let mut page = Page::new(layout);
    let all = plural(model.process_count() as u64, "process", "processes");
    page.section(&format!("{} of {all}: {}", kept.len(), filter.text()));
    if unknown > 0 {
        let them = plural(unknown, "process", "processes");
        page.line(&format!("  Unknown for {them}."));
    }
    if model.unlisted() > 0 {
        let evicted = plural(model.unlisted(), "process", "processes");
        page.line(&format!(
            "  {evicted} exited earlier and are no longer in memory."
        ));
    }
    if !kept.is_empty() {
        let heads = [
            ("started", Align::Left),
            ("pid", Align::Right),
            ("command", Align::Left),
            ("lifetime", Align::Right),
            ("outcome", Align::Left),
            ("killed by", Align::Left),
            ("parent", Align::Left),
        ];
        let rows: Vec<_> = kept.into_iter().map(|key| row(model, &page, key)).collect();
        page.table(heads, &rows);
    }
    page.text()
}

fn row(model: &Model, page: &Page, key: Key) -> [String; 7] {
    let process = model.process(key);
    let start = process.id.start;
    let lived = process.lifetime(model.now());
    let killed = process.status.and_then(|status| status.signal()).is_some();
    [
        time(model, page, start, 0),
        process.id.tgid.to_string(),
        command(model, key),
        lived.map_or_else(|| "?".to_owned(), units::duration),
        outcome::text(process.outcome()),
        match killed {
            true => sender_text(model, &Sender::of(process)),
            false => String::new(),
        },
        process
            .parent
            .map_or_else(|| "?".to_owned(), |parent| process_name(model, parent)),
    ]
}
