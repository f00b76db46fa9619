//! Snapshots of every view on a small, a usual and a large terminal.

use crossterm::event::KeyCode;

use super::{Bench, host, recorded};
use crate::{
    event::{Event, script::SEC},
    tui::{Mark, Mode, Playhead},
};

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (160, 50)];

/// Checks one snapshot for each size. Settings are made here, not by the environment: a test that
/// updates its own expectation tests nothing.
fn pictures(name: &str, prepare: impl Fn(&mut Bench)) {
    for (width, height) in SIZES {
        let mut bench = Bench::live(width, height);
        prepare(&mut bench);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), bench.text());
        });
    }
}

#[test]
fn tree() {
    pictures("tree", |_| {});
}

#[test]
fn timeline() {
    pictures("timeline", |bench| {
        bench.view("Timeline");
    });
}

/// Shows these events live, a second after the last.
fn seeing(events: &[Event], bench: &mut Bench) {
    let (width, height) = (bench.picture.area.width, bench.picture.area.height);
    *bench = Bench::new(Mode::Live, &recorded(events), width, height);
    let last = events.iter().map(|event| event.at).max().unwrap();
    bench.app.set_now(last + SEC);
    bench.draw();
}

#[test]
fn timeline_with_states() {
    pictures("timeline-states", |bench| {
        seeing(&host::streamed(), bench);
        bench.view("Timeline");
    });
}

#[test]
fn zombies() {
    pictures("zombies", |bench| {
        bench.view("Zombies");
    });
}

#[test]
fn faults() {
    pictures("faults", |bench| {
        bench.view("Faults").type_keys("s");
    });
}

#[test]
fn forks() {
    pictures("forks", |bench| {
        bench.view("Forks");
    });
}

#[test]
fn deaths() {
    pictures("deaths", |bench| {
        bench.view("Deaths");
    });
}

#[test]
fn events() {
    pictures("events", |bench| {
        bench.view("Events");
    });
}

#[test]
fn health() {
    pictures("health", |bench| {
        bench.view("Health");
    });
}

/// Opens a process by PID, found by searching the tree.
fn details_of(pid: &'static str) -> impl Fn(&mut Bench) {
    move |bench| {
        bench.type_keys(&format!("/{pid}"));
        bench.press(KeyCode::Enter);
        bench.press(KeyCode::Enter);
    }
}

#[test]
fn process_killed() {
    pictures("process-killed", details_of("2003"));
}

#[test]
fn process_zombie() {
    pictures("process-zombie", details_of("3002"));
}

#[test]
fn process_older_than_the_trace() {
    pictures("process-old", details_of("900"));
}

#[test]
fn process_orphaned() {
    pictures("process-orphan", details_of("2010"));
}

#[test]
fn process_with_few_records() {
    pictures("process-unseen", details_of("4999"));
}

#[test]
fn columns_to_choose() {
    pictures("columns", |bench| {
        bench.type_keys("cjjjs");
    });
}

#[test]
fn replay() {
    pictures("replay", |bench| {
        let events = recorded(&host::busy());
        let (width, height) = (bench.picture.area.width, bench.picture.area.height);
        let file = "build.trace".to_owned();
        *bench = Bench::new(Mode::Replay { file }, &events[..60], width, height);
        let at = |event: &Event| event.at;
        let now = events[..60].iter().map(at).max().unwrap();
        let marked = |parts: &[usize]| {
            (0..100)
                .map(|part| parts.contains(&part))
                .collect::<Vec<_>>()
        };
        let (killed, zombie, gap) = (marked(&[40]), marked(&[55]), marked(&[80, 81]));
        let marks = (0..100).map(|part| Mark {
            events: part % 7 < 5,
            killed: killed[part],
            zombie: zombie[part],
            gap: gap[part],
        });
        bench.app.set_marks(marks.collect());
        bench.app.set_playhead(Playhead {
            playing: false,
            seeking: false,
            indexed: None,
            growing: false,
            speed: 2.0,
            now,
            began: events[0].at,
            ended: events.iter().map(at).max().unwrap(),
            position: 60,
            events: events.len() as u64,
        });
        bench.draw();
    });
}

#[test]
fn help() {
    pictures("help", |bench| {
        bench.type_keys("?");
    });
}
