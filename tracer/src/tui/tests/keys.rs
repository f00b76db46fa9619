//! One script of keys for each view: what a reader does there, and sees.

use crossterm::event::KeyCode;

use super::{Bench, Mode};
use crate::event::{
    AddressSpace, Faults, What,
    script::{SEC, Script},
};

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

/// The numbers at the beginnings of the tree's lines.
fn pids(bench: &Bench) -> Vec<u32> {
    let text = bench.text();
    let lines = text.lines().skip_while(|line| !line.contains("PROCESS"));
    let first = lines.filter_map(|line| line.split_whitespace().next());
    first.filter_map(|pid| pid.parse().ok()).collect()
}

#[test]
fn the_tree_is_sorted_without_tearing_branches_apart() {
    let mut bench = view("Tree");
    let born = pids(&bench);
    // PID, PROCESS, STATE, AGE, EXIT, THR, FAULTS.
    bench.type_keys("sssssss");
    assert_shows(&bench, &["▼FAULTS", "by FAULTS"], &[]);
    // cc1 2003 faulted most: it comes first below make, and make's line first.
    let sorted = pids(&bench);
    assert_eq!(sorted[..5], [1, 700, 1200, 2001, 2003], "{}", bench.text());
    assert_eq!(sorted[5], 2002);
    // Then java, which hangs below init, then nginx.
    let place = |pid| sorted.iter().position(|&other| other == pid);
    assert!(place(900) < place(812) && place(812) < place(820));
    assert!(place(812) < place(813) && place(813) < place(3101));
    bench.type_keys("S");
    assert_shows(&bench, &["▲FAULTS"], &[]);
    // Whoever holds the least is first below each parent.
    let sorted = pids(&bench);
    let place = |pid| sorted.iter().position(|&other| other == pid);
    assert!(place(2010) < place(2002) && place(2002) < place(2003));
    assert!(place(820) < place(812));
    // COW?, and in order of appearance again.
    bench.type_keys("ss");
    assert_shows(&bench, &[], &["▲", "▼", "by "]);
    assert_eq!(pids(&bench), born);
    // The kernel's threads stay behind all others.
    bench.type_keys("s");
    assert_eq!(pids(&bench).last(), Some(&2));
}

#[test]
fn columns_of_the_tree_are_chosen() {
    let mut bench = view("Tree");
    bench.type_keys("c");
    assert_shows(
        &bench,
        &["Columns: Space", "[x] PID", "[ ] PPID", "[ ] CGROUP"],
        &[],
    );
    // The name stays; the parent's number comes, the state goes.
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
fn branches_of_the_tree_are_folded_and_unfolded_whole() {
    let mut bench = view("Tree");
    bench.type_keys("-");
    assert_eq!(pids(&bench), [1, 700, 812, 820, 900, 4999, 5001, 2]);
    // Who is in a folded branch and dead is told of it.
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
    // Deep in a branch that is folded away, the cursor goes up to what is left.
    bench.type_keys("/2003");
    bench.press(KeyCode::Enter);
    bench.type_keys("-y");
    let copied = bench.app.take_effects();
    assert!(format!("{copied:?}").contains("sshd -D"), "{copied:?}");
}

#[test]
fn the_tree_follows_who_is_new() {
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
    assert_eq!(
        bench.app.take_effects(),
        [super::super::Effect::Copy("new".to_owned())]
    );
    assert_shows(&bench, &["following"], &[]);
    bench.type_keys("k");
    assert_shows(&bench, &[], &["following"]);
}

#[test]
fn a_fork_that_made_many_copies_is_marked() {
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
