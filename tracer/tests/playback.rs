//! After any seek, the stage is as if the recording had been played from its beginning.

#![allow(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and it says where"
)]

use std::{collections::BTreeMap, io::Cursor};

use tracer::{
    event::{Event, Segment, Session, What},
    model::{Model, Retention, presence_snapshot},
    playback::{
        BUDGET, Direction, EventSelection, IndexPass, Place, Playback, SavedState, SearchStep,
        SearchTarget, Stage, StatePlace, StateSpacing, States,
    },
    recording::{Chain, ChainPart, PartSource, Span, Writer},
};

// The event storm of the benchmarks.
#[path = "support/storm.rs"]
mod storm;

const EVENTS: usize = 50_000;

const RETENTION: Retention = Retention {
    exited: 300,
    ..Retention::ALL
};

/// A model, and the number of times it was restored.
struct Play {
    model: Model,
    restores: usize,
}

impl Play {
    fn new() -> Play {
        Play {
            model: Model::new(RETENTION),
            restores: 0,
        }
    }
}

impl Stage for Play {
    fn clear(&mut self) {
        self.model = Model::new(RETENTION);
    }

    fn restore(&mut self, model: Model) {
        self.model = model;
        self.restores += 1;
    }

    fn take(&mut self, event: &Event) {
        self.model.apply(event);
    }
}

fn record(events: impl Iterator<Item = Event>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut selection = EventSelection::default();
    for (number, event) in events.enumerate() {
        writer.write(&event).unwrap();
        if number % 700 == 0 {
            writer.flush().unwrap();
        }
        if selection.take(event) {
            writer.checkpoint(&selection.checkpoint()).unwrap();
        }
    }
    writer.finish().unwrap().1
}

/// Returns the states of the recording that a chain reads.
fn indexed(chain: Chain<Cursor<Vec<u8>>>, span: Span) -> States {
    let pass = IndexPass::new(chain.with_gap_repair(presence_snapshot), span, RETENTION);
    let mut pass = pass.spaced(StateSpacing::new(2_000, 0));
    while pass.advance(10_000).unwrap() {}
    pass.states().clone()
}

/// Pseudorandom numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Seeks to places by event number and by time, each from the place before and each in a new playback,
/// and asserts that the model equals that of playing through. Returns the number of seeks that started
/// from a state.
fn assert_seeks(
    open: &dyn Fn() -> Playback<Cursor<Vec<u8>>>,
    states: &States,
    count: u64,
) -> usize {
    let span = open().span().unwrap();
    let events = open().events();
    let mut dice = Dice(0x5eed);
    let mut places = Vec::new();
    for number in 0..count {
        places.push(match number % 2 {
            0 => Place::Event(dice.below(events + 1)),
            _ => Place::Time(span.earliest + dice.below(span.latest - span.earliest + 1)),
        });
    }
    // Playing through reaches the places in order.
    let in_order = |places: &mut Vec<(usize, Place)>| {
        places.sort_by_key(|(_, place)| match place {
            Place::Event(number) => *number,
            Place::Time(at) => *at,
            Place::Beginning | Place::End => 0,
        });
    };
    let (mut numbers, mut times): (Vec<_>, Vec<_>) = (places.iter().copied().enumerate())
        .partition(|(_, place)| matches!(place, Place::Event(_)));
    let mut played = BTreeMap::new();
    for list in [&mut numbers, &mut times] {
        in_order(list);
        let (mut playback, mut stage) = (open(), Play::new());
        for (turn, place) in list {
            playback.seek(*place, &mut stage).unwrap();
            played.insert(
                *turn,
                (stage.model.clone(), playback.position(), playback.now()),
            );
        }
        assert_eq!(stage.restores, 0);
    }
    let mut going = open();
    going.set_states(states.clone());
    let mut moved = Play::new();
    let mut restored = 0;
    for (turn, place) in places.into_iter().enumerate() {
        let mut fresh = open();
        fresh.set_states(states.clone());
        let mut first = Play::new();
        let also = turn % 4 == 0;
        let also = also.then_some((&mut fresh, &mut first));
        for (playback, stage) in [(&mut going, &mut moved)].into_iter().chain(also) {
            playback.seek(place, stage).unwrap();
            let (model, position, now) = &played[&turn];
            assert_eq!((playback.position(), playback.now()), (*position, *now));
            assert!(stage.model == *model, "another model at {place:?}");
        }
        restored += first.restores;
    }
    restored + moved.restores
}

