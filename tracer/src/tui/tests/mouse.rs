//! The mouse: select, open, scroll, sort, switch views; and copying.

use crossterm::event::{
    Event as Input, KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::Bench;
use crate::tui::Effect;

fn mouse(bench: &mut Bench, kind: MouseEventKind, column: u16, row: u16) {
    let modifiers = KeyModifiers::NONE;
    bench.app.on_input(Input::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    }));
    bench.draw();
}

/// Returns the position of a text on the screen.
fn place(bench: &Bench, text: &str) -> (u16, u16) {
    let screen = bench.text();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let column = line.find(text)?;
        Some((line[..column].chars().count() as u16, row as u16))
    });
    found.unwrap_or_else(|| panic!("no {text:?} in\n{screen}"))
}

fn click(bench: &mut Bench, text: &str) {
    let (column, row) = place(bench, text);
    mouse(bench, MouseEventKind::Down(MouseButton::Left), column, row);
}

#[test]
fn click_selects_and_second_click_opens() {
    let mut bench = Bench::live(120, 40);
    click(&mut bench, "huge.c");
    bench.type_keys("y");
    let copied = Effect::Copy("/usr/lib/gcc/cc1 -quiet -O2 huge.c -o huge.o".to_owned());
    assert_eq!(bench.app.take_effects(), [copied]);
    click(&mut bench, "huge.c");
    assert!(
        bench.text().contains("SIGKILL from 1200 bash"),
        "{}",
        bench.text()
    );
}

#[test]
fn tabs_and_titles_can_be_clicked() {
    let mut bench = Bench::live(120, 40);
    click(&mut bench, "Faults");
    assert!(bench.text().contains("▼TOTAL"));
    click(&mut bench, "REUSE");
    assert!(bench.text().contains("▼REUSE"), "{}", bench.text());
    click(&mut bench, "Forks");
    click(&mut bench, "CHILD COW");
    assert!(bench.text().contains("by CHILD COW"));
    click(&mut bench, "4002");
    click(&mut bench, "4002");
    assert!(bench.text().contains("its fork"));
    bench.press(KeyCode::Esc);
    click(&mut bench, "Tree");
    click(&mut bench, "FAULTS");
    assert!(bench.text().contains("▼FAULTS"));
    click(&mut bench, "▼FAULTS");
    assert!(bench.text().contains("▲FAULTS"));
    click(&mut bench, "▲FAULTS");
    assert!(!bench.text().contains("▲FAULTS"));
    click(&mut bench, "Zombies");
    assert!(bench.text().contains("LAST WAIT"));
}

#[test]
fn wheel_moves_three_lines() {
    let mut bench = Bench::live(120, 40);
    mouse(&mut bench, MouseEventKind::ScrollDown, 5, 10);
    assert!(bench.text().contains("4/22"));
    mouse(&mut bench, MouseEventKind::ScrollUp, 5, 10);
    assert!(bench.text().contains("1/22"));
}

#[test]
fn session_work_is_requested_as_effects() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys("Yw");
    let asked = bench.app.take_effects();
    assert!(
        matches!(asked[..], [Effect::CopyJson(_), Effect::Export]),
        "{asked:?}"
    );
    let stop = super::KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL);
    bench.app.on_input(Input::Key(stop));
    assert_eq!(bench.app.take_effects(), [Effect::Suspend]);
}
