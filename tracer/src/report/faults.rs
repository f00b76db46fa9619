//! The section on page faults: processes with the most faults and the most copies.

use std::cmp::Reverse;

use super::{
    scope::Scope,
    table::{Cell, Column, Output, TableKind},
    words::process_name,
};
use crate::{
    event::{FaultClass, Faults, Purpose, units},
    model::Key,
};

const ROWS: usize = 10;

macro_rules! counts {
    ($name:ident, $table:literal, $key:literal, $about:literal) => {
        /// Processes by their page faults of a kind.
        pub static $name: TableKind = TableKind {
            name: $table,
            about: $about,
            columns: &[
                Column::right($key, $key, "number"),
                Column::left("process", "process", "process"),
            ],
        };
    };
}

counts!(
    FAULTS,
    "faults",
    "faults",
    "page faults by process, since tracing began"
);
counts!(
    WRITES,
    "protected_writes",
    "writes",
    "writes to protected pages by process, where copies on write are not distinguished"
);
counts!(
    COPIES,
    "copies",
    "copies",
    "pages copied on write by process"
);

/// Writes the section.
pub fn write(scope: &Scope<'_>, page: &mut dyn Output) {
    let hook = scope
        .model
        .session()
        .and_then(|session| session.hook(Purpose::Faults));
    match hook {
        None => {
            page.section("Page faults: unknown, the trace does not say whether they were traced")
        }
        Some(hook) if hook.hook.is_none() => {
            page.section(&format!("Page faults: unknown, {}", hook.loses));
        }
        Some(_) => traced(scope, page),
    }
}

fn traced(scope: &Scope<'_>, page: &mut dyn Output) {
    let all = scope.faults();
    page.section(&format!(
        "Page faults: {}{}",
        all.total(),
        scope.evicted_note()
    ));
    let classes = FaultClass::ALL.iter().filter(|&&class| all.of(class) > 0);
    let classes: Vec<_> = classes
        .map(|&class| format!("{} {}", all.of(class), class.title()))
        .collect();
    page.labelled("", &classes.join(", "));
    table(scope, page, &FAULTS, Faults::total);
    storms(scope, page);
    if all.write_protect > 0 {
        page.section("Writes to protected pages, including copies on write (COW)");
        table(scope, page, &WRITES, |faults| faults.write_protect);
    } else if all.cow_copy > 0 {
        page.section("Pages copied on write, by process");
        table(scope, page, &COPIES, |faults| faults.cow_copy);
    }
}

/// Thresholds for a fault storm: faults in total, and faults per second.
const STORM: (u64, u64) = (200_000, 50_000);

/// Writes a note on each fault storm.
fn storms(scope: &Scope<'_>, page: &mut dyn Output) {
    let model = scope.model;
    for (key, process) in scope.processes() {
        let total = process.faults.total();
        let lived = process.lifetime(model.now()).unwrap_or(0).max(1);
        let lived = lived.min(model.now().saturating_sub(model.began())).max(1);
        let rate = (u128::from(total) * 1_000_000_000 / u128::from(lived)) as u64;
        if total < STORM.0 || rate < STORM.1 {
            continue;
        }
        let most = FaultClass::ALL
            .iter()
            .max_by_key(|&&class| process.faults.of(class));
        let most = most.map_or("", |class| class.title());
        let sentence = format!(
            "{}: fault storm: {total} in {}, {rate} per second, mostly {most}",
            process_name(model, key),
            units::duration(lived),
        );
        page.labelled("  note", &sentence);
    }
}

fn table(
    scope: &Scope<'_>,
    page: &mut dyn Output,
    kind: &'static TableKind,
    of: fn(&Faults) -> u64,
) {
    let counted = scope
        .processes()
        .map(|(key, process)| (of(&process.faults), key));
    let mut counted: Vec<(u64, Key)> = counted.filter(|&(count, _)| count > 0).collect();
    counted.sort_by_key(|&(count, key)| (Reverse(count), key));
    let total = counted.len();
    let rows = counted.into_iter();
    let mut rows = rows.map(|(count, key)| vec![Cell::Count(count), Cell::Process(key)]);
    page.table(scope, kind, (ROWS, total), &mut rows);
}
