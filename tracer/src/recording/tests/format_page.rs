//! Comparison of docs/recording-format.md with the code.

use std::collections::BTreeMap;

use crate::{
    event::{Kind, Purpose},
    recording::{
        VERSION,
        event_fields::{COUNTER_PARTS, EVENT_FIELDS, LIST_ENTRIES, STRUCT_PARTS},
        limits::MAX_PAYLOAD,
        writer,
    },
};

const DOCUMENT: &str = include_str!("../../../../docs/recording-format.md");

/// Returns the table rows that begin with a number and a name, by the heading above them.
fn sections() -> BTreeMap<&'static str, Vec<(u8, &'static str)>> {
    let mut sections = BTreeMap::new();
    let mut heading = "";
    for line in DOCUMENT.lines() {
        if let Some(text) = line.strip_prefix("### ") {
            heading = text;
            sections.insert(heading, Vec::new());
        }
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(number), Some(name)) = (cells.next(), cells.next()) else {
            continue;
        };
        if let (Ok(number), Some(rows)) = (number.parse(), sections.get_mut(heading)) {
            rows.push((number, name.trim_matches('`')));
        }
    }
    sections
}

#[test]
fn every_kind_and_every_field_is_documented() {
    let sections = sections();
    for kind in Kind::ALL {
        let heading = format!("{} `{}`", *kind as u8, kind.name());
        let rows = sections.get(&heading[..]);
        let rows = rows.unwrap_or_else(|| panic!("no heading \"{heading}\""));
        let name = format!("{kind:?}");
        if let Some((_, fields)) = EVENT_FIELDS.iter().find(|(body, _)| *body == name) {
            assert_eq!(rows, fields, "{heading}");
        }
    }
    for (name, parts) in COUNTER_PARTS.iter().chain(STRUCT_PARTS) {
        assert_eq!(sections[&format!("`{name}`")[..]], *parts, "{name}");
    }
    for (name, fields) in LIST_ENTRIES {
        let rows = &sections[&format!("`{name}`")[..]];
        let documented: Vec<_> = rows.iter().map(|(_, name)| *name).collect();
        assert!(documented.starts_with(fields), "{name}: {documented:?}");
    }
    let hook = &sections["`Hook`"];
    for purpose in Purpose::ALL {
        assert!(
            hook.contains(&(purpose as u8, purpose.name())),
            "{purpose:?}"
        );
    }
}

#[test]
fn field_numbers_are_unique() {
    for (name, fields) in EVENT_FIELDS.iter().chain(COUNTER_PARTS).chain(STRUCT_PARTS) {
        let mut numbers: Vec<_> = fields.iter().map(|(number, _)| number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), fields.len(), "{name}");
    }
}

#[test]
fn constants_are_documented() {
    for figure in [
        format!("# The recording format, version {VERSION}"),
        format!("({MAX_PAYLOAD})"),
        format!("after {} blocks of events", writer::INDEX_ENTRIES),
    ] {
        assert!(DOCUMENT.contains(&figure), "{figure}");
    }
}
