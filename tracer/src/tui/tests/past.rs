//! Seeking in a recording and in the past of a live trace.

use crossterm::event::{Event as Input, KeyCode, MouseButton, MouseEvent, MouseEventKind};

use super::{Bench, KeyModifiers, host};
use crate::{
    event::{
        Disposition, SigchldPolicy, Text, Waits, What, Zone,
        script::{SEC, START, Script},
    },
    tui::{App, Control, Effect, Look, Mark, Mode, Playhead},
};

fn playhead(now: u64, position: u64) -> Playhead {
    let events = host::busy();
    Playhead {
        now,
        began: START,
        ended: START + 10 * SEC,
        position,
        events: events.len() as u64,
        speed: 1.0,
        playing: false,
        seeking: false,
        indexed: None,
        growing: false,
    }
}

/// Performs the session's part of a seek: the first events again.
fn go_back(bench: &mut Bench, events: usize) {
    bench.app.clear_model();
    let replayed = &host::busy()[..events];
    replayed
        .iter()
        .for_each(|event| bench.app.apply_playback(event));
    let now = replayed.iter().map(|event| event.at).max().unwrap();
    bench.app.set_playhead(playhead(now, events as u64));
    bench.draw();
}

/// The busy host began at 10:30:00 UTC on 14 March 2026.
#[test]
fn times_of_day_are_in_the_zone_of_the_reader() {
    let began = 1_773_484_200 * SEC as i64;
    // The clocks are set back an hour, two seconds later.
    let zone = Zone::new(move |at| {
        if at < began + 2 * SEC as i64 {
            20_700
        } else {
            17_100
        }
    });
    let mut bench = Bench::live(160, 50);
    bench.app =
        std::mem::replace(&mut bench.app, App::new(Mode::Live, Look::default())).with_zone(zone);
    bench.type_keys("7");
    let text = bench.text();
    assert!(
        text.contains("2026-03-14 16:15:00 +05:45 to 15:15:05 +04:45"),
        "{text}"
    );
    assert!(text.contains("15:15:02.134006 "), "{text}");
    assert!(text.contains("16:15:01 +05:45 "), "{text}");
    assert!(
        !text.contains("16:15:01.") && !text.contains("10:30:"),
        "{text}"
    );
}

#[test]
fn without_a_past_there_are_no_seek_keys() {
    let mut bench = Bench::live(160, 60);
    bench.type_keys(",E:");
    assert!(bench.app.take_effects().is_empty());
    assert!(bench.text().contains(" LIVE "));
    bench.type_keys("?");
    assert!(!bench.text().contains("next exit"), "{}", bench.text());
    bench.press(KeyCode::Esc);
    bench.app.set_can_go_back(true);
    bench.type_keys("?");
    assert!(bench.text().contains("next exit"), "{}", bench.text());
}

#[test]
fn past_of_a_live_trace_is_entered_and_left() {
    let mut bench = Bench::live(120, 40);
    bench.app.set_can_go_back(true);
    bench.type_keys("/4001");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Esc);
    bench.type_keys("E");
    assert_eq!(
        bench.app.take_effects(),
        [Effect::Play(Control::PreviousExit)]
    );
    assert!(!bench.app.is_in_the_past() && bench.text().contains("PAUSED"));
    // Only the first snapshot has been played: there is no build yet.
    go_back(&mut bench, 14);
    let text = bench.text();
    assert!(bench.app.is_in_the_past());
    assert!(
        text.contains(" PAST ") && text.contains("event 14 of"),
        "{text}"
    );
    assert!(!text.contains("huge.c") && text.contains("nginx"), "{text}");
    // The stream continues while the past is shown.
    let events = bench.app.model().totals().events;
    let more = Script::new()
        .session()
        .found(1, 0, "init")
        .fork(1, 8000)
        .events;
    let fork = more.last().unwrap();
    bench.app.apply(fork);
    bench.draw();
    assert_eq!(bench.app.model().totals().events, events + 1);
    assert!(!bench.text().contains("8000"));
    // Selections are restored.
    bench.press(KeyCode::Esc);
    let text = bench.text();
    assert!(
        !bench.app.is_in_the_past() && text.contains(" LIVE "),
        "{text}"
    );
    assert!(text.contains("huge.c") && text.contains("8000"), "{text}");
    // At the end of the past, playing returns to the present.
    bench.type_keys(",");
    go_back(&mut bench, host::busy().len());
    bench.app.take_effects();
    bench.type_keys(" ");
    assert!(bench.text().contains(" LIVE ") && bench.app.take_effects().is_empty());
}

