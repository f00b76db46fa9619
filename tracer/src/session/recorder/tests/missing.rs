//! Missing segments: removed before, between or during reads, or with a damaged
//! beginning.

use super::*;
use crate::{
    model::{Archive, StreamEnd},
    report::summary,
    session::When,
};

#[test]
fn missing_segment_becomes_a_gap() {
    let scratch = Scratch::new("missing");
    let events = without_positions(trace(START, 1000, 300));
    write(&scratch.ring(), &events, 250, true);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    // One is missing, and two cannot be read.
    fs::remove_file(&segments[2].path).unwrap();
    fs::write(&segments[4].path, "not a recording").unwrap();
    fs::write(&segments[5].path, "neither").unwrap();
    let (events_read, gaps) = events_and_gaps(&scratch.0);
    let expected = [&events[..500], &events[750..1000], &events[1500..]].concat();
    assert!(events_read == expected);
    let latest = |until: usize| events[..until].iter().map(|event| event.at).max().unwrap();
    let gap = |from: usize, to: usize| {
        let events = Some((to - from) as u64);
        (latest(from), latest(to), GapCause::Unreadable { events })
    };
    assert_eq!(gaps, [gap(500, 750), gap(1000, 1500)]);

    // Processes that exited there are not present. Zombies from there are known.
    let whole = Play::of(&events);
    assert_eq!(Play::of(&read(&scratch.0)).present(), whole.present());

    // Playback steps over the gap in both directions.
    let input = Input::find(&scratch.0, &Window::default()).unwrap();
    let mut playback = input.playback(false).unwrap();
    let mut stage = Play::new();
    playback.seek(Place::Event(752), &mut stage).unwrap();
    let mut places = Vec::new();
    for _ in 0..4 {
        places.push(playback.position());
        playback.step_back(&mut stage).unwrap();
    }
    assert_eq!(places, [752, 751, 750, 500]);
    playback.seek(Place::End, &mut stage).unwrap();
    assert_eq!(stage.present(), whole.present());
    let directory = Directory::read(&scratch.0).unwrap();
    let counts = (directory.traces.len(), directory.unreadable.len());
    assert_eq!(counts, (1, 2));
}

#[test]
fn window_before_the_first_segment_begins_with_it() {
    let scratch = Scratch::new("early");
    let events = trace(START, 1000, 60);
    write(&scratch.ring(), &events, 250, true);
    let window = Window {
        since: Some("1970-01-01T00:00:00Z".parse().unwrap()),
        ..Window::default()
    };
    let mut play = Play::new();
    let take = |event| {
        play.take(&event);
        Ok(())
    };
    range::read(&window, &scratch.0, take).unwrap();
    assert_eq!(play.0.began(), events[0].at);
    assert_eq!(play.present(), Play::of(&events).present());
}

/// A window's end cuts off no segment: the dashboard can go on behind it, and a report
/// does not call it the end of the trace.
#[test]
fn end_of_a_window_is_not_the_end_of_the_trace() {
    let scratch = Scratch::new("until");
    let events = trace(START, 1000, 300);
    write(&scratch.ring(), &events, 250, true);
    let middle = events[events.len() / 2].at;
    let last = events.iter().map(|event| event.at).max().unwrap();
    let before_end = Duration::from_nanos(last - middle);
    let window = Window {
        until: Some(When::BeforeEnd(before_end)),
        ..Window::default()
    };
    let input = Input::find(&scratch.0, &window).unwrap();
    let span = input.playback(false).unwrap().span().unwrap();
    assert_eq!(span.latest, last);
    assert_eq!(
        range::bounds(&window, &input).unwrap(),
        (None, Some(middle))
    );
    let part = range::model(&window, &scratch.0, Archive::default()).unwrap();
    assert_eq!(
        (part.model.now(), part.model.end()),
        (middle, StreamEnd::OfPart)
    );
    let report = summary(&part.model, 200);
    assert!(
        report.contains("; the trace goes on after this part"),
        "{report}"
    );
}

#[test]
fn info_reports_a_missing_segment() {
    let scratch = Scratch::new("info");
    write(&scratch.ring(), &trace(START, 1000, 150), 250, true);
    let code = || {
        let path = scratch.0.clone();
        info(&Info { path, json: true }).unwrap()
    };
    assert_eq!(code(), OK);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    fs::remove_file(&segments[0].path).unwrap();
    // The oldest segments are removed in normal operation.
    assert_eq!(code(), OK);
    fs::remove_file(&segments[2].path).unwrap();
    assert_eq!(code(), RECORDING_INCOMPLETE);
}

