//! The tables of the report as JSON, one object per row with the name of its table. Owners
//! of zombies and findings are those of the formats `owners` and `findings`. Text of the
//! report that is not in tables is left out.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{
    Exporter as _,
    findings::Findings,
    json::{self, WallTime},
    owners::Owners,
    value,
};
use crate::{
    model::{Key, Outcome, Sender},
    report::{self, Cell, Column, Output, ReportSection, Scope, TableKind},
};

/// Sections that are formats of their own, without the head of the report.
const FORMATS: [&str; 2] = ["findings", "zombies"];

/// Writes some sections of the report as JSON, one line per row; the summary for none.
pub fn tables_json(
    scope: &Scope<'_>,
    sections: &[&ReportSection],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut tables = Tables {
        out,
        written: Ok(()),
    };
    let is_format = |section: &&ReportSection| FORMATS.contains(&section.name);
    match !sections.is_empty() && sections.iter().all(is_format) {
        true => report::write_sections(scope, sections, &mut tables),
        false => report::write(scope, sections, &mut tables),
    }
    tables.written
}

struct Tables<'a> {
    out: &'a mut dyn Write,
    /// The first error; nothing is written after it.
    written: io::Result<()>,
}

impl Tables<'_> {
    fn row(&mut self, scope: &Scope<'_>, kind: &TableKind, cells: &[Cell]) {
        if self.written.is_err() {
            return;
        }
        let mut object = Map::new();
        object.insert("table".to_owned(), json!(kind.name));
        for (column, cell) in kind.columns.iter().zip(cells) {
            put(&mut object, scope, column, cell);
        }
        self.written = json::line(&object, self.out);
    }
}

impl Output for Tables<'_> {
    fn section(&mut self, _: &str) {}

    fn line(&mut self, _: &str) {}

    fn labelled(&mut self, _: &str, _: &str) {}

    fn facts(&mut self, scope: &Scope<'_>, kind: &'static TableKind, row: Vec<Cell>) {
        if kind.name != "findings" {
            return self.row(scope, kind, &row);
        }
        if self.written.is_ok() {
            let kept = |key| scope.keeps(key);
            self.written = Findings.end(scope.model, &kept, self.out);
        }
    }

    fn table(
        &mut self,
        scope: &Scope<'_>,
        kind: &'static TableKind,
        (_, total): (usize, usize),
        rows: &mut dyn Iterator<Item = Vec<Cell>>,
    ) {
        if kind.name == "owners" {
            if self.written.is_ok() {
                let kept = |key| scope.keeps(key);
                self.written = Owners.end(scope.model, &kept, self.out);
            }
            return;
        }
        for row in rows.take(scope.layout.rows.limit(total)) {
            self.row(scope, kind, &row);
        }
    }
}

/// Inserts a cell under its key.
fn put(object: &mut Map<String, Value>, scope: &Scope<'_>, column: &Column, cell: &Cell) {
    let model = scope.model;
    if column.is_time {
        let at = match cell {
            Cell::Time(at) => Some(*at),
            _ => None,
        };
        let clock = at.and_then(|at| WallTime::of(model.session(), at));
        object.insert(format!("{}_ns", column.key), json!(at));
        object.insert(format!("{}_time", column.key), json!(clock));
        return;
    }
    let process = |key: Key| {
        let process = model.process(key);
        json!({
            "pid": process.id.tgid,
            "start_ns": process.id.start,
            "comm": process.known_comm().map(json::comm),
        })
    };
    let value = match cell {
        Cell::Nothing | Cell::Unknown => Value::Null,
        Cell::Duration(ns) | Cell::AtLeast(ns) | Cell::Time(ns) => json!(ns),
        Cell::Count(count) | Cell::Estimate(count) | Cell::Share(count) => json!(count),
        Cell::Flag(flag) => json!(flag),
        Cell::Process(key) | Cell::Several(key) => process(*key),
        Cell::Command(comm) => json!(comm.map(json::comm)),
        Cell::Arguments(argv) => json!(json::argv(argv.as_bytes())),
        Cell::Text(text) => json!(text),
        Cell::Signal(signal) => json!({"number": signal, "name": value::signal(*signal)}),
        Cell::Outcome(outcome) => Value::Object(self::outcome(*outcome)),
        Cell::Outcomes(outcomes) => {
            let counted = outcomes.iter().map(|&(outcome, count)| {
                let mut object = self::outcome(outcome);
                object.insert("count".to_owned(), json!(count));
                Value::Object(object)
            });
            counted.collect()
        }
        Cell::Sender(sender) => self::sender(sender),
    };
    object.insert(column.key.to_owned(), value);
}

/// Returns an outcome: what kind of end, and the code or the signal.
fn outcome(outcome: Outcome) -> Map<String, Value> {
    let (kind, code, signal) = match outcome {
        Outcome::Ok => ("exit", Some(0), None),
        Outcome::Code(code) => ("exit", Some(code), None),
        Outcome::Killed(signal) => ("signal", None, Some(signal)),
        Outcome::Alive => ("alive", None, None),
        Outcome::Unseen => ("not_seen", None, None),
    };
    let object = [
        ("kind", json!(kind)),
        ("exit_code", json!(code)),
        ("exit_signal", json!(signal)),
        ("exit_signal_name", json!(signal.and_then(value::signal))),
    ];
    let object = object.map(|(key, value)| (key.to_owned(), value));
    object.into_iter().collect()
}

/// Returns the sender of a signal.
fn sender(sender: &Sender) -> Value {
    let (origin, process) = match sender {
        Sender::OomKiller => ("oom_killer", None),
        Sender::Kernel => ("kernel", None),
        Sender::Itself => ("itself", None),
        Sender::Process(comm, pid) => ("process", Some((comm, pid))),
        Sender::Unknown => ("unknown", None),
    };
    json!({
        "origin": origin,
        "pid": process.map(|(_, pid)| pid),
        "comm": process.map(|(comm, _)| json::comm(*comm)),
    })
}
