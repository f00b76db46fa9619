//! Keys in the tree: sorting, columns, folding, following.

use crossterm::event::KeyCode;

use super::{
    Bench, Mode, host,
    keys::{assert_shows, view},
};
use crate::{
    event::{
        AddressSpace, Faults, What,
        script::{MS, Script},
    },
    tui::Effect,
};

/// Returns the PIDs at the beginnings of the tree's lines.
fn pids(bench: &Bench) -> Vec<u32> {
    let text = bench.text();
    let lines = text.lines().skip_while(|line| !line.contains("PROCESS"));
    let first = lines.filter_map(|line| line.split_whitespace().next());
    first.filter_map(|pid| pid.parse().ok()).collect()
}

#[test]
fn sorting_keeps_branches_together() {
    let mut bench = view("Tree");
    let born = pids(&bench);
    // PID, PROCESS, STATE, AGE, EXIT, THR, FAULTS.
    bench.type_keys("sssssss");
    assert_shows(&bench, &["▼FAULTS", "by FAULTS"], &[]);
    // cc1 2003 has the most faults: it comes first below make, and make's branch first.
    let sorted = pids(&bench);
    assert_eq!(sorted[..5], [1, 700, 1200, 2001, 2003], "{}", bench.text());
    assert_eq!(sorted[5], 2002);
    // Then java, below init, then nginx.
    let place = |pid| sorted.iter().position(|&other| other == pid);
    assert!(place(900) < place(812) && place(812) < place(820));
    assert!(place(812) < place(813) && place(813) < place(3101));
    bench.type_keys("S");
    assert_shows(&bench, &["▲FAULTS"], &[]);
    // The smallest value comes first below each parent.
    let sorted = pids(&bench);
    let place = |pid| sorted.iter().position(|&other| other == pid);
    assert!(place(2010) < place(2002) && place(2002) < place(2003));
    assert!(place(820) < place(812));
    // COW?, then the order of appearance again.
    bench.type_keys("ss");
    assert_shows(&bench, &[], &["▲", "▼", "by "]);
    assert_eq!(pids(&bench), born);
    // Kernel threads stay last.
    bench.type_keys("s");
    assert_eq!(pids(&bench).last(), Some(&2));
}

#[test]
fn state_column_uses_the_letters_of_ps() {
    let mut bench = Bench::new(Mode::Live, &host::streamed(), 120, 30);
    assert_eq!(
        bench.app.restore("tree.columns = PID PROCESS S 1ST-RUN"),
        [""; 0]
    );
    bench.draw();
    let ends = |pid: &str, with: &[&str]| {
        let text = bench.text();
        let lines = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = lines.into_iter().find(|line| line.first() == Some(&pid));
        assert!(
            line.is_some_and(|line| line.ends_with(with)),
            "{with:?} in {text}"
        );
    };
    ends("2001", &["S", "1.0", "µs"]);
    ends("2002", &["X", "1.0", "µs"]);
    ends("1200", &["?", "?"]);
}

#[test]
fn crowded_tree_is_sorted_after_a_few_frames() {
    const CROWD: u32 = 6_000;
    let mut script = Script::new().session().found(1, 0, "init").found_all();
    for pid in 10..10 + CROWD {
        script = script.fork(1, pid);
    }
    let mut bench = Bench::new(Mode::Live, &script.events, 100, 20);
    // PID, PROCESS, STATE, AGE, EXIT, THR, FAULTS.
    bench.type_keys("sssssss");
    assert_shows(&bench, &["by FAULTS"], &[]);
    let told = script.events.len();
    let faults = Faults {
        read: 1_000,
        ..Faults::default()
    };
    let foremost = 10 + CROWD / 2;
    script = script.event(foremost, What::Faults(Box::new(faults.into())));
    for step in 0..40 {
        let next = 20_000 + step;
        script = script.at((10 + u64::from(step)) * 100 * MS).fork(1, next);
    }
    // A frame each tenth of a second, with a new process before each.
    for (step, event) in script.events[told..].iter().enumerate() {
        bench.app.apply(event);
        bench.draw();
        // A new process is listed at the second frame at the latest.
        let known = bench.app.model().process_count();
        let listed = bench.text();
        assert!(
            [known, known - 1]
                .iter()
                .any(|rows| listed.contains(&format!("/{rows}"))),
            "step {step}: {known} in {listed}"
        );
    }
    assert_eq!(pids(&bench)[..2], [1, foremost], "{}", bench.text());
}