#[test]
fn segment_with_damaged_beginning_stays_in_its_trace() {
    let scratch = Scratch::new("front");
    let events = without_positions(trace(START, 1000, 300));
    write(&scratch.ring(), &events, 250, true);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    let mut bytes = fs::read(&segments[3].path).unwrap();
    // The header of the file and of its first block.
    bytes[..60].fill(0xff);
    fs::write(&segments[3].path, bytes).unwrap();
    let (events_read, gaps) = events_and_gaps(&scratch.0);
    assert!(events_read == events);
    // The unreadable session is only a repetition.
    assert_eq!(gaps, []);
}

#[test]
fn segment_removed_during_a_read_becomes_a_gap() {
    let scratch = Scratch::new("goes");
    let events = without_positions(trace(START, 1000, 300));
    write(&scratch.ring(), &events, 250, true);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    let input = Input::find(&scratch.0, &Window::default()).unwrap();
    let (mut chain, _) = input.chain().unwrap();
    let mut merged = vec![chain.next_event().unwrap().unwrap()];
    fs::remove_file(&segments[1].path).unwrap();
    fs::remove_file(&segments[2].path).unwrap();
    merged.extend(std::iter::from_fn(|| chain.next_event().unwrap()));
    let refused = chain.part_reports().filter(|(_, it)| it.refused.is_some());
    assert_eq!(refused.map(|(part, _)| part).collect::<Vec<_>>(), [1, 2]);
    assert!(
        matches!(merged[250].what, What::Gap(_)),
        "{:?}",
        merged[250]
    );
    assert_eq!(Play::of(&merged).present(), Play::of(&events).present());
    merged.remove(250);
    let listed = merged[250..].iter();
    let listed = listed.take_while(|event| matches!(event.what, What::Snapshot(_)));
    let listed = 250..=250 + listed.count();
    assert!(matches!(merged[*listed.end()].what, What::SnapshotEnd(_)));
    merged.drain(listed);
    assert!(without_positions(merged) == [&events[..250], &events[750..]].concat());
}

#[test]
fn first_segment_removed_before_opening_becomes_a_gap() {
    let scratch = Scratch::new("first");
    let events = without_positions(trace(START, 1000, 300));
    write(&scratch.ring(), &events, 250, true);
    let segments = crate::recording::segments::list(&scratch.0)
        .unwrap()
        .segments;
    let input = Input::find(&scratch.0, &Window::default()).unwrap();
    let followed = input.playback(false).unwrap();
    fs::remove_file(&segments[0].path).unwrap();
    fs::remove_file(&segments[1].path).unwrap();
    let (mut chain, _) = input.chain().unwrap();
    let merged: Vec<_> = std::iter::from_fn(|| chain.next_event().unwrap()).collect();
    let refused = chain.part_reports().filter(|(_, it)| it.refused.is_some());
    assert_eq!(refused.map(|(part, _)| part).collect::<Vec<_>>(), [0, 1]);
    let What::Gap(gap) = &merged[0].what else {
        panic!("{:?}", merged[0])
    };
    let events_lost = GapCause::Unreadable { events: Some(500) };
    assert_eq!((gap.since, gap.cause), (events[0].at, events_lost));
    let whole = Play::of(&events);
    assert_eq!(Play::of(&merged).present(), whole.present());
    assert!(merged.ends_with(&events[500..]));

    // Playback can seek in the rest, also if the segments are removed later.
    let opened = input.playback(false).unwrap();
    assert_eq!(opened.events(), events.len() as u64 - 500 + 1);
    let mut stage = Play::new();
    for mut playback in [opened, followed] {
        playback.seek(Place::End, &mut stage).unwrap();
        assert_eq!(stage.present(), whole.present());
        playback.seek(Place::Beginning, &mut stage).unwrap();
        assert!(playback.step(&mut stage).unwrap());
        assert_eq!(stage.0.gaps().len(), 1);
        playback.seek(Place::End, &mut stage).unwrap();
        assert_eq!(stage.present(), whole.present());
    }
}
