//! Robustness: any keys, screen sizes and process names cause no panic, and nothing on the screen
//! drives a terminal.

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::{Terminal, backend::TestBackend, style::Color};

use super::{Bench, host, key};
use crate::{
    event::{
        Event, Gap, GapCause, Purpose, What, Who,
        script::{SEC, START, Script},
    },
    tui::{App, Effect, Flow, Look, Mark, Mode, Playhead, view::registry::VIEWS},
};

/// A small generator (xorshift64*): random keys need no good randomness, but
/// the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }

    fn key(&mut self) -> Input {
        const KEYS: [KeyCode; 20] = [
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::PageUp,
            KeyCode::PageDown,
            KeyCode::Home,
            KeyCode::End,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Backspace,
            KeyCode::Char(' '),
            KeyCode::Char('/'),
            KeyCode::Char('?'),
            KeyCode::Char('界'),
            KeyCode::Delete,
            KeyCode::F(1),
            KeyCode::Null,
        ];
        let code = match self.roll(2) {
            0 => KEYS[self.roll(KEYS.len() as u64) as usize],
            _ => KeyCode::Char((b' ' + self.roll(95) as u8) as char),
        };
        // Control-C would quit.
        match (code, self.roll(10)) {
            (KeyCode::Char('c'), _) | (_, 1..) => key(code),
            (_, _) => Input::Key(KeyEvent::new(code, KeyModifiers::CONTROL)),
        }
    }
}

fn assert_harmless(bench: &Bench) {
    for cell in bench.picture.content() {
        let hidden = |c: char| {
            c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        };
        assert!(!cell.symbol().chars().any(hidden), "{:?}", cell.symbol());
    }
}

#[test]
fn random_keys_sizes_and_events_are_harmless() {
    let events = host::busy();
    let mut pending = events.iter();
    let mut bench = Bench::new(Mode::Live, &[], 80, 24);
    bench.app.set_can_go_back(true);
    let mut dice = Dice(0x7261_7465);
    for step in 0..10_000 {
        match dice.roll(13) {
            12 => {
                bench
                    .app
                    .on_input(Input::Paste("a\u{1b}[31m界 && tree(1)\n".to_owned()));
            }
            0 => {
                let (width, height) = (dice.roll(140) as u16, dice.roll(50) as u16);
                bench.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                bench.app.on_input(Input::Resize(width, height));
            }
            1 => {
                if let Some(event) = pending.next() {
                    bench.app.apply(event);
                }
                bench.app.set_now(START + step * 1_000_000);
            }
            2 => {
                let kind = match dice.roll(3) {
                    0 => MouseEventKind::ScrollDown,
                    1 => MouseEventKind::ScrollUp,
                    _ => MouseEventKind::Down(MouseButton::Left),
                };
                let (column, row) = (dice.roll(140) as u16, dice.roll(50) as u16);
                let modifiers = KeyModifiers::NONE;
                bench.app.on_input(Input::Mouse(MouseEvent {
                    kind,
                    column,
                    row,
                    modifiers,
                }));
            }
            _ => {
                bench.app.on_input(dice.key());
            }
        }
        // The session performs requested seeks.
        let asked = bench.app.take_effects();
        if asked
            .iter()
            .any(|effect| matches!(effect, Effect::Play(_) | Effect::GoTo(_)))
        {
            let there = dice.roll(events.len() as u64) as usize;
            bench.app.clear_model();
            events[..there]
                .iter()
                .for_each(|event| bench.app.apply_playback(event));
            bench.app.set_playhead(Playhead {
                now: START + dice.roll(20) * SEC,
                began: START + dice.roll(3) * SEC,
                ended: START + 5 * SEC,
                position: there as u64,
                events: events.len() as u64,
                ..Playhead::default()
            });
            let marks = (0..dice.roll(500)).map(|part| Mark {
                killed: part % 5 == 0,
                gap: part % 7 == 0,
                ..Mark::default()
            });
            bench.app.set_marks(marks.collect());
        }
        // Keys arrive faster than frames.
        if dice.roll(6) == 0 {
            bench.draw();
            assert_harmless(&bench);
        }
    }
}

