//! How the dashboard is left, and found again.

use super::{Bench, Mode, host};
use crate::tui::{App, Look};

#[test]
fn what_was_chosen_is_there_again() {
    let mut bench = Bench::live(120, 40);
    // PPID is shown, faults sort; themes, and the order of the other views.
    bench.type_keys("cjj ");
    bench.press(crossterm::event::KeyCode::Esc);
    bench.type_keys("sssssssstT4s5s");
    let kept = bench.app.kept();
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
    assert_eq!(app.kept(), kept);
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
fn what_is_no_use_is_said_and_ignored() {
    let mut app = App::new(Mode::Live, Look::default());
    let untouched = app.kept();
    let wrong = "# a note\n\nnonsense\ntree.columns = PID \x1b[31m\ntree.sort = FAULTS sideways\n\
                 theme = dusk\nwindow.sort = PID\nhealth.sort = PID\nfaults.order = COW\n";
    let complaints = app.restore(wrong);
    assert_eq!(complaints.len(), 7, "{complaints:#?}");
    assert_eq!(complaints[0], "line 3: no name = value");
    let theme = "line 6: there is no theme \"dusk\", only either, dark, light, plain";
    assert_eq!(complaints[3], theme);
    assert_eq!(app.kept(), untouched);
}
