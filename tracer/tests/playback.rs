//! Wherever one jumps to, the stage is as if all had been played.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{collections::BTreeMap, io::Cursor};

use tracer::{
    event::{Event, ProcessId},
    export,
    model::{Model, Retention, State},
    playback::{Found, Landmark, Place, Playback, Stage, Way},
    recording::Writer,
    session::Keeper,
};

// The storm that is also measured with.
#[path = "../examples/recording/storm.rs"]
mod storm;

const EVENTS: usize = 800_000;

struct Play(Model);

impl Play {
    fn new() -> Play {
        Play(Model::new(Retention {
            gone: 1000,
            age: u64::MAX,
        }))
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        *self = Play::new();
    }

    fn take(&mut self, event: &Event) {
        self.0.apply(event);
    }
}

fn record(events: impl Iterator<Item = Event>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut keeper = Keeper::default();
    for event in events {
        writer.write(&event).unwrap();
        if keeper.take(event) {
            writer.checkpoint(&keeper.checkpoint()).unwrap();
        }
    }
    writer.finish().unwrap().1
}

/// All that is told of those who are still there, and the sums.
fn state(model: &Model) -> (BTreeMap<ProcessId, String>, String) {
    let mut there = BTreeMap::new();
    let json = export::format("json").unwrap();
    for (key, process) in model.processes() {
        if matches!(
            process.state(),
            State::Alive | State::Exiting | State::Zombie
        ) {
            let mut line = Vec::new();
            let mut exporter = (json.start)();
            exporter
                .end(model, &|asked| asked == key, &mut line)
                .unwrap();
            there.insert(process.id, String::from_utf8(line).unwrap());
        }
    }
    let sums = format!(
        "{:?} {:?} {:?} {} {}",
        model.totals(),
        model.history().last(120, model.now()),
        model.gaps(),
        model.alive(),
        model.began()
    );
    (there, sums)
}

#[track_caller]
fn assert_same(jumped: &Model, played: &Model, at: u64) {
    let (jumped, played) = (state(jumped), state(played));
    assert_eq!(jumped.1, played.1, "at {at}");
    for (id, says) in &played.0 {
        assert_eq!(jumped.0.get(id), Some(says), "at {at}: {id:?}");
    }
    assert_eq!(jumped.0.len(), played.0.len(), "at {at}");
}

/// Whoever has ended is listed, counted with those let go, or marked as ended
/// before one came in.
#[track_caller]
fn assert_accounted(model: &Model) {
    let told: u64 = model.tally().ended.values().sum();
    assert_eq!(told + model.untold(), model.totals().exits);
}

#[test]
fn a_jump_leads_where_playing_does() {
    let bytes = record(storm::Storm::new().take(EVENTS));
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(playback.events(), EVENTS as u64);
    let checkpoints = playback.index().checkpoints.len();
    assert!(checkpoints >= 6, "{checkpoints} checkpoints");

    // Places that have nothing to do with blocks or checkpoints.
    let places = [
        1, 2, 250_050, 399_999, 503_210, 600_301, 750_100, 750_900, 799_999,
    ];
    let mut played = Play::new();
    let mut states = BTreeMap::new();
    for (number, event) in storm::Storm::new().take(EVENTS).enumerate() {
        played.take(&event);
        if places.contains(&(number as u64 + 1)) {
            states.insert(number as u64 + 1, (played.0.clone(), event.at));
        }
    }
    // In an order that leads both ways.
    for turn in [3, 8, 0, 5, 1, 7, 2, 6, 4] {
        let (model, at) = &states[&places[turn]];
        let mut stage = Play::new();
        playback
            .go_to(Place::Event(places[turn]), &mut stage)
            .unwrap();
        assert_eq!(playback.position(), places[turn]);
        assert_same(&stage.0, model, places[turn]);
        assert_accounted(&stage.0);
        // Another jump, from the front.
        let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
        let mut stage = Play::new();
        playback.go_to(Place::Time(*at), &mut stage).unwrap();
        assert_eq!((playback.position(), playback.now()), (places[turn], *at));
        assert_same(&stage.0, model, places[turn]);
    }
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    playback.go_to(Place::End, &mut stage).unwrap();
    assert!(playback.is_at_end());
    assert_same(&stage.0, &played.0, EVENTS as u64);
}

