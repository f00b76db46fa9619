//! One script of keys for each view: what a reader does there, and sees.

use crossterm::event::KeyCode;

use super::{Bench, Mode};
use crate::event::script::{SEC, Script};

fn view(name: &str) -> Bench {
    let mut bench = Bench::live(120, 40);
    bench.view(name);
    bench
}

fn assert_shows(bench: &Bench, present: &[&str], absent: &[&str]) {
    let text = bench.text();
    for part in present {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    for part in absent {
        assert!(!text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn deaths_are_grouped_by_cause_folded_and_put_in_order_of_time() {
    let mut bench = view("Deaths");
    assert_shows(
        &bench,
        &["SIGKILL from bash", "2003", "exit code 0 ▸"],
        &["2002"],
    );
    // The first row is the group of those killed.
    bench.press(KeyCode::Left);
    assert_shows(&bench, &["SIGKILL from bash ▸"], &["huge.c"]);
    bench.press(KeyCode::Right);
    bench.type_keys("j");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["2003 cc1", "SIGKILL from 1200 bash"], &[]);
    bench.press(KeyCode::Esc);
    bench.type_keys("s");
    assert_shows(&bench, &["the latest first", "2002"], &["exit code 0 ▸"]);
}

#[test]
fn the_timeline_is_zoomed_and_pointed_at() {
    let mut bench = view("Timeline");
    assert_shows(
        &bench,
        &["following · 5.0 s", "make 2001", "✖", "▒"],
        &["java"],
    );
    bench.type_keys("a");
    assert_shows(&bench, &["java 900"], &[]);
    bench.type_keys("a/2003");
    bench.press(KeyCode::Enter);
    // The cursor points at the present until it is moved: half a screen
    // earlier the compiler was just dead.
    assert_shows(&bench, &["2003 cc1 gone  ended SIGKILL"], &[]);
    bench.type_keys("[[");
    bench.press(KeyCode::Right);
    assert_shows(
        &bench,
        &["+57.", "2003 cc1 not yet born", "5.0 s"],
        &["following"],
    );
    for _ in 0..20 {
        bench.press(KeyCode::Right);
    }
    assert_shows(&bench, &["2003 cc1 alive, "], &[]);
    bench.type_keys("++");
    assert_shows(&bench, &["1.2 s · "], &[]);
    bench.type_keys("0F");
    assert_shows(&bench, &["following"], &[]);
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["2003 cc1  reaped", "copy_process"], &[]);
}

#[test]
fn siblings_of_one_name_share_a_lane_until_they_are_asked_for() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for child in 0..6 {
        script =
            script
                .at(u64::from(child) * SEC)
                .fork(1, 10 + child)
                .exec(10 + child, "job", &["job"]);
        script = script.die(10 + child, 0).reap(10 + child);
    }
    let mut bench = Bench::new(Mode::Live, &script.events, 100, 30);
    bench.view("Timeline");
    assert_shows(&bench, &["job ×6"], &["job 12"]);
    bench.type_keys("/job");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &[" of 6 job there"], &[]);
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["job 10", "job 15"], &["×6"]);
    bench.type_keys("x");
    assert_shows(&bench, &["job ×6"], &[]);
}