#[test]
fn tree_columns_can_be_chosen() {
    let mut bench = view("Tree");
    bench.type_keys("c");
    assert_shows(
        &bench,
        &["Columns: Space", "[x] PID", "[ ] PPID", "[ ] CGROUP"],
        &[],
    );
    // The name stays; PPID is added and the state removed.
    bench.type_keys("j j j ");
    assert_shows(&bench, &["[x] PROCESS", "[x] PPID", "[ ] STATE"], &[]);
    bench.type_keys("s");
    assert_shows(&bench, &["largest first"], &[]);
    bench.press(KeyCode::Esc);
    assert_shows(
        &bench,
        &["PROCESS", "PPID", "by STATE"],
        &["Columns:", " STATE  "],
    );
    let text = bench.text();
    let cc1 = text.lines().find(|line| line.contains("huge.c")).unwrap();
    assert!(cc1.contains(" 2001 "), "{cc1}");
}

#[test]
fn whole_branches_are_folded_and_unfolded() {
    let mut bench = view("Tree");
    bench.type_keys("-");
    assert_eq!(pids(&bench), [1, 700, 812, 820, 900, 4999, 5001, 2]);
    // Exited processes in a folded branch are counted.
    assert_shows(
        &bench,
        &[
            "sshd ▸ 9 more",
            "nginx ▸ 2 more Z×1",
            "hoarder ▸ 3 more Z×3",
        ],
        &[],
    );
    bench.type_keys("jL");
    assert_shows(&bench, &["huge.c", "nginx ▸ 2 more"], &["sshd ▸"]);
    bench.type_keys("H");
    bench.press(KeyCode::Right);
    assert_shows(&bench, &["bash ▸ 7 more"], &["huge.c"]);
    bench.type_keys("*");
    assert_shows(&bench, &["huge.c", "kworker/0:1"], &["▸"]);
    // The selection moves up to the row that hides it.
    bench.type_keys("/2003");
    bench.press(KeyCode::Enter);
    bench.type_keys("-y");
    let copied = bench.app.take_effects();
    assert!(format!("{copied:?}").contains("sshd -D"), "{copied:?}");
}

#[test]
fn tree_follows_new_processes() {
    let script = Script::new().session().found(1, 0, "init").found_all();
    let script = script.fork(1, 10).exec(10, "old", &["old"]);
    let mut bench = Bench::new(Mode::Live, &script.events, 100, 30);
    bench.type_keys("F");
    let seen = script.events.len();
    let script = script.fork(1, 11).exec(11, "new", &["new"]);
    for event in &script.events[seen..] {
        bench.app.apply(event);
    }
    bench.draw();
    bench.type_keys("y");
    assert_eq!(bench.app.take_effects(), [Effect::Copy("new".to_owned())]);
    assert_shows(&bench, &["following"], &[]);
    bench.type_keys("k");
    assert_shows(&bench, &[], &["following"]);
}

#[test]
fn fork_with_many_copies_is_marked() {
    let script = Script::new().session().found(1, 0, "init").found_all();
    let script = script.fork_with(1, 10, |fork| {
        fork.copied = Some(AddressSpace {
            pages: Some(9_000),
            page_tables: 4_096,
        });
    });
    let copies = |count| {
        let faults = Faults {
            cow_copy: count,
            ..Faults::default()
        };
        What::Faults(Box::new(faults.into()))
    };
    let few = script.event(10, copies(4_000));
    let bench = Bench::new(Mode::Live, &few.events, 100, 30);
    assert_shows(&bench, &[], &["COW 4"]);
    let many = few.event(10, copies(4_100));
    let bench = Bench::new(Mode::Live, &many.events, 100, 30);
    assert_shows(&bench, &["init COW 4100"], &[]);
}
