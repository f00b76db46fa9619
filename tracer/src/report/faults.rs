//! The section on page faults: processes with the most faults and the most copies.

use std::cmp::Reverse;

use super::{
    page::{Align, Page},
    words::{evicted_note, process_name},
};
use crate::{
    event::{FaultClass, Faults, Purpose, units},
    model::{Key, Model},
};

const ROWS: usize = 10;

/// Writes the section.
pub fn write(model: &Model, page: &mut Page) {
    let hook = model
        .session()
        .and_then(|session| session.hook(Purpose::Faults));
    match hook {
        None => {
            page.section("Page faults: unknown, the trace does not say whether they were traced")
        }
        Some(hook) if hook.hook.is_none() => {
            page.section(&format!("Page faults: unknown, {}", hook.loses));
        }
        Some(_) => traced(model, page),
    }
}

fn traced(model: &Model, page: &mut Page) {
    let all = model.totals().faults;
    page.section(&format!(
        "Page faults: {}{}",
        all.total(),
        evicted_note(model)
    ));
    let classes = FaultClass::ALL.iter().filter(|&&class| all.of(class) > 0);
    let classes: Vec<_> = classes
        .map(|&class| format!("{} {}", all.of(class), class.title()))
        .collect();
    page.labelled("", &classes.join(", "));
    table(model, page, "faults", Faults::total);
    storms(model, page);
    if all.write_protect > 0 {
        page.section("Writes to protected pages, including copies on write (COW)");
        table(model, page, "writes", |faults| faults.write_protect);
    } else if all.cow_copy > 0 {
        page.section("Pages copied on write, by process");
        table(model, page, "copies", |faults| faults.cow_copy);
    }
}

/// Thresholds for a fault storm: faults in total, and faults per second.
const STORM: (u64, u64) = (200_000, 50_000);

/// Writes a note on each fault storm.
fn storms(model: &Model, page: &mut Page) {
    for (key, process) in model.processes() {
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

fn table(model: &Model, page: &mut Page, head: &str, of: fn(&Faults) -> u64) {
    let counted = model
        .processes()
        .map(|(key, process)| (of(&process.faults), key));
    let mut counted: Vec<(u64, Key)> = counted.filter(|&(count, _)| count > 0).collect();
    counted.sort_by_key(|&(count, key)| (Reverse(count), key));
    let more = counted.len().saturating_sub(ROWS);
    counted.truncate(ROWS);
    if counted.is_empty() {
        return;
    }
    let rows = counted
        .iter()
        .map(|&(count, key)| [count.to_string(), process_name(model, key)]);
    page.table(
        [(head, Align::Right), ("process", Align::Left)],
        &rows.collect::<Vec<_>>(),
    );
    if more > 0 {
        page.line(&format!("  and {more} more processes"));
    }
}
