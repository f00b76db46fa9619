//! A host all of whose names are hostile: no cell of any view obeys them.

use crossterm::event::KeyCode;

use super::{Bench, host, recorded};
use crate::{
    event::{Comm, Event, Name, Text, What, is_plain},
    tui::{Mode, view::registry::VIEWS},
};

/// Short enough for a command name.
const NAMES: [&str; 5] = [
    "\x1b]0;own\x07\n",
    "\x1b[2J\u{9b}1m",
    "\u{202e}a\u{2066}\u{200b}",
    "\u{fe0f}\u{3164}\u{2800}",
    "\u{115f}\u{1d173}\u{e0041}",
];

fn hostile(mut events: Vec<Event>) -> Vec<Event> {
    let all = NAMES.concat();
    let mut comms = NAMES.iter().cycle();
    for event in &mut events {
        event.each_name(&mut |_, name| match name {
            Name::Comm(comm) => *comm = Comm::new(comms.next().unwrap_or(&"").as_bytes()),
            Name::Path(path) => *path = path.as_ref().map(|_| Text::new(all.as_bytes())),
            Name::Arguments(argv) => *argv = argv.as_ref().map(|_| Text::new(all.as_bytes())),
            Name::Host(name) => *name = all.as_str().into(),
        });
        if let What::Session(session) = &mut event.what {
            session.tracer_version = all.as_str().into();
            session.kernel_release = all.as_str().into();
            for hook in &mut session.hooks {
                hook.hook = hook.hook.as_ref().map(|_| all.as_str().into());
                hook.loses = all.as_str().into();
            }
        }
    }
    recorded(&events)
}

#[track_caller]
fn assert_plain(bench: &Bench, shown: &str) {
    for (place, cell) in bench.picture.content().iter().enumerate() {
        let symbol = cell.symbol();
        assert!(
            symbol.chars().all(is_plain),
            "{shown}, cell {place}: {symbol:?}"
        );
    }
}

#[test]
fn no_cell_of_any_view_is_hostile() {
    let events = hostile([host::busy(), host::streamed()].concat());
    let file = NAMES.concat();
    for (width, height) in [(160, 50), (60, 20)] {
        let mode = Mode::Replay { file: file.clone() };
        let mut bench = Bench::new(mode, &events, width, height);
        for view in VIEWS {
            bench.view(view.name);
            assert_plain(&bench, view.name);
            for key in [KeyCode::Down, KeyCode::Down, KeyCode::Enter, KeyCode::Esc] {
                bench.press(key);
                assert_plain(&bench, view.name);
            }
        }
    }
    // The names are there, escaped.
    let mut bench = Bench::new(Mode::Live, &events, 160, 50);
    assert!(
        bench.view("Tree").text().contains("\\u{1b}]0;own"),
        "{}",
        bench.text()
    );
}