#[test]
fn a_finding_leads_to_its_process_and_time() {
    let mut bench = Bench::live(160, 60);
    bench.app.set_can_go_back(true);
    bench.view("Health");
    assert!(bench.text().contains(" 1/3"), "{}", bench.text());
    bench.press(KeyCode::Down);
    assert!(bench.text().contains(" 2/3"), "{}", bench.text());
    bench.press(KeyCode::Enter);
    // The second finding is nginx, the child of which died 2.134004 s after the start.
    let at = START + 2_134_004_000;
    assert_eq!(
        bench.app.take_effects(),
        [Effect::Play(Control::At(at))],
        "{}",
        bench.text()
    );
    let text = bench.text();
    assert!(text.contains("nginx") && text.contains("PAUSED"), "{text}");
    // Findings out of sight are not selected.
    let mut bench = Bench::live(80, 20);
    bench.app.set_can_go_back(true);
    bench.view("Health").press(KeyCode::End);
    bench.press(KeyCode::Enter);
    assert!(bench.app.take_effects().is_empty());
    assert!(bench.text().contains("STREAM"), "{}", bench.text());
    // Above the first finding, the page scrolls up to its title.
    for _ in 0..99 {
        bench.press(KeyCode::Up);
    }
    let text = bench.text();
    assert!(text.contains("FINDINGS") && text.contains(" 1/3"), "{text}");
    // Without a past only the process is shown.
    let mut bench = Bench::live(160, 60);
    bench.view("Health").press(KeyCode::Enter);
    assert!(bench.app.take_effects().is_empty());
    assert!(bench.text().contains("hoarder"), "{}", bench.text());
}

#[test]
fn time_prompt_requests_a_seek() {
    let mut bench = Bench::live(120, 40);
    bench.app.set_can_go_back(true);
    bench.type_keys(":-10s");
    assert!(bench.text().contains("-10s"));
    bench.press(KeyCode::Enter);
    assert_eq!(bench.app.take_effects(), [Effect::GoTo("-10s".to_owned())]);
}

#[test]
fn seek_bar_shows_marks_and_can_be_clicked() {
    let mode = Mode::Replay {
        file: "story".to_owned(),
    };
    let mut bench = Bench::new(mode, &host::busy(), 120, 30);
    bench.app.set_playhead(playhead(START + 5 * SEC, 20));
    let mut marks = vec![Mark::default(); 400];
    marks[40].killed = true;
    marks[200].zombie = true;
    marks[399].gap = true;
    marks[100].events = true;
    bench.app.set_marks(marks);
    bench.draw();
    let text = bench.text();
    let (row, bar) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains("PAUSED"))
        .unwrap();
    let column = |sign: &str| bar.find(sign).map(|at| bar[..at].chars().count());
    let (killed, zombie, gap) = (
        column("✖").unwrap(),
        column("Z").unwrap(),
        column("░").unwrap(),
    );
    assert!(
        killed < column("━").unwrap() && column("━") < Some(zombie) && zombie < gap,
        "{bar}"
    );
    assert_eq!(gap, 118, "{bar}");
    bench.app.on_input(Input::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: gap as u16,
        row: row as u16,
        modifiers: KeyModifiers::NONE,
    }));
    let end = Effect::Play(Control::At(START + 10 * SEC));
    assert_eq!(bench.app.take_effects(), [end]);
    // Small screens have the text alone.
    let small = Bench::new(Mode::Live, &[], 40, 7);
    assert!(!small.text().contains("✖"));
}

#[test]
fn zombies_view_lists_owners_of_reaped_zombies() {
    let script = Script::new().session().found(1, 0, "init").found_all();
    let script = script.fork(1, 10).exec(10, "careless", &["careless"]);
    let script = script.fork(10, 11).die(11, 0).fork(10, 12).die(12, 0);
    let script = script.at(7 * SEC).reap(11).reap(12);
    let script = script.fork(1, 20).exec(20, "careful", &["careful"]);
    let script = script.fork(20, 21).die(21, 0).reap(21);
    let mut bench = Bench::new(Mode::Live, &script.events, 160, 20);
    bench.view("Zombies");
    let text = bench.text();
    assert!(text.contains("1 in the past"), "{text}");
    let line = text.lines().find(|line| line.contains("careless")).unwrap();
    assert!(
        line.contains(" 2 ") && line.contains("6.9 s") && line.contains("all reaped"),
        "{line}"
    );
    assert!(!text.contains("careful"), "{text}");
    // Details show the owner.
    bench.press(KeyCode::Enter);
    assert!(bench.text().contains("10 careless"), "{}", bench.text());
}

/// The heir ignores SIGCHLD, so the exit of an owner releases its zombies.
#[test]
fn zombies_view_tells_a_release_from_a_reap() {
    let ignores = SigchldPolicy {
        sigchld: Disposition::Ignored,
        ..SigchldPolicy::default()
    };
    let mut script = Script::new()
        .session()
        .found_with(1, 0, "init", |init| init.sigchld_policy = Some(ignores))
        .found_all();
    let init = script.process(1);
    let script = script.fork(1, 10).exec(10, "careless", &["careless"]);
    let script = script.fork(10, 11).die(11, 0).at(7 * SEC);
    let script = script.exit_with(10, |exit| exit.reaper = Some(init));
    let mut bench = Bench::new(Mode::Live, &script.events, 160, 20);
    bench.view("Zombies");
    let text = bench.text();
    let line = text.lines().find(|line| line.contains("careless")).unwrap();
    assert!(
        line.contains("6.9 s") && line.contains("released by exit"),
        "{line}"
    );
    assert!(!text.contains("not seen"), "{text}");
}