#[test]
fn steps_and_landmarks_are_found_both_ways() {
    let events: Vec<_> = storm::Storm::new().take(20_000).collect();
    let bytes = record(events.iter().cloned());
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    playback.go_to(Place::Event(10_000), &mut stage).unwrap();
    for landmark in [Landmark::Exit, Landmark::Zombie] {
        let here = playback.position() as usize;
        let is = |event: &&Event| landmark.is(event);
        let next = events[here..].iter().position(|event| is(&event)).unwrap();
        let next = (here + next + 1) as u64;
        assert!(
            playback
                .next_where(|event| landmark.is(event), &mut stage)
                .unwrap()
        );
        assert_eq!((playback.position(), stage.0.totals().events), (next, next));
        // Back from there lies the one before.
        let before = events[..next as usize - 1]
            .iter()
            .rposition(|event| is(&event));
        let before = before.unwrap() as u64 + 1;
        assert!(
            playback
                .previous_where(|event| landmark.is(event), &mut stage)
                .unwrap()
        );
        assert_eq!(
            (playback.position(), stage.0.totals().events),
            (before, before)
        );
    }
    assert!(
        !playback
            .next_where(|event| Landmark::Gap.is(event), &mut stage)
            .unwrap()
    );
    let here = playback.position();
    assert!(playback.step(&mut stage).unwrap());
    assert_eq!(playback.position(), here + 1);
    playback.step_back(&mut stage).unwrap();
    assert_eq!((playback.position(), stage.0.totals().events), (here, here));
    playback.go_to(Place::Beginning, &mut stage).unwrap();
    assert_eq!(playback.position(), 0);
    assert!(!playback.previous_where(|_| true, &mut stage).unwrap());
    let sum: u64 = playback.density(40).iter().sum();
    assert!(sum.abs_diff(20_000) < 40, "{sum}");
}

/// Whoever looks piece by piece finds the same, and no piece is long.
#[test]
fn a_search_goes_on_piece_by_piece() {
    let events: Vec<_> = storm::Storm::new().take(50_000).collect();
    let bytes = record(events.iter().cloned());
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    let longest = playback.index().entries.iter().map(|block| block.events);
    let (piece, longest) = (1_000, u64::from(longest.max().unwrap()));
    for (way, from, wanted) in [(Way::Back, 49_000, 7_000), (Way::Forward, 7_000, 49_000)] {
        playback.go_to(Place::Event(from), &mut stage).unwrap();
        let told = stage.0.totals().events;
        let mut search = playback.search(way).unwrap();
        let (mut pieces, mut shares, mut looked) = (0, vec![0.0], 0);
        let mut is = |event: &Event| {
            looked += 1;
            *event == events[wanted - 1]
        };
        let found = loop {
            match playback.look_on(&mut search, &mut is, piece).unwrap() {
                Found::NotYet => shares.push(search.share()),
                found => break found,
            }
            pieces += 1;
        };
        assert_eq!(found, Found::Place(wanted as u64));
        assert!(
            pieces as u64 >= 40_000 / (piece + longest),
            "{pieces} pieces"
        );
        assert!(looked <= 42_000 + 2 * longest, "{looked} looked at");
        assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)));
        // The stage has not been told of it.
        assert_eq!(stage.0.totals().events, told);
    }
    // One that was given up leaves no trace.
    playback.go_to(Place::Event(30_000), &mut stage).unwrap();
    let mut search = playback.search(Way::Back).unwrap();
    let given_up = playback.look_on(&mut search, &mut |_| false, piece);
    assert_eq!(given_up.unwrap(), Found::NotYet);
    assert!(playback.step(&mut stage).unwrap());
    assert_eq!(
        (playback.position(), stage.0.totals().events),
        (30_001, 30_001)
    );
}

/// A damaged checkpoint costs time, not truth.
#[test]
fn a_damaged_checkpoint_is_done_without() {
    let mut bytes = record(storm::Storm::new().take(400_000));
    let index = {
        let clean = Playback::open(Cursor::new(&bytes[..])).unwrap();
        clean.index().clone()
    };
    for checkpoint in &index.checkpoints {
        bytes[checkpoint.offset as usize + 70] ^= 1;
    }
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    playback.go_to(Place::Event(390_000), &mut stage).unwrap();
    let mut played = Play::new();
    storm::Storm::new()
        .take(390_000)
        .for_each(|event| played.take(&event));
    assert_same(&stage.0, &played.0, 390_000);
}
