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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Text, script::Script},
        export::tests::{every_kind, lines},
        filter::{Filter, SavedFilters},
        model::Model,
        report::{Layout, Rows, SECTIONS, TABLES},
    };

    /// Returns the rows of a section of the report.
    fn report_rows(script: &Script, section: &str, rows: Rows, filter: Option<&str>) -> Vec<Value> {
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        let filter = filter.map(|text| Filter::parse(text, &SavedFilters::new()).unwrap());
        let layout = Layout {
            rows,
            ..Layout::from(100)
        };
        let sections = SECTIONS.iter().filter(|known| known.name == section);
        let mut out = Vec::new();
        let scope = Scope::new(&model, filter.as_ref(), layout);
        tables_json(&scope, &sections.collect::<Vec<_>>(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn reports_are_rows_of_their_tables() {
        let script = Script::new()
            .session_with(|session| {
                session.command = Text::new(b"tracer\0record\0f\0--\0make\0a b\0");
                session.tracer_pid = 50;
            })
            .found(1, 0, "init")
            .found(50, 1, "tracer")
            .found_all()
            .fork(50, 60)
            .exec(60, "make", &["make", "a b"])
            .fork(60, 61)
            .kill(60, 61, 9)
            .killed(61, 9)
            .notify(61)
            .reap(61)
            .fork(60, 62)
            .die(62, 3)
            .die(60, 2);
        let of = |rows: &[Value], table: &str| -> Vec<Value> {
            let of_it = rows.iter().filter(|row| row["table"] == table);
            of_it.cloned().collect()
        };
        let rows = report_rows(&script, "deaths", Rows::All, None);
        let command = &of(&rows, "command")[0];
        assert_eq!(command["argv"], json!(["make", "a b"]));
        assert_eq!(
            (&command["processes"], &command["outcome"]["exit_code"]),
            (&json!(3), &json!(2))
        );
        let deaths = of(&rows, "deaths");
        let pids: Vec<_> = deaths.iter().map(|row| &row["process"]["pid"]).collect();
        assert_eq!(pids, [61, 60, 62]);
        assert_eq!(deaths[0]["outcome"]["exit_signal_name"], "SIGKILL");
        assert_eq!(
            deaths[0]["sender"],
            json!({"origin": "process", "pid": 60, "comm": "make"})
        );
        assert_eq!(deaths[0]["first_ns"], Value::Null);
        assert!(deaths[0]["lifetime_ns"].is_u64() && deaths[0]["exit_ns"].is_u64());
        assert!(deaths[0]["exit_time"].as_str().unwrap().ends_with('Z'));
        let trace = &of(&rows, "trace")[0];
        assert_eq!(
            (&trace["processes"], &trace["filter"]),
            (&json!(5), &Value::Null)
        );

        let rows = report_rows(&script, "deaths", Rows::Top(1), Some("exit.code > 0"));
        let trace = &of(&rows, "trace")[0];
        assert_eq!(
            (&trace["matching"], &trace["processes"]),
            (&json!(2), &json!(5))
        );
        assert_eq!(of(&rows, "deaths").len(), 1);

        // These two are the formats of the same names.
        for (section, name) in [("zombies", "owners"), ("findings", "findings")] {
            let rows = report_rows(&script, section, Rows::All, None);
            assert_eq!(of(&rows, name), lines(name, &script));
            assert!(of(&rows, "trace").is_empty());
        }
    }

    /// Each row has every key of its table, and no other.
    #[test]
    fn rows_have_the_keys_that_are_documented() {
        let rows = report_rows(&every_kind(), "summary", Rows::All, Some("pid > 0"));
        for row in rows {
            let kind = TABLES
                .iter()
                .find(|kind| row["table"] == kind.name)
                .unwrap();
            if kind.name == "owners" || kind.name == "findings" {
                continue;
            }
            let keys = kind.columns.iter().flat_map(|column| match column.is_time {
                true => vec![format!("{}_ns", column.key), format!("{}_time", column.key)],
                false => vec![column.key.to_owned()],
            });
            let keys: Vec<_> = ["table".to_owned()].into_iter().chain(keys).collect();
            let found: Vec<_> = row.as_object().unwrap().keys().collect();
            assert_eq!(found, keys.iter().collect::<Vec<_>>(), "{row}");
        }
    }
}