#[test]
fn recording_opens_at_the_command_that_tracer_ran() {
    let open = |line: &'static [u8]| {
        let events = host::busy_with(|session| {
            session.tracer_pid = 1200;
            session.command = Text::new(line);
        });
        let file = "build.trace".to_owned();
        let mut bench = Bench::new(Mode::Replay { file }, &[], 80, 24);
        let show = |bench: &mut Bench, count: usize| {
            bench.app.clear_model();
            let shown = events[..count].iter();
            shown.for_each(|event| bench.app.apply_playback(event));
            let now = events[..count].iter().map(|event| event.at).max().unwrap();
            bench.app.set_playhead(playhead(now, count as u64));
            bench.draw();
        };
        // The seek may take several frames.
        show(&mut bench, 2);
        show(&mut bench, events.len());
        let first = bench.text();
        for _ in 0..3 {
            bench.press(KeyCode::Up);
        }
        show(&mut bench, events.len() - 1);
        (first, bench.text())
    };
    let (first, later) = open(b"tracer\0record\0f\0--\0make\0-j2\0all\0");
    assert!(first.contains(" 4/22"), "{first}");
    // A later seek leaves the selection where it is.
    assert!(later.contains(" 1/22"), "{later}");
    let (first, _) = open(b"tracer\0record\0f\0");
    assert!(first.contains(" 1/22"), "{first}");
}

#[test]
fn page_of_a_process_returns_with_its_lifetime() {
    let events = host::busy();
    let mut bench = Bench::new(Mode::Live, &events, 120, 40);
    bench.app.set_can_go_back(true);
    bench.type_keys("/2003");
    bench.press(KeyCode::Enter);
    bench.press(KeyCode::Enter);
    assert!(
        bench.text().contains("2003 cc1  reaped"),
        "{}",
        bench.text()
    );
    bench.app.enter_past();
    go_back(&mut bench, 20);
    let text = bench.text();
    assert!(text.contains("2003 cc1 does not exist at"), "{text}");
    assert!(text.contains("It starts at "), "{text}");
    go_back(&mut bench, events.len());
    assert!(
        bench.text().contains("2003 cc1  reaped"),
        "{}",
        bench.text()
    );
}

#[test]
fn empty_list_at_the_end_of_a_recording_is_final() {
    let events = Script::new()
        .session()
        .found(1, 0, "init")
        .found_all()
        .events;
    let file = "quiet.trace".to_owned();
    let mut bench = Bench::new(Mode::Replay { file }, &events, 80, 24);
    let at = |position: u64| Playhead {
        events: events.len() as u64,
        ..playhead(START, position)
    };
    for (position, deaths, forks) in [
        (
            1,
            "No process has exited yet.",
            "No fork has copied an address space yet.",
        ),
        (
            events.len(),
            "No process has exited.",
            "No fork has copied an address space.",
        ),
    ] {
        bench.app.set_playhead(at(position as u64));
        for (view, message) in [("Deaths", deaths), ("Forks", forks)] {
            bench.view(view).draw();
            assert!(bench.text().contains(message), "{}", bench.text());
        }
    }
}

#[test]
fn picture_on_the_way_to_a_goal_is_marked() {
    let mut bench = Bench::live(120, 40);
    bench.app.set_can_go_back(true);
    bench.app.enter_past();
    for seeking in [true, false] {
        bench.app.set_playhead(Playhead {
            seeking,
            ..playhead(START, 5)
        });
        bench.draw();
        let header = bench.text().lines().next().unwrap().to_owned();
        assert_eq!(header.contains("SEEKING"), seeking, "{header}");
    }
}

/// The list and the finding below it say the same about an owner's last wait, also if that wait
/// returned nothing.
#[test]
fn last_wait_is_the_same_in_list_and_finding() {
    let script = || {
        Script::new()
            .session()
            .found(1, 0, "init")
            .found_all()
            .fork(1, 10)
            .fork(10, 11)
            .at(SEC)
            .die(11, 0)
    };
    let waits = |at| What::Waits(Waits { count: 3, last: at });
    let polling = script().at(3 * SEC).event(10, waits(START + 3 * SEC));
    let other = script().at(3 * SEC).fork(1, 12);
    for (script, cell, finding) in [
        (polling, "2.0 s ago", "it last waited 2.0 s ago"),
        (other, "never", "it has never waited"),
    ] {
        let mut bench = Bench::new(Mode::Live, &script.events, 160, 40);
        bench.app.set_now(START + 5 * SEC);
        let text = bench.view("Zombies").text();
        let owner = text.lines().find(|line| line.contains(" 10 ")).unwrap();
        assert!(owner.contains(cell), "{text}");
        assert!(text.contains(finding), "{text}");
    }
}
