//! The tables of the report as JSON, one object per row with the name of its table. Owners
//! of zombies and findings are those of the formats `owners` and `findings`. Text of the
//! report that is not in tables is left out.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use super::{
    Exporter as _,
    findings::Findings,
    json::{self, WallTime},
    owners::Owners,
    value::{self, object},
};
use crate::{
    model::{Key, Model, Outcome, Sender},
    report::{self, Cell, Column, Holds, Output, ReportSection, Scope, TableKind},
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

object! {
    /// A process with its command name.
    pub struct NamedProcess {
        /// PID in the initial pid namespace.
        pid: u32,
        /// Start of the process, ns since boot. PIDs are reused; together with the start they
        /// are not.
        start_ns: u64,
        /// Command name; null if it is unknown.
        comm: Option<String>,
    }

    /// The outcome of a process.
    pub struct EndOfProcess {
        /// `exit`, `signal`, `alive`, or `not_seen`.
        kind: &'static str,
        /// Exit code; null unless it exited.
        exit_code: Option<i32>,
        /// Number of the signal that killed it; null if none did.
        exit_signal: Option<i32>,
        /// Name of that signal; null for one without a name.
        exit_signal_name: Option<Cow<'static, str>>,
    }

    /// An outcome of several processes.
    pub struct CountedEnd {
        /// `exit`, `signal`, `alive`, or `not_seen`.
        kind: &'static str,
        /// Exit code; null unless they exited.
        exit_code: Option<i32>,
        /// Number of the signal that killed them; null if none did.
        exit_signal: Option<i32>,
        /// Name of that signal; null for one without a name.
        exit_signal_name: Option<Cow<'static, str>>,
        /// Number of processes.
        count: u64,
    }

    /// A signal.
    pub struct NamedSignal {
        /// Number of the signal.
        number: i32,
        /// Name of the signal; null for one without a name.
        name: Option<Cow<'static, str>>,
    }

    /// The sender of a signal.
    pub struct SignalSender {
        /// `process`, `itself`, `kernel`, `oom_killer`, or `unknown`.
        origin: &'static str,
        /// PID of the process that sent it; null if none did.
        pid: Option<u32>,
        /// Command name of that process.
        comm: Option<String>,
    }
}

/// Inserts a cell under its key.
fn put(object: &mut Map<String, Value>, scope: &Scope<'_>, column: &Column, cell: &Cell) {
    let model = scope.model;
    if column.holds == Holds::Time {
        let at = match cell {
            Cell::Time(at) => Some(*at),
            _ => None,
        };
        let clock = at.and_then(|at| WallTime::of(model.session(), at));
        object.insert(format!("{}_ns", column.key), json!(at));
        object.insert(format!("{}_time", column.key), json!(clock));
        return;
    }
    let value = match cell {
        Cell::Nothing | Cell::Unknown => Value::Null,
        Cell::Duration(ns) | Cell::AtLeast(ns) | Cell::Time(ns) => json!(ns),
        Cell::Count(count) | Cell::Estimate(count) | Cell::Share(count) => json!(count),
        Cell::Flag(flag) => json!(flag),
        Cell::Process(key) | Cell::Several(key) => json!(process(model, *key)),
        Cell::Command(comm) => json!(comm.map(json::comm)),
        Cell::Arguments(argv) => json!(json::argv(argv.as_bytes())),
        Cell::Text(text) => json!(text),
        Cell::Signal(signal) => json!(NamedSignal {
            number: *signal,
            name: value::signal(*signal),
        }),
        Cell::Outcome(outcome) => json!(end(*outcome)),
        Cell::Outcomes(outcomes) => {
            let counted = outcomes.iter().map(|&(outcome, count)| {
                let EndOfProcess {
                    kind,
                    exit_code,
                    exit_signal,
                    exit_signal_name,
                } = end(outcome);
                json!(CountedEnd {
                    kind,
                    exit_code,
                    exit_signal,
                    exit_signal_name,
                    count,
                })
            });
            counted.collect()
        }
        Cell::Sender(sender) => json!(self::sender(sender)),
    };
    object.insert(column.key.to_owned(), value);
}

fn process(model: &Model, key: Key) -> NamedProcess {
    let process = model.process(key);
    NamedProcess {
        pid: process.id.tgid,
        start_ns: process.id.start,
        comm: process.known_comm().map(json::comm),
    }
}

fn end(outcome: Outcome) -> EndOfProcess {
    let (kind, exit_code, exit_signal) = match outcome {
        Outcome::Ok => ("exit", Some(0), None),
        Outcome::Code(code) => ("exit", Some(code), None),
        Outcome::Killed(signal) => ("signal", None, Some(signal)),
        Outcome::Alive => ("alive", None, None),
        Outcome::Unseen => ("not_seen", None, None),
    };
    EndOfProcess {
        kind,
        exit_code,
        exit_signal,
        exit_signal_name: exit_signal.and_then(value::signal),
    }
}

fn sender(sender: &Sender) -> SignalSender {
    let (origin, process) = match sender {
        Sender::OomKiller => ("oom_killer", None),
        Sender::Kernel => ("kernel", None),
        Sender::Itself => ("itself", None),
        Sender::Process(comm, pid) => ("process", Some((*comm, *pid))),
        Sender::Unknown => ("unknown", None),
    };
    SignalSender {
        origin,
        pid: process.map(|(_, pid)| pid),
        comm: process.map(|(comm, _)| json::comm(comm)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        event::{
            Event, Kind, StateTimes, States, TaskState, Text, Wakeups, What,
            script::{SEC, START, Script},
        },
        export::{
            schema, table_schema,
            tests::{every_kind, lines},
        },
        filter::{Filter, SavedFilters},
        recording::Reader,
        report::{Layout, Rows, SECTIONS, TABLES},
    };

    /// Returns the rows of a section of the report.
    fn report_rows(script: &Script, section: &str, rows: Rows, filter: Option<&str>) -> Vec<Value> {
        let mut model = Model::default();
        script.events.iter().for_each(|event| model.apply(event));
        rows_of(&model, section, rows, filter)
    }

    fn rows_of(model: &Model, section: &str, rows: Rows, filter: Option<&str>) -> Vec<Value> {
        let filter = filter.map(|text| Filter::parse(text, &SavedFilters::new()).unwrap());
        let layout = Layout {
            rows,
            ..Layout::from(100)
        };
        let sections = SECTIONS.iter().filter(|known| known.name == section);
        let mut out = Vec::new();
        let scope = Scope::new(model, filter.as_ref(), layout);
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

    /// Returns a command with a zombie, counted states, a hook that loses something, and a gap.
    fn troubled() -> Script {
        let times = StateTimes {
            running: SEC,
            runnable: SEC,
            uninterruptible: SEC,
            ..StateTimes::default()
        };
        let states = States {
            state: TaskState::Runnable,
            since: START + 3 * SEC,
            began: START,
            times,
            wakeups: Wakeups {
                count: 1,
                ..Wakeups::default()
            },
            missed: 0,
        };
        Script::new()
            .session_with(|session| {
                session.command = Text::new(b"tracer\0record\0f\0--\0make\0");
                session.tracer_pid = 50;
                session.hooks[0].loses = "something".into();
            })
            .found(1, 0, "init")
            .found(50, 1, "tracer")
            .found_all()
            .fork(50, 60)
            .exec(60, "make", &["make"])
            .fork(60, 61)
            .die(61, 3)
            .notify(61)
            .at(3 * SEC)
            .event(60, What::States(Box::new(states)))
            .lose(Kind::Wait, 3)
    }

    /// Each row has every key of its table with a value of its type, and no other.
    #[test]
    fn rows_fit_their_schema() {
        let schema = table_schema::schema();
        let golden = &include_bytes!("../../tests/recordings/v2.tracer")[..];
        let golden = Reader::new(golden).unwrap().map(Result::unwrap);
        let model = |events: Vec<Event>| {
            let mut model = Model::default();
            events.iter().for_each(|event| model.apply(event));
            model
        };
        let scripts = [every_kind().events, troubled().events, golden.collect()];
        let models = scripts.map(model);
        let mut tables = BTreeSet::new();
        // Without a section, the summary.
        let sections = SECTIONS.iter().map(|section| section.name);
        let sections = sections.chain(["summary"]);
        for (section, model) in sections.flat_map(|it| models.each_ref().map(|model| (it, model))) {
            for filter in [None, Some("pid > 0")] {
                for row in rows_of(model, section, Rows::All, filter) {
                    tables.insert(row["table"].as_str().unwrap().to_owned());
                    let fits = schema::check(&schema, &row);
                    fits.unwrap_or_else(|error| panic!("{section}: {error}: {row}"));
                }
            }
        }
        let rows = report_rows(&every_kind(), "processes", Rows::All, None);
        let row = rows.iter().find(|row| row["table"] == "processes").unwrap();
        let wrong = |key: &str, value: Value| {
            let mut row = row.clone();
            row[key] = value;
            schema::check(&schema, &row).unwrap_err()
        };
        wrong("lifetime_ns", json!("1 s"));
        wrong("outcome", json!({"kind": "exit"}));
        wrong("new", json!(null));
        wrong("table", json!("deaths"));
        let missing = TABLES.iter().filter(|table| !tables.contains(table.name));
        let missing: Vec<_> = missing.map(|table| table.name).collect();
        // It has the columns of `faults`.
        assert_eq!(missing, ["copies"]);
    }
}