#[test]
fn log_drops_the_oldest_and_the_cursor_stays() {
    let mut bench = Bench::live(100, 12);
    bench.view("Events");
    bench.type_keys("gjjj");
    let line = |bench: &Bench| bench.text().lines().nth(6).unwrap_or_default().to_owned();
    let before = bench.text();
    let mut events = host::busy();
    let told = events.len() + 14_000;
    let event = events.pop().unwrap();
    for _ in 0..9_000 {
        bench.app.apply(&event);
    }
    bench.draw();
    // Nothing has been dropped: the same lines, the same selection.
    let body = |text: &str| text.lines().skip(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&bench.text())[..3], body(&before)[..3]);
    for _ in 0..5_000 {
        bench.app.apply(&event);
    }
    bench.draw();
    assert!(line(&bench).contains("exec"), "{}", bench.text());
    assert!(
        bench.text().contains(&format!("last 10000 of {told}")),
        "{}",
        bench.text()
    );
}

#[test]
fn ascii_and_monochrome_are_strict() {
    let look = Look::default().plain().in_ascii();
    let mut bench = Bench::live(100, 30);
    for view in "123456789?".chars() {
        let mut app = App::new(Mode::Live, look);
        for event in host::busy() {
            app.apply(&event);
        }
        bench.app = app;
        bench.type_keys(&view.to_string());
        for cell in bench.picture.content() {
            assert!(
                cell.symbol().is_ascii(),
                "{:?} in view {view}",
                cell.symbol()
            );
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
    }
}

#[test]
fn environment_selects_the_look() {
    let with = |variables: &'static [(&str, &str)]| {
        Look::from_env(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(!with(&[("LANG", "de_DE.UTF-8")]).glyphs.ascii);
    assert!(
        with(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")])
            .glyphs
            .ascii
    );
    assert!(with(&[]).glyphs.ascii);
    assert_eq!(with(&[("NO_COLOR", "1")]).name(), "plain");
    assert_eq!(with(&[("NO_COLOR", "")]).name(), "either");
    assert_eq!(with(&[("COLORFGBG", "0;15")]).name(), "light");
    let named = [
        ("NO_COLOR", "1"),
        ("COLORFGBG", "0;15"),
        ("COLORTERM", "truecolor"),
    ];
    let uncoloured = Look::from_env(|name| {
        let found = named.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    // No theme enables colours where they are not allowed.
    assert_eq!(
        uncoloured.named("dark").map(|look| look.name()),
        Some("plain")
    );
    assert_eq!(uncoloured.next().name(), "plain");
}

#[test]
fn pause_freezes_the_picture_but_not_the_model() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys(" ");
    let frozen = bench.text();
    assert!(frozen.contains("PAUSED"));
    let events = bench.app.model().totals().events;
    bench.app.apply(&host::busy()[40]);
    bench.app.set_now(START + 100 * SEC);
    bench.draw();
    assert_eq!(bench.app.model().totals().events, events + 1);
    let without_header = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_header(&bench.text()), without_header(&frozen));
    assert!(bench.text().contains("PAUSED +1 "));
    bench.type_keys(" ");
    assert!(bench.text().contains("LIVE"));
}

#[test]
fn search_finds_folded_processes() {
    let mut bench = Bench::live(120, 40);
    assert!(!bench.text().contains("ksoftirqd"));
    bench.type_keys("/ksoft");
    assert!(bench.text().contains("[ksoftirqd/0]"));
    bench.press(KeyCode::Enter);
    bench.type_keys("/nothing");
    assert!(bench.text().contains("no match"));
    // Esc closes the search, then keys are keys again.
    bench.press(KeyCode::Esc);
    assert_eq!(bench.press(KeyCode::Char('q')), Flow::Quit);
}

#[test]
fn next_and_previous_match_wrap_around() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys("/cc1");
    bench.press(KeyCode::Enter);
    let position = |bench: &Bench| {
        let text = bench.text();
        let tabs = text.lines().nth(3).unwrap_or_default().to_owned();
        tabs.rsplit(' ').next().unwrap_or_default().to_owned()
    };
    assert_eq!(position(&bench), "5/22");
    bench.type_keys("n");
    assert_eq!(position(&bench), "6/22");
    bench.type_keys("n");
    assert_eq!(position(&bench), "5/22");
    bench.type_keys("NN");
    assert_eq!(position(&bench), "5/22");
}

#[test]
fn folding_hides_and_counts_descendants() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys("/2001");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Left);
    assert!(bench.text().contains("make ▸ 3 more"), "{}", bench.text());
    assert!(!bench.text().contains("cc1"));
    bench.press(KeyCode::Right);
    assert!(bench.text().contains("cc1"));
}

