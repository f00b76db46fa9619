//! Tests of the dashboard: they feed scripted events and check the screen.

mod filters;
mod host;
mod hostile;
mod keys;
mod mouse;
mod past;
mod robust;
mod settings;

mod snapshots;
mod tree;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};

use super::{App, Flow, Look, Mode, OwnCost, view::registry::VIEWS};
use crate::{
    event::{Event, What, script::SEC},
    recording::{Reader, Writer},
};

/// An app that has seen a whole script, and a terminal.
struct Bench {
    app: App,
    terminal: Terminal<TestBackend>,
    /// The last frame. The backend's own copy lacks the second halves of wide characters.
    picture: Buffer,
}

impl Bench {
    fn new(mode: Mode, events: &[Event], width: u16, height: u16) -> Bench {
        let mut app = App::new(mode, Look::default());
        for event in events {
            app.apply(event);
        }
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut bench = Bench {
            app,
            terminal,
            picture: Buffer::default(),
        };
        bench.draw();
        bench
    }

    /// Returns the busy host, read back from a recording, two seconds after the last event.
    fn live(width: u16, height: u16) -> Bench {
        let events = recorded(&host::busy());
        let mut bench = Bench::new(Mode::Live, &events, width, height);
        bench.app.set_now(events.last().unwrap().at + 2 * SEC);
        bench.app.set_own_cost(OwnCost {
            cpu: Some(0.0123),
            ring_fill: Some(0.02),
        });
        bench.draw();
        bench
    }

    fn draw(&mut self) {
        let app = &mut self.app;
        let drawn = self.terminal.draw(|frame| app.render(frame)).unwrap();
        self.picture = drawn.buffer.clone();
    }

    fn press(&mut self, code: KeyCode) -> Flow {
        let flow = self.app.on_input(key(code));
        self.draw();
        flow
    }

    /// Presses the key of each character.
    fn type_keys(&mut self, keys: &str) -> &mut Bench {
        for character in keys.chars() {
            self.press(KeyCode::Char(character));
        }
        self
    }

    /// Switches to a view by name.
    fn view(&mut self, name: &str) -> &mut Bench {
        let number = VIEWS.iter().position(|entry| entry.name == name).unwrap();
        self.type_keys(&(number + 1).to_string())
    }

    /// Returns the text on the screen, line by line, without trailing blanks.
    fn text(&self) -> String {
        let buffer = &self.picture;
        let lines = (0..buffer.area.height).map(|y| {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x += unicode_width::UnicodeWidthStr::width(symbol).max(1) as u16;
            }
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Returns the events after a round trip through a recording.
fn recorded(events: &[Event]) -> Vec<Event> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    events.iter().for_each(|event| writer.write(event).unwrap());
    let (_, bytes) = writer.finish().unwrap();
    let read = Reader::new(&bytes[..]).unwrap().map(Result::unwrap);
    // The end mark belongs to the file.
    read.filter(|event| !matches!(event.what, What::End))
        .collect()
}

fn key(code: KeyCode) -> Input {
    Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// What a view shows does not depend on the frames that were drawn before.
#[test]
fn earlier_frames_do_not_matter() {
    let mut events = recorded(&host::busy());
    // A snapshot lists processes in any order, such as children before their parents.
    let is_found = |event: &Event| matches!(event.what, What::Snapshot(_));
    let first = events.iter().position(is_found).unwrap();
    let found = events[first..]
        .iter()
        .take_while(|event| is_found(event))
        .count();
    events[first..first + found].reverse();
    assert!(found > 2);
    for entry in VIEWS {
        let (mut seen, rest) = (Bench::new(Mode::Live, &events[..1], 160, 60), &events[1..]);
        seen.view(entry.name);
        for event in rest {
            seen.app.apply(event);
            seen.draw();
        }
        let mut opened = Bench::new(Mode::Live, &events, 160, 60);
        opened.view(entry.name);
        for bench in [&mut seen, &mut opened] {
            bench.press(KeyCode::End);
            bench.press(KeyCode::Home);
        }
        assert_eq!(seen.text(), opened.text(), "{}", entry.name);
    }
}
