//! The section on page faults: processes with the most faults and the most copies.

use std::cmp::Reverse;

use super::{
    scope::Scope,
    table::{Cell, Column, Holds, Output, TableKind},
    words::process_name,
};
use crate::{
    event::{FaultClass, Faults, Purpose, units},
    model::{Key, Model, Process},
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
                Column::left("process", "process", "process").of(Holds::Process),
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
    let writes: fn(&Faults) -> u64 = match all.write_protect {
        0 => |faults| faults.cow_copy,
        _ => |faults| faults.write_protect,
    };
    let (mut faulting, mut writing, mut storms) = (Vec::new(), Vec::new(), Vec::new());
    for (key, process) in scope.processes() {
        let count = |list: &mut Vec<_>, count| {
            if count > 0 {
                list.push((count, key));
            }
        };
        count(&mut faulting, process.faults.total());
        count(&mut writing, writes(&process.faults));
        storms.extend(storm(scope.model, key, &process));
    }
    table(scope, page, &FAULTS, faulting);
    for sentence in storms {
        page.labelled("  note", &sentence);
    }
    if all.write_protect > 0 {
        page.section("Writes to protected pages, including copies on write (COW)");
        table(scope, page, &WRITES, writing);
    } else if all.cow_copy > 0 {
        page.section("Pages copied on write, by process");
        table(scope, page, &COPIES, writing);
    }
}

/// Thresholds for a fault storm: faults in total, and faults per second.
const STORM: (u64, u64) = (200_000, 50_000);

/// Returns a note on a process that faulted very often.
fn storm(model: &Model, key: Key, process: &Process) -> Option<String> {
    let total = process.faults.total();
    let lived = process.lifetime(model.now()).unwrap_or(0).max(1);
    let lived = lived.min(model.now().saturating_sub(model.began())).max(1);
    let rate = (u128::from(total) * 1_000_000_000 / u128::from(lived)) as u64;
    if total < STORM.0 || rate < STORM.1 {
        return None;
    }
    let most = FaultClass::ALL
        .iter()
        .max_by_key(|&&class| process.faults.of(class));
    let most = most.map_or("", |class| class.title());
    Some(format!(
        "{}: fault storm: {total} in {}, {rate} per second, mostly {most}",
        process_name(model, key),
        units::duration(lived),
    ))
}

/// Writes the processes with the most faults of a kind.
fn table(
    scope: &Scope<'_>,
    page: &mut dyn Output,
    kind: &'static TableKind,
    mut counted: Vec<(u64, Key)>,
) {
    counted.sort_by_key(|&(count, key)| (Reverse(count), key));
    let total = counted.len();
    let rows = counted.into_iter();
    let mut rows = rows.map(|(count, key)| vec![Cell::Count(count), Cell::Process(key)]);
    page.table(scope, kind, (ROWS, total), &mut rows);
}
