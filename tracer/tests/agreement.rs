//! Report, JSON, event stream and every view of the dashboard agree on a moment, filtered
//! and not, however one got there: by playing, by a jump, or backwards.
//!
//! The full sweep runs on recordings made for real: `cargo xtask sweep answers`.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::Value;
use tracer::{
    event::{Event, ProcessId, What},
    export::{process_json, tables_json},
    filter::{Filter, SavedFilters},
    model::{Model, Retention, presence_snapshot},
    playback::{EventSelection, IndexPass, Place, Playback, Stage, StateSpacing, States},
    recording::{Chain, Reader, Writer},
    report::{self, Layout, Rows, SECTIONS, Scope},
    tui::{App, Look, Mode},
};

#[path = "support/commands.rs"]
mod commands;
#[path = "support/storm.rs"]
mod storm;

/// Width and height of the dashboard: the header shows every count.
const SCREEN: (u16, u16) = (200, 60);

/// A filter of each kind: facts of a life, names, relatives, and a moment.
const FILTERS: [&str; 4] = ["code != 0", "tree(sh)", "zombie > 1ms", "state == alive"];

/// A dashboard of a recording.
struct Play(App);

impl Play {
    fn new() -> Play {
        let mode = Mode::Replay {
            file: "trace".to_owned(),
        };
        Play(App::new(mode, Look::default()).with_retention(Retention::ALL))
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        self.0.clear_model();
    }

    fn restore(&mut self, model: Model) {
        self.0.replace_model(model);
    }

    fn take(&mut self, event: &Event) {
        self.0.apply_playback(event);
    }
}

/// A recording and the states in it.
struct Recording {
    bytes: Vec<u8>,
    states: States,
}

impl Recording {
    fn new(bytes: Vec<u8>) -> Recording {
        let chain = Chain::of(Cursor::new(bytes.clone())).unwrap();
        let span = Playback::open(Cursor::new(bytes.clone())).unwrap().span();
        let chain = chain.with_gap_repair(presence_snapshot);
        let pass = IndexPass::new(chain, span.unwrap(), Retention::ALL);
        let mut pass = pass.spaced(StateSpacing::new(5_000, 0));
        while pass.advance(10_000).unwrap() {}
        Recording {
            bytes,
            states: pass.states().clone(),
        }
    }

    fn open(&self) -> Playback<Cursor<Vec<u8>>> {
        let playback = Playback::open(Cursor::new(self.bytes.clone())).unwrap();
        playback.with_gap_repair(presence_snapshot)
    }

    /// Returns numbers of events, spread over the recording; the last is its end.
    fn places(&self, count: u64) -> Vec<u64> {
        let events = self.open().events();
        let places: BTreeSet<u64> = (1..=count).map(|part| events * part / count).collect();
        places.into_iter().collect()
    }
}

/// What the dashboard and the reports say about a moment.
#[derive(PartialEq)]
struct Answers {
    /// Each process as its line in JSON.
    processes: Vec<String>,
    /// All sections of the report, as text and as JSON.
    report: String,
    tables: String,
    /// The text on the screen, view by view.
    screens: Vec<String>,
}

impl Answers {
    fn new(app: &mut App, filter: Option<&str>) -> Answers {
        let saved = SavedFilters::default();
        let filter = filter.map(|text| Filter::parse(text, &saved).unwrap());
        app.set_filter(filter.clone());
        let screens = screens(app);
        let model = app.model();
        let keeps = |key| {
            let kept = |filter: &Filter| filter.keeps(model, key, model.now());
            filter.as_ref().is_none_or(kept)
        };
        let keys = model.processes().map(|(key, _)| key);
        let processes = keys.filter(|&key| keeps(key));
        let sections: Vec<_> = SECTIONS.iter().collect();
        let layout = Layout {
            rows: Rows::All,
            ..Layout::from(400)
        };
        let mut tables = Vec::new();
        let scope = Scope::new(model, filter.as_ref(), layout.clone());
        tables_json(&scope, &sections, &mut tables).unwrap();
        Answers {
            processes: processes.map(|key| process_json(model, key)).collect(),
            report: report::text(model, &sections, filter.as_ref(), layout),
            tables: String::from_utf8(tables).unwrap(),
            screens,
        }
    }