#[test]
fn seek_equals_playing() {
    let bytes = record(storm::Storm::default().take(EVENTS));
    let open = || Playback::open(Cursor::new(bytes.clone())).unwrap();
    assert_eq!(open().events(), EVENTS as u64);
    let span = open().span().unwrap();
    let states = indexed(Chain::of(Cursor::new(bytes.clone())).unwrap(), span);
    assert!(states.iter().len() >= 4, "{} states", states.iter().len());
    let restores = assert_seeks(&open, &states, 200);
    assert!(restores > 100, "{restores} seeks from states");
    // The time at the beginning is that of the first event, not of boot.
    let (mut playback, mut stage) = (open(), Play::new());
    playback.seek(Place::End, &mut stage).unwrap();
    playback.seek(Place::Beginning, &mut stage).unwrap();
    assert_eq!((playback.position(), playback.now()), (0, span.earliest));
}

/// A gap and the snapshot after it have the same effect in a seek and in playing through.
#[test]
fn seek_over_damage_equals_playing() {
    let mut bytes = record(storm::Storm::default().take(EVENTS));
    let blocks = Playback::open(Cursor::new(bytes.clone())).unwrap();
    let offsets = blocks.blocks().iter().map(|block| block.offset as usize);
    let offsets: Vec<usize> = offsets.collect();
    for block in (3..offsets.len()).step_by(offsets.len() / 7) {
        // Damages the payload of one block and the header of the block two further on.
        bytes[offsets[block] + 100] ^= 1;
        bytes[offsets[block + 2] + 20] ^= 1;
    }
    let open = || {
        let playback = Playback::open(Cursor::new(bytes.clone())).unwrap();
        playback.with_gap_repair(presence_snapshot)
    };
    let span = open().span().unwrap();
    let states = indexed(Chain::of(Cursor::new(bytes.clone())).unwrap(), span);
    let mut end = Play::new();
    open().seek(Place::End, &mut end).unwrap();
    assert!(
        end.model.gaps().len() > 10,
        "{} gaps",
        end.model.gaps().len()
    );
    let restores = assert_seeks(&open, &states, 80);
    assert!(restores > 40, "{restores} seeks from states");
}

/// Records events in several segments.
fn in_parts(events: &[Event]) -> Vec<(Vec<u8>, Segment, u64)> {
    let What::Session(session) = &events[0].what else {
        panic!("a stream begins with its session");
    };
    let size = events.len() / 8;
    let mut parts = Vec::new();
    let mut selection = EventSelection::default();
    for (number, piece) in events.chunks(size).enumerate() {
        let segment = Segment {
            number: number as u64,
            began: events[0].at,
            events_before: (number * size) as u64,
            keep: None,
        };
        let first = Event {
            at: piece[0].at,
            what: What::Session(Box::new(Session {
                segment: Some(segment),
                ..(**session).clone()
            })),
            ..events[0].clone()
        };
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.write(&first).unwrap();
        writer.flush().unwrap();
        if number > 0 {
            writer.checkpoint(&selection.checkpoint()).unwrap();
        }
        for event in piece.iter().skip(usize::from(number == 0)) {
            writer.write(event).unwrap();
            selection.take(event.clone());
        }
        parts.push((writer.finish().unwrap().1, segment, piece[0].at));
    }
    parts
}

