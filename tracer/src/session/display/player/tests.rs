//! Tests of the player with a small recording.

use std::path::Path;

use super::*;
use crate::tui::{Look, Mode};

/// A short recording in the dashboard, indexed, at its end.
fn opened() -> (Player, App) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/v2.tracer");
    let input = Input::find(Path::new(file), &Window::default()).unwrap();
    let mut player = Player::begin(&input, false).unwrap();
    let mode = Mode::Replay {
        file: file.to_owned(),
    };
    let mut app = App::new(mode, Look::default());
    player.go_to(Place::End, &mut app).unwrap();
    (player, app)
}

#[test]
fn playback_from_the_end_starts_at_the_first_event() {
    let (mut player, mut app) = opened();
    let earliest = player.playback.span().unwrap().earliest;
    player.control(Control::PlayOrPause, &mut app).unwrap();
    assert!(player.now >= earliest, "{} < {earliest}", player.now);
    assert!(player.speed.playing);
    assert!(player.playback.now() >= earliest);
}

#[test]
fn playback_pauses_at_the_end_of_the_window() {
    let (mut player, mut app) = opened();
    let until = player.playback.span().unwrap().earliest + 1_000_000;
    player.pause_at(Some(until));
    player.go_to(Place::Beginning, &mut app).unwrap();
    for _ in 0..2 {
        // The second time it goes on from there.
        player.control(Control::PlayOrPause, &mut app).unwrap();
        player.play_for(Duration::from_millis(2), &mut app).unwrap();
        let is_first = player.now == until;
        assert_eq!(player.speed.playing, !is_first);
    }
    assert_eq!(player.now, until + 2_000_000);
}

#[test]
fn a_pause_is_not_played() {
    let (mut player, mut app) = opened();
    player.go_to(Place::Beginning, &mut app).unwrap();
    let (before, pause) = (player.now, Duration::from_secs(60));
    player.last_tick = player.last_tick.checked_sub(pause).unwrap();
    player.control(Control::PlayOrPause, &mut app).unwrap();
    player.tick(&mut app).unwrap();
    assert!(player.now - before < pause.as_nanos() as u64);
}

/// Starts a seek that needs more than one tick.
fn seeking(player: &mut Player, place: Place, app: &mut App) {
    player.playback.begin_seek(place, &mut Shown(app)).unwrap();
    player.goal = Some(place);
}

/// A key that is pressed during a seek leads to the place where it leads after the seek.
#[test]
fn control_during_a_seek_starts_from_its_goal() {
    use Control::{
        Backward, Faster, Forward, NextExit, PreviousExit, PreviousZombie, StepBack, StepForward,
    };
    let (mut player, mut app) = opened();
    let events = player.playback.events();
    let span = player.playback.span().unwrap();
    let middle = Place::Time(span.earliest + (span.latest - span.earliest) / 2);
    let controls = [
        [StepBack, StepBack],
        [StepForward, Faster],
        [Backward, Backward],
        [Forward, StepBack],
        [NextExit, PreviousExit],
        [PreviousZombie, Forward],
    ];
    for goal in [Place::Event(events / 2), middle, Place::End] {
        for pair in controls {
            player.go_to(goal, &mut app).unwrap();
            for control in pair {
                player.control(control, &mut app).unwrap();
            }
            let after = (player.playback.position(), player.now);
            player.go_to(Place::Beginning, &mut app).unwrap();
            seeking(&mut player, goal, &mut app);
            for control in pair {
                player.control(control, &mut app).unwrap();
            }
            while player.is_urgent() {
                player.tick(&mut app).unwrap();
            }
            let during = (player.playback.position(), player.now);
            assert_eq!(during, after, "{pair:?} from {goal:?}");
        }
    }
}

#[test]
fn a_new_goal_replaces_the_one_and_what_waits_for_it() {
    let (mut player, mut app) = opened();
    let earliest = player.playback.span().unwrap().earliest;
    seeking(&mut player, Place::Event(5), &mut app);
    for _ in 0..100 {
        player.control(Control::StepBack, &mut app).unwrap();
    }
    assert_eq!(player.queued.len(), QUEUED);
    player.control(Control::At(earliest), &mut app).unwrap();
    assert!(player.queued.is_empty());
    assert_eq!(player.now, earliest);
}

/// A time outside the recording shows its nearest end, and what the recording covers.
#[test]
fn a_time_outside_the_recording_is_answered_with_its_span() {
    let (player, _) = opened();
    let span = player.playback.span().unwrap();
    for (asked, place) in [("2020-01-01", span.earliest), ("2100-01-01", span.latest)] {
        let (at, message) = player.moment(asked).unwrap();
        let covers = "00:00:00: the recording covers 2023-11-14 22:13:21 to 22:14:23 UTC";
        assert_eq!(at, place, "{asked}");
        assert_eq!(message, Some(format!("nothing at {asked} {covers}")));
    }
    let inside = player.moment("22:14:23Z").unwrap();
    assert!(inside.0 < span.latest && inside.1.is_none(), "{inside:?}");
}
