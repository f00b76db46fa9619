//! Saved settings and the theme.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};

use super::{Bench, Mode, host};
use crate::tui::{App, Effect, Look};

#[test]
fn settings_are_saved_and_restored() {
    let mut bench = Bench::live(120, 40);
    // PPID is shown, faults sort; the theme and the order of other views change.
    bench.type_keys("cjj ");
    bench.press(crossterm::event::KeyCode::Esc);
    bench.type_keys("sssssssstT4s5s");
    let kept = bench.app.saved_settings();
    for line in [
        "theme = dark",
        "tree.columns = PID PROCESS PPID STATE AGE EXIT THR FAULTS COW?",
        "tree.sort = FAULTS down",
        "tree.threads = true",
        "faults.sort = COW",
        "forks.sort = PARENT COW",
    ] {
        assert!(kept.lines().any(|kept| kept == line), "{line} in\n{kept}");
    }
    let mut app = App::new(Mode::Live, Look::default());
    assert_eq!(app.restore(&kept), Vec::<String>::new());
    assert_eq!(app.saved_settings(), kept);
    for event in host::busy() {
        app.apply(&event);
    }
    bench.app = app;
    bench.draw();
    let text = bench.text();
    assert!(text.contains("PPID") && text.contains("▼FAULTS"), "{text}");
    assert!(text.contains("GC Thread#0"), "{text}");
}

#[test]
fn background_selects_the_theme_unless_the_reader_did() {
    let answer = |bench: &mut Bench| {
        let alt = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::ALT);
        bench.app.on_input(Input::Key(alt(']')));
        bench.type_keys("11;rgb:ffff/ffff/ffff");
        bench.app.on_input(Input::Key(alt('\\')));
    };
    let mut bench = Bench::live(80, 24);
    bench.app.detect_background();
    assert_eq!(bench.app.take_effects(), [Effect::AskBackground]);
    let before = bench.text();
    answer(&mut bench);
    bench.draw();
    // No letter of the answer was read as a key.
    assert_eq!(bench.text(), before);
    assert_eq!(bench.app.look.name(), "light");
    // A theme that the terminal chose is not saved.
    assert!(!bench.app.saved_settings().contains("theme"));

    let mut bench = Bench::live(80, 24);
    bench.app.set_theme("dark").unwrap();
    bench.app.detect_background();
    assert_eq!(bench.app.take_effects(), []);
    let mut bench = Bench::live(80, 24);
    bench.app.detect_background();
    bench.type_keys("TT");
    let chosen = bench.app.look.name();
    answer(&mut bench);
    assert_eq!(bench.app.look.name(), chosen);
}

#[test]
fn invalid_settings_are_reported_and_ignored() {
    let mut app = App::new(Mode::Live, Look::default());
    let untouched = app.saved_settings();
    let wrong = "# a note\n\nnonsense\ntree.columns = PID \x1b[31m\ntree.sort = FAULTS sideways\n\
                 theme = dusk\nwindow.sort = PID\nhealth.sort = PID\nfaults.order = COW\n";
    let complaints = app.restore(wrong);
    assert_eq!(complaints.len(), 7, "{complaints:#?}");
    assert_eq!(complaints[0], "line 3: expected name = value");
    let theme = "line 6: there is no theme \"dusk\", only either, dark, light, plain";
    assert_eq!(complaints[3], theme);
    assert_eq!(app.saved_settings(), untouched);
}
