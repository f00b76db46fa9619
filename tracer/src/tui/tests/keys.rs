//! One script of keys for each view.

use crossterm::event::KeyCode;

use super::{Bench, Mode, host};
use crate::event::script::{SEC, START, Script};

pub fn view(name: &str) -> Bench {
    let mut bench = Bench::live(120, 40);
    bench.view(name);
    bench
}

pub fn assert_shows(bench: &Bench, present: &[&str], absent: &[&str]) {
    let text = bench.text();
    for part in present {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    for part in absent {
        assert!(!text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn deaths_are_grouped_folded_and_listed_by_time() {
    let mut bench = view("Deaths");
    assert_shows(
        &bench,
        &["SIGKILL from bash", "2003", "exit code 0 ▸"],
        &["2002"],
    );
    // The first row is the group of killed processes.
    bench.press(KeyCode::Left);
    assert_shows(&bench, &["SIGKILL from bash ▸"], &["huge.c"]);
    bench.press(KeyCode::Right);
    bench.type_keys("j");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["2003 cc1", "SIGKILL from 1200 bash"], &[]);
    bench.press(KeyCode::Esc);
    bench.type_keys("s");
    assert_shows(&bench, &["latest first", "2002"], &["exit code 0 ▸"]);
}

#[test]
fn timeline_is_zoomed_and_has_a_cursor() {
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
    // The cursor is at the present until it is moved: half a screen earlier the compiler had just
    // exited.
    assert_shows(&bench, &["2003 cc1 exited  exit: SIGKILL"], &[]);
    bench.type_keys("[[");
    bench.press(KeyCode::Right);
    assert_shows(
        &bench,
        &["+57.", "2003 cc1 not yet started", "5.0 s"],
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
fn timeline_shows_streamed_states() {
    let mut bench = Bench::new(Mode::Live, &host::streamed(), 120, 30);
    bench.view("Timeline");
    bench.type_keys("/2001");
    bench.press(KeyCode::Enter);
    assert_shows(
        &bench,
        &["uninterruptible", "DDDD", "TTT", "old, running"],
        &[],
    );
    bench.type_keys("[");
    assert_shows(&bench, &["old, uninterruptible"], &[]);
    // The legend has no states where none are drawn.
    let bench = view("Timeline");
    assert_shows(&bench, &["━ alive"], &["uninterruptible"]);
}

#[test]
fn siblings_share_a_lane_until_they_are_split() {
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
    assert_shows(&bench, &[" of 6 job present"], &[]);
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["job 10", "job 15"], &["×6"]);
    bench.type_keys("x");
    assert_shows(&bench, &["job ×6"], &[]);
}

#[test]
fn zombies_view_opens_zombies_and_owners() {
    let mut bench = view("Zombies");
    assert_shows(
        &bench,
        &["2 owners · 1/6", "hoarder", ">5.0 s", "none seen"],
        &[],
    );
    bench.type_keys("jj");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["3001 hoarder", "zombie for", "820 hoarder"], &[]);
    bench.type_keys("p");
    assert_shows(&bench, &["820 hoarder", "children"], &["zombie for"]);
    bench.press(KeyCode::Esc);
    bench.type_keys("o");
    assert_shows(&bench, &["tree(3001)", "1 owner"], &["3101"]);
}

#[test]
fn zombies_view_shows_the_finding_of_the_selected_owner() {
    let mut bench = view("Zombies");
    let hoarder = "hoarder[820] has not reaped 3 children; oldest over 5.0 s";
    assert_shows(&bench, &[hoarder], &["nginx[813]"]);
    // Its zombies show the same finding, another owner its own.
    bench.type_keys("j");
    assert_shows(&bench, &[hoarder], &[]);
    bench.press(KeyCode::End);
    assert_shows(&bench, &["nginx[813] has not reaped 1 child"], &[hoarder]);
    // Ages grow without events.
    bench.app.set_now(START + 100 * SEC);
    bench.draw();
    assert_shows(&bench, &["1 child; oldest 1m 37s"], &[]);
}

#[test]
fn health_starts_with_findings() {
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for pid in 10..13 {
        script = script.fork(1, pid).exec(pid, "cc1", &["cc1"]);
        script = script
            .signal(0, pid, 11, 0x80)
            .killed(pid, 0x8b)
            .notify(pid)
            .reap(pid);
    }
    let mut bench = Bench::new(Mode::Live, &script.events, 120, 40);
    bench.view("Health");
    assert_shows(&bench, &["FINDINGS", "cc1 died of SIGSEGV 3 times"], &[]);
    let mut bench = Bench::new(Mode::Live, &script.events[..3], 120, 40);
    bench.view("Health");
    assert_shows(&bench, &["FINDINGS", "none"], &["cc1"]);
}

#[test]
fn faults_are_sorted_by_class_and_exited_processes_hidden() {
    let mut bench = view("Faults");
    let first = |bench: &Bench| {
        let text = bench.text();
        let mut lines = text.lines().skip_while(|line| !line.contains("PROCESS"));
        lines.nth(1).map(str::to_owned)
    };
    assert_shows(&bench, &["▼TOTAL", "by TOTAL"], &[]);
    assert!(first(&bench).unwrap().contains("huge.c"));
    bench.type_keys("s");
    assert_shows(&bench, &["▼COW"], &[]);
    assert!(first(&bench).unwrap().contains("make"));
    bench.type_keys("d");
    assert_shows(&bench, &["exited hidden"], &["huge.c"]);
    assert!(first(&bench).unwrap().contains("nginx"));
    // On to the PID, the smallest first.
    bench.type_keys("sssssss");
    assert_shows(&bench, &["▼PID"], &[]);
    bench.type_keys("s");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["900 java", "by region"], &[]);
}

#[test]
fn forks_are_sorted_by_cost() {
    let mut bench = view("Forks");
    assert_shows(&bench, &["▼TOOK", "PARENT COW", "2001"], &[]);
    bench.type_keys("ss");
    assert_shows(&bench, &["by CHILD COW"], &[]);
    bench.type_keys("/4002");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["4002 日本語🦀", "its fork"], &[]);
}

#[test]
fn events_are_scrolled_searched_and_followed() {
    let mut bench = view("Events");
    assert_shows(&bench, &["following", "sleep 1000"], &["huge.c"]);
    bench.press(KeyCode::Home);
    assert_shows(&bench, &["1/", "session"], &["following", "sleep 1000"]);
    bench.type_keys("/huge.c");
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["huge.c", "2003"], &[]);
    bench.press(KeyCode::Enter);
    assert_shows(&bench, &["2003 cc1", "SIGKILL"], &[]);
    bench.press(KeyCode::Esc);
    bench.press(KeyCode::Esc);
    bench.type_keys("F");
    assert_shows(&bench, &["following", "sleep 1000"], &[]);
}

#[test]
fn process_view_opens_the_parent_and_goes_back() {
    let mut bench = view("Tree");
    bench.type_keys("/2003");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Enter);
    assert_shows(
        &bench,
        &["2003 cc1", "copy_process", "SIGKILL from 1200 bash"],
        &[],
    );
    bench.type_keys("p");
    assert_shows(&bench, &["2001 make", "exit code 2"], &["SIGKILL from"]);
    bench.type_keys("pp");
    assert_shows(&bench, &["700 sshd"], &[]);
    bench.press(KeyCode::Esc);
    bench.press(KeyCode::Esc);
    assert_shows(&bench, &["1 Tree", "PROCESS", "huge.c"], &[]);
}

#[test]
fn health_scrolls() {
    let mut bench = Bench::live(80, 14);
    bench.view("Health");
    let top = bench.text();
    bench.press(KeyCode::PageDown);
    assert_ne!(bench.text(), top);
    bench.press(KeyCode::End);
    let end = bench.text();
    bench.press(KeyCode::Down);
    assert_eq!(bench.text(), end);
    bench.press(KeyCode::Home);
    assert_eq!(bench.text(), top);
}