/// Returns the segments as parts of a chain, with one of them missing.
fn without(written: &[(Vec<u8>, Segment, u64)], missing: usize) -> Vec<ChainPart<Cursor<Vec<u8>>>> {
    let all = written.iter().enumerate();
    let left = all.filter(|&(number, _)| number != missing);
    let part = |(_, (bytes, segment, at)): (usize, &(Vec<u8>, Segment, u64))| {
        let bytes = bytes.clone();
        ChainPart {
            open: PartSource::Reopen(Box::new(move || Ok(Cursor::new(bytes.clone())))),
            segment: Some(*segment),
            realtime_offset: Some(0),
            at: *at,
        }
    };
    left.map(part).collect()
}

#[test]
fn seek_across_segments_equals_playing() {
    let events: Vec<_> = storm::Storm::default().take(EVENTS).collect();
    let written = in_parts(&events);
    for missing in [0, 3] {
        let open = || {
            let playback = Playback::open_parts(without(&written, missing), false).unwrap();
            playback.with_gap_repair(presence_snapshot)
        };
        let span = open().span().unwrap();
        let states = indexed(Chain::open(without(&written, missing)).unwrap(), span);
        let restores = assert_seeks(&open, &states, 40);
        assert!(restores > 10, "{restores} seeks from states");
    }
}

/// A live trace may save states of its own model.
#[test]
fn seek_starts_from_live_state() {
    let bytes = record(storm::Storm::default().take(EVENTS));
    let open = || Playback::open(Cursor::new(bytes.clone())).unwrap();
    let mut states = States::new(RETENTION);
    let mut made = Play::new();
    for (number, event) in storm::Storm::default().take(EVENTS).enumerate() {
        made.take(&event);
        if number % 3_011 == 3_000 {
            let place = StatePlace::Live {
                events: number as u64 + 1,
                latest: made.model.now(),
            };
            states.push(SavedState::of(&made.model, place).unwrap());
        }
    }
    let restores = assert_seeks(&open, &states, 40);
    assert!(restores > 10, "{restores} seeks from states");
}

/// States of another recording and states with a false position are not used.
#[test]
fn foreign_state_is_not_used() {
    let bytes = record(storm::Storm::default().take(EVENTS));
    let mut states = States::new(RETENTION);
    let far = StatePlace::Live {
        events: 10 * EVENTS as u64,
        latest: 0,
    };
    let position = {
        let mut other = record(storm::Storm::default().skip(70_000).take(25_000));
        other.truncate(other.len() / 2);
        let mut chain = Chain::of(Cursor::new(other)).unwrap();
        while chain.number() < 5_005 {
            chain.next_event().unwrap().unwrap();
        }
        chain.position().unwrap()
    };
    for place in [StatePlace::Chain(position), far] {
        states.push(SavedState::of(&Model::new(RETENTION), place).unwrap());
    }
    let mut playback = Playback::open(Cursor::new(bytes)).unwrap();
    playback.set_states(states);
    let (mut stage, mut played) = (Play::new(), Play::new());
    playback
        .seek(Place::Event(EVENTS as u64), &mut stage)
        .unwrap();
    let events = storm::Storm::default().take(EVENTS);
    events.for_each(|event| played.take(&event));
    assert!(stage.model == played.model);
}

/// When states exceed their memory limit, they are spaced further apart.
#[test]
fn every_second_state_is_dropped_at_the_limit() {
    let mut model = Model::new(Retention::ALL);
    storm::Storm::default()
        .take(100_000)
        .for_each(|event| model.apply(&event));
    let place = |events| StatePlace::Live {
        events,
        latest: events,
    };
    let state = SavedState::of(&model, place(0)).unwrap();
    let fit = BUDGET / state.packed_size();
    let mut states = States::new(Retention::ALL);
    for number in 1..=2 * fit as u64 {
        let mut state = state.clone();
        state.place = place(number);
        states.push(state);
        assert!(states.size() <= BUDGET);
        assert_eq!(states.last().unwrap().place.events(), number);
    }
    assert!(states.spread() >= 2 && states.iter().len() > fit / 3);
    let places: Vec<_> = states.iter().map(|it| it.place.events()).collect();
    assert!(places.is_sorted());
    assert_eq!(
        states
            .before(u64::MAX, 10)
            .map(|it| it.place.latest() <= 10),
        Some(true)
    );
}