#[test]
fn exited_processes_are_hidden_and_orphans_keep_their_place() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys("d");
    assert!(bench.text().contains("exited: last 10 s"));
    assert!(bench.text().contains("cc1"));
    bench.app.set_now(START + 20 * SEC);
    bench.draw();
    assert!(!bench.text().contains("cc1"));
    bench.type_keys("d");
    let text = bench.text();
    assert!(!text.contains("cc1"));
    // Exited, but with a present child below it.
    assert!(text.contains("make"));
    assert!(text.contains("daemon ↪ 1 systemd"));
}

#[test]
fn threads_are_shown_on_demand() {
    let mut bench = Bench::live(120, 40);
    assert!(!bench.text().contains("GC Thread#0"));
    bench.type_keys("t");
    assert!(bench.text().contains("GC Thread#0"));
}

#[test]
fn help_lists_every_view() {
    let mut bench = Bench::live(100, 60);
    bench.type_keys("?");
    for entry in VIEWS {
        assert!(bench.text().contains(entry.name));
    }
    bench.type_keys("x");
    assert!(!bench.text().contains("any other key closes"));
}

#[test]
fn values_without_a_hook_are_never_shown_as_zero() {
    let mut events = host::busy_with(|session| {
        let hook = session
            .hooks
            .iter_mut()
            .find(|hook| hook.purpose == Purpose::Faults);
        let hook = hook.unwrap();
        hook.hook = None;
        hook.loses = "page_fault_user is not there".into();
    });
    events.retain(|event| !matches!(event.what, What::Faults(_)));
    let mut bench = Bench::new(Mode::Live, &events, 120, 40);
    let text = bench.text();
    assert_eq!(text.matches("? no hook").count(), 2, "{text}");
    let systemd = text.lines().find(|line| line.contains("systemd")).unwrap();
    assert!(systemd.ends_with("?       ?"), "{systemd}");
    bench.view("Faults");
    assert!(bench.text().contains("page_fault_user is not there"));
    bench.press(KeyCode::Enter);
    assert!(bench.text().contains("not traced"));
}

#[test]
fn recording_starts_at_its_beginning_and_reports_a_missing_end() {
    let mut events = host::busy();
    let mode = Mode::Replay {
        file: "shop\u{1b}[2J.trace".to_owned(),
    };
    let mut bench = Bench::new(mode.clone(), &events, 120, 24);
    bench.view("Events");
    assert!(bench.text().contains("cut short"));
    assert!(bench.text().contains(&format!("1/{}", events.len())));
    assert!(!bench.text().contains("Pause"));
    assert_harmless(&bench);
    let at = events.last().unwrap().at;
    events.push(Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what: What::End,
    });
    let bench = Bench::new(mode, &events, 120, 24);
    assert!(!bench.text().contains("cut short"));
}

#[test]
fn unreadable_part_is_a_loss_of_unknown_size() {
    let mut events = host::busy();
    events.retain(|event| !matches!(event.what, What::Gap(_)));
    let at = events.last().unwrap().at;
    let gap = Gap {
        since: START,
        lost: Vec::new(),
        cause: GapCause::Unreadable { events: None },
    };
    let what = What::Gap(Box::new(gap));
    events.push(Event {
        at,
        cpu: 0,
        who: Who::HOST,
        what,
    });
    let mode = Mode::Replay {
        file: "torn.trace".to_owned(),
    };
    let mut bench = Bench::new(mode, &events, 120, 40);
    assert!(bench.text().contains(" lost ? "));
    bench.view("Health");
    assert!(bench.text().contains("? unreadable in 3.0 s"));
    bench.view("Tree").type_keys("/systemd");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Enter);
    assert!(
        bench
            .text()
            .contains("some records were lost during its lifetime")
    );
}

#[test]
fn vanished_process_with_a_new_event_is_shown_again() {
    let script = Script::new().session().found(1, 0, "init");
    let script = script.found(50, 1, "back").found_all();
    // The next snapshot does not contain it, and then it has an event.
    let script = script.found(1, 0, "init").found_all();
    let gone = script.events.len();
    let events = script.at(SEC).exec(50, "back", &["back"]).events;
    let mut bench = Bench::new(Mode::Live, &events[..gone], 120, 24);
    bench.type_keys("dd");
    assert!(!bench.text().contains("back"), "{}", bench.text());
    bench.app.apply(&events[gone]);
    bench.draw();
    assert!(bench.text().contains("back"), "{}", bench.text());
}
