//! Filters: typed, refused, saved and removed.

use crossterm::event::KeyCode;

use super::{Bench, host};
use crate::{
    event::script::{SEC, START},
    filter::{Filter, SavedFilters},
    tui::{Effect, Mode},
};

fn filtered(keys: &str, filter: &str) -> Bench {
    let mut bench = Bench::live(120, 40);
    bench.type_keys(keys);
    bench.type_keys(&format!("f{filter}"));
    bench.press(KeyCode::Enter);
    bench
}

#[test]
fn tree_shows_matches_and_their_ancestors() {
    let mut bench = filtered("", "exit.signal == KILL");
    let text = bench.text();
    assert!(text.contains(" only  exit.signal == KILL"), "{text}");
    assert!(text.contains("1 of "), "{text}");
    for name in ["systemd", "sshd", "bash", "make", "2003"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    for name in ["nginx", "2002", "java"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    bench.press(KeyCode::Esc);
    assert!(bench.text().contains("nginx"));
}

#[test]
fn every_list_applies_the_filter() {
    for (view, present, absent) in [
        ("Zombies", "job", "early"),
        ("Faults", "job --nightly", "java"),
        ("Deaths", "SIGSEGV", "SIGKILL"),
        ("Events", "3002", "2003"),
    ] {
        let mut bench = filtered("", "comm == job");
        bench.view(view);
        let text = bench.text();
        assert!(
            text.contains(present) && !text.contains(absent),
            "{view}: {text}"
        );
    }
}

#[test]
fn invalid_filter_is_refused_at_the_place_of_the_error() {
    let mut bench = filtered("", "comm == make && exit.cod == 2");
    let text = bench.text();
    let lines: Vec<_> = text.lines().collect();
    let (marks, typed) = (lines[lines.len() - 2], lines[lines.len() - 1]);
    assert!(
        marks.contains("unknown field `exit.cod` (did you mean `exit.code`?)"),
        "{text}"
    );
    let column = |line: &str, part: &str| line.find(part).map(|at| line[..at].chars().count());
    // The cursor is between the beginning and the end of the error.
    assert_eq!(column(marks, "▾"), column(typed, "▏exit.cod"), "{text}");
    // The cursor moved there: typing corrects the error.
    for _ in 0..8 {
        bench.press(KeyCode::Delete);
    }
    bench.type_keys("code");
    bench.press(KeyCode::Enter);
    assert!(
        bench.text().contains("only  comm == make && code == 2"),
        "{}",
        bench.text()
    );
}

#[test]
fn one_key_filters_for_a_subtree() {
    let mut bench = Bench::live(120, 40);
    bench.type_keys("/2001");
    bench.press(KeyCode::Enter);
    bench.type_keys("o");
    let text = bench.text();
    assert!(text.contains("only  tree(2001)"), "{text}");
    assert!(text.contains("cc1") && text.contains("daemon") && !text.contains("nginx"));
}

#[test]
fn filter_is_saved_and_used_by_name() {
    let mut bench = filtered("", "@dead = state == reaped");
    let effect = Effect::SaveFilter {
        name: "dead".to_owned(),
        filter: "state == reaped".to_owned(),
    };
    assert_eq!(bench.app.take_effects(), [effect]);
    bench.press(KeyCode::Esc);
    bench.type_keys("f@dead && comm == make");
    bench.press(KeyCode::Enter);
    assert!(bench.text().contains("only  @dead && comm == make"));
    assert!(bench.text().contains("1 of "));
}

#[test]
fn filter_applies_to_later_processes() {
    let events = host::busy();
    let mut bench = Bench::new(Mode::Live, &events[..30], 120, 40);
    let filter = Filter::parse("state == zombie || lifetime > 1h", &SavedFilters::new()).unwrap();
    bench.app.set_filter(Some(filter));
    for event in &events[30..] {
        bench.app.apply(event);
        bench.draw();
    }
    assert!(bench.text().contains("3002"), "{}", bench.text());
    // Time alone can change it.
    bench.app.set_now(START + 7_200 * SEC);
    bench.draw();
    assert!(bench.text().contains("nginx"), "{}", bench.text());
}

/// Every list, with a filter that matches nothing: it says so, and how many the filter hides. It
/// does not claim that nothing happened.
#[test]
fn empty_list_under_a_filter_says_what_it_hides() {
    for (view, hidden) in [
        ("Tree", "24 processes"),
        ("Timeline", "12 processes in this window"),
        ("Zombies", "4 zombies"),
        ("Faults", "9 processes with page faults"),
        ("Forks", "11 forks"),
        ("Deaths", "6 deaths"),
        ("Events", "90 events"),
    ] {
        for (width, height) in [(40, 14), (80, 24), (160, 50)] {
            let mut bench = Bench::live(width, height);
            bench.type_keys("fcomm == nobody");
            bench.press(KeyCode::Enter);
            let text = bench.view(view).text();
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                words.contains("matches the filter `comm == nobody`"),
                "{text}"
            );
            assert!(
                words.contains(&format!("({hidden} without it)")),
                "{view}: {text}"
            );
            for claim in [
                "No process has",
                "Nothing happens",
                "No zombies now",
                "no event",
            ] {
                assert!(!words.contains(claim), "{view}: {text}");
            }
        }
    }
}

#[test]
fn findings_do_not_pretend_to_be_filtered() {
    let mut bench = filtered("", "comm == nobody");
    assert!(
        bench
            .view("Health")
            .text()
            .contains("the filter does not apply")
    );
    bench.press(KeyCode::Esc);
    assert!(!bench.text().contains("the filter does not apply"));
}