#[test]
fn steps_and_targets_work_in_both_directions() {
    let events: Vec<_> = storm::Storm::default().take(20_000).collect();
    let bytes = record(events.iter().cloned());
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    playback.seek(Place::Event(10_000), &mut stage).unwrap();
    for target in [SearchTarget::Exit, SearchTarget::Zombie] {
        let here = playback.position() as usize;
        let is = |event: &&Event| target.matches(event);
        let next = events[here..].iter().position(|event| is(&event)).unwrap();
        let next = (here + next + 1) as u64;
        assert!(
            playback
                .next_where(|event| target.matches(event), &mut stage)
                .unwrap()
        );
        assert_eq!(
            (playback.position(), stage.model.totals().events),
            (next, next)
        );
        // A backward search from there finds the event before.
        let before = events[..next as usize - 1]
            .iter()
            .rposition(|event| is(&event));
        let before = before.unwrap() as u64 + 1;
        assert!(
            playback
                .previous_where(|event| target.matches(event), &mut stage)
                .unwrap()
        );
        assert_eq!(
            (playback.position(), stage.model.totals().events),
            (before, before)
        );
    }
    assert!(
        !playback
            .next_where(|event| SearchTarget::Gap.matches(event), &mut stage)
            .unwrap()
    );
    let here = playback.position();
    assert!(playback.step(&mut stage).unwrap());
    assert_eq!(playback.position(), here + 1);
    playback.step_back(&mut stage).unwrap();
    assert_eq!(
        (playback.position(), stage.model.totals().events),
        (here, here)
    );
    playback.seek(Place::Beginning, &mut stage).unwrap();
    assert_eq!(playback.position(), 0);
    assert!(!playback.previous_where(|_| true, &mut stage).unwrap());
    let sum: u64 = playback.density(40).iter().sum();
    assert!(sum.abs_diff(20_000) < 40, "{sum}");
}

/// A search piece by piece finds the same event, and no piece is long.
#[test]
fn search_proceeds_piece_by_piece() {
    let events: Vec<_> = storm::Storm::default().take(50_000).collect();
    let bytes = record(events.iter().cloned());
    let mut playback = Playback::open(Cursor::new(&bytes)).unwrap();
    let mut stage = Play::new();
    let longest = playback.blocks().iter().map(|block| block.events);
    let (piece, longest) = (1_000, u64::from(longest.max().unwrap()));
    for (way, from, wanted) in [
        (Direction::Back, 49_000, 7_000),
        (Direction::Forward, 7_000, 49_000),
    ] {
        playback.seek(Place::Event(from), &mut stage).unwrap();
        let before = stage.model.totals().events;
        let mut search = playback.search(way).unwrap();
        let (mut pieces, mut shares, mut looked) = (0, vec![0.0], 0);
        let mut is = |event: &Event| {
            looked += 1;
            *event == events[wanted - 1]
        };
        let found = loop {
            match playback
                .continue_search(&mut search, &mut is, piece)
                .unwrap()
            {
                SearchStep::Pending => shares.push(search.share()),
                found => break found,
            }
            pieces += 1;
        };
        assert_eq!(found, SearchStep::Found(wanted as u64));
        assert!(
            pieces as u64 >= 40_000 / (piece + longest),
            "{pieces} pieces"
        );
        assert!(looked <= 42_000 + 2 * longest, "{looked} looked at");
        assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)));
        // The stage has not changed.
        assert_eq!(stage.model.totals().events, before);
    }
    // An abandoned search has no effect.
    playback.seek(Place::Event(30_000), &mut stage).unwrap();
    let mut search = playback.search(Direction::Back).unwrap();
    let given_up = playback.continue_search(&mut search, &mut |_| false, piece);
    assert_eq!(given_up.unwrap(), SearchStep::Pending);
    assert!(playback.step(&mut stage).unwrap());
    assert_eq!(
        (playback.position(), stage.model.totals().events),
        (30_001, 30_001)
    );
}