    fn assert_equal(&self, other: &Answers, how: &str) {
        let difference = |one: &str, two: &str| {
            let mut lines = one.lines().zip(two.lines());
            let differing = lines.find(|(one, two)| one != two);
            format!("{differing:?}")
        };
        assert!(self.processes == other.processes, "{how}: another JSON");
        let report = difference(&self.report, &other.report);
        assert!(self.report == other.report, "{how}: report: {report}");
        let tables = difference(&self.tables, &other.tables);
        assert!(self.tables == other.tables, "{how}: tables: {tables}");
        for (one, two) in self.screens.iter().zip(&other.screens) {
            assert!(one == two, "{how}: screen: {}", difference(one, two));
        }
    }
}

/// Returns the screen of each view. The view of one process shows the latest of the tree.
fn screens(app: &mut App) -> Vec<String> {
    app.set_now(app.model().now());
    let (width, height) = SCREEN;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut screen = |keys: &[KeyCode]| {
        for key in keys {
            app.on_input(Input::Key(KeyEvent::new(*key, KeyModifiers::NONE)));
        }
        terminal.draw(|frame| app.render(frame)).unwrap();
        terminal.backend().to_string()
    };
    // A selection is no answer, so it is moved to one end.
    let mut screens: Vec<_> = "1234569"
        .chars()
        .map(|view| screen(&[KeyCode::Char(view), KeyCode::Home]))
        .collect();
    screens.push(screen(&[KeyCode::Char('7'), KeyCode::End]));
    screens.push(screen(&[KeyCode::Char('1'), KeyCode::End, KeyCode::Enter]));
    screens
}

/// Counts of a moment, from one of its descriptions.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    alive: u64,
    zombies: u64,
    exited: u64,
    killed: u64,
}

impl Counts {
    /// Counts the lines of JSON.
    fn of_json(answers: &Answers) -> Counts {
        let mut counts = Counts::default();
        for line in &answers.processes {
            let process: Value = serde_json::from_str(line).unwrap();
            let state = process["state"].as_str().unwrap();
            counts.alive += u64::from(state == "alive");
            counts.zombies += u64::from(state == "zombie");
            counts.exited += u64::from(!process["exit_ns"].is_null());
            counts.killed += u64::from(!process["exit_signal"].is_null());
        }
        counts
    }

    /// Adds up the tables of the report.
    fn of_report(answers: &Answers) -> Counts {
        let mut counts = Counts::default();
        for line in answers.tables.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            match row["table"].as_str().unwrap() {
                "trace" => {
                    counts.alive = row["alive"].as_u64().unwrap();
                    counts.zombies = row["zombies"].as_u64().unwrap();
                    let outcomes = row["outcomes"].as_array().unwrap().iter();
                    counts.exited = outcomes.map(|it| it["count"].as_u64().unwrap()).sum();
                }
                "killed" => counts.killed += row["count"].as_u64().unwrap(),
                _ => {}
            }
        }
        counts
    }
}

/// Counts events without a model.
#[derive(Default)]
struct Witness {
    born: BTreeSet<ProcessId>,
    dead: BTreeSet<ProcessId>,
    /// Wait status of each that has exited, or was found as a zombie.
    statuses: BTreeMap<ProcessId, i32>,
    is_incomplete: bool,
}

impl Witness {
    fn take(&mut self, event: &Event) {
        let id = event.who.process;
        match &event.what {
            What::Fork(_) if event.who.is_leader() => {
                self.born.insert(id);
            }
            What::Snapshot(found) if event.who.is_leader() => {
                self.born.insert(id);
                self.statuses
                    .extend(found.zombie.map(|status| (id, status)));
            }
            What::Exit(exit) => {
                // The status of the whole process replaces that of its last thread.
                self.statuses
                    .extend(exit.group_code.map(|status| (id, status)));
                if exit.group_dead == Some(true) {
                    self.dead.insert(id);
                    self.statuses.entry(id).or_insert(exit.code);
                }
            }
            What::Gap(_) => self.is_incomplete = true,
            _ => {}
        }
    }

    /// Asserts that JSON has each process, and the end of each.
    fn assert_agrees(&self, answers: &Answers, how: &str) {
        let lines = answers.processes.iter().map(|line| {
            let process: Value = serde_json::from_str(line).unwrap();
            let number = |field: &str| process[field].as_u64().unwrap();
            let (tgid, start) = (number("pid") as u32, number("start_ns"));
            (ProcessId { tgid, start }, process)
        });
        let lines: BTreeMap<_, _> = lines.collect();
        for id in &self.born {
            let process = lines.get(id);
            let process = process.unwrap_or_else(|| panic!("{how}: {id:?} is not in JSON"));
            let has_ended = !process["exit_ns"].is_null();
            assert_eq!(has_ended, self.dead.contains(id), "{how}: {process}");
        }
        let killed = self.statuses.values().filter(|status| *status & 0x7f != 0);
        assert_eq!(
            Counts::of_json(answers).killed,
            killed.count() as u64,
            "{how}"
        );
    }
}

/// Asserts that the header of a screen shows these counts.
fn assert_header(screen: &str, counts: &Counts, how: &str) {
    let header: String = screen.lines().take(3).collect();
    let count = |word: &str| {
        let before = header.split(word).next().unwrap();
        let number = before.rsplit(' ').find(|word| !word.is_empty()).unwrap();
        number.to_owned()
    };
    let plural = if counts.zombies == 1 {
        " zombie"
    } else {
        " zombies"
    };
    assert_eq!(count(" alive"), counts.alive.to_string(), "{how}: {header}");
    assert_eq!(count(plural), counts.zombies.to_string(), "{how}: {header}");
}

/// Compares the answers at some places of a recording. Returns their number.
fn assert_agreement(recording: &Recording, count: u64) -> usize {
    let places = recording.places(count);
    let (mut played, mut play) = (recording.open(), Play::new());
    let (mut jumped, mut jump) = (recording.open(), Play::new());
    jumped.set_states(recording.states.clone());
    let mut witness = Witness::default();
    let mut events = Reader::new(&recording.bytes[..]).unwrap();
    let mut taken = 0;
    let mut compared = 0;
    for (turn, &place) in places.iter().enumerate() {
        played.seek(Place::Event(place), &mut play).unwrap();
        // Alternately from behind and from before.
        let start = if turn % 2 == 0 {
            Place::End
        } else {
            Place::Beginning
        };
        jumped.seek(start, &mut jump).unwrap();
        jumped.seek(Place::Event(place), &mut jump).unwrap();
        while taken < played.position() {
            witness.take(&events.next().unwrap().unwrap());
            taken += 1;
        }
        let filters = FILTERS.iter().copied().map(Some);
        for filter in [None].into_iter().chain(filters) {
            let how = format!("event {place}, filter {filter:?}");
            let answers = Answers::new(&mut play.0, filter);
            answers.assert_equal(&Answers::new(&mut jump.0, filter), &how);
            let json = Counts::of_json(&answers);
            assert_eq!(Counts::of_report(&answers), json, "{how}");
            if filter.is_none() {
                answers
                    .screens
                    .iter()
                    .for_each(|screen| assert_header(screen, &json, &how));
                if !witness.is_incomplete {
                    witness.assert_agrees(&answers, &how);
                }
            }
            compared += 1;
        }
    }
    compared
}

fn record(events: impl Iterator<Item = Event>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut selection = EventSelection::default();
    for event in events {
        writer.write(&event).unwrap();
        if selection.take(event) {
            writer.checkpoint(&selection.checkpoint()).unwrap();
        }
    }
    writer.finish().unwrap().1
}

#[test]
fn answers_agree_on_a_storm() {
    let recording = Recording::new(record(storm::Storm::default().take(2_000)));
    assert_eq!(assert_agreement(&recording, 2), 10);
}

#[test]
fn answers_agree_on_a_recording() {
    let golden = include_bytes!("recordings/v2.tracer");
    let recording = Recording::new(golden.to_vec());
    assert!(assert_agreement(&recording, 10) >= 50);
}

#[test]
#[ignore = "a sweep: cargo xtask sweep answers"]
fn answers_agree_on_recordings_made_for_real() {
    for path in commands::recordings() {
        let recording = Recording::new(fs::read(&path).unwrap());
        let compared = assert_agreement(&recording, 50);
        println!("{}: {compared} answers agree", path.display());
    }
}
