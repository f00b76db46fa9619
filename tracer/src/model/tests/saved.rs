//! A restored model equals the saved one and stays equal under any further events.
//! Damaged bytes do no harm.

use proptest::prelude::*;

use super::{all, apply_all, check, random::event};
use crate::{
    event::Event,
    model::{Model, Retention},
};

fn restored(model: &Model) -> Model {
    let restored = Model::restore(&model.save(), usize::MAX).unwrap();
    check(&restored);
    assert!(restored == *model, "a restored model is another");
    restored
}

/// Saves and restores at every `step`th event. The restored model continues beside
/// the one that was never saved.
fn assert_continues(events: &[Event], step: usize, retention: Retention) {
    let mut played = Model::new(retention);
    let mut first = None;
    let mut latest = Model::new(retention);
    for (number, event) in events.iter().enumerate() {
        if number % step == 0 {
            latest = restored(&played);
            first.get_or_insert_with(|| latest.clone());
        }
        for model in [&mut played, &mut latest].into_iter().chain(&mut first) {
            model.apply(event);
        }
    }
    for other in first.iter().chain([&latest]) {
        check(other);
        assert!(*other == played, "it went on as another");
    }
}

fn retention() -> impl Strategy<Value = Retention> {
    let exited = prop_oneof![Just(0), Just(1), Just(3), Just(usize::MAX)];
    let max_age = prop_oneof![Just(0), Just(7), Just(u64::MAX)];
    (exited, max_age).prop_map(|(exited, max_age)| Retention {
        exited,
        max_age,
        ..Retention::ALL
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn restored_model_continues_like_the_saved_one(
        events in prop::collection::vec(event(), 1..60),
        step in 1..9_usize,
        retention in retention(),
    ) {
        assert_continues(&events, step, retention);
    }

    /// Damaged bytes are rejected, or give a model that accepts events.
    #[test]
    fn damaged_bytes_are_rejected_or_usable(
        before in prop::collection::vec(event(), 1..60),
        after in prop::collection::vec(event(), 1..60),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = apply_all(&before).save();
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] ^= value;
        }
        if let Ok(mut model) = Model::restore(&bytes, 1000) {
            after.iter().for_each(|event| model.apply(event));
            let again = Model::restore(&model.save(), usize::MAX).unwrap();
            prop_assert!(again == model);
        }
    }
}

#[test]
fn every_story_can_be_saved_at_any_event() {
    for story in all() {
        let events = (story.script)().events;
        for retention in [
            Retention::default(),
            Retention {
                exited: 0,
                max_age: 0,
                ..Retention::ALL
            },
        ] {
            assert_continues(&events, 1, retention);
        }
    }
}

#[test]
fn truncated_state_is_rejected() {
    for story in all() {
        let bytes = apply_all(&(story.script)().events).save();
        for length in 0..bytes.len() {
            assert!(Model::restore(&bytes[..length], usize::MAX).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Model::restore(&longer, usize::MAX).is_err());
    }
}

/// Memory grows with evicted processes too, so the caller bounds their number.
#[test]
fn too_many_processes_are_rejected() {
    let story = all().next().unwrap();
    let model = apply_all(&(story.script)().events);
    let made = model.processes().count();
    assert!(Model::restore(&model.save(), made).is_ok());
    assert!(Model::restore(&model.save(), made - 1).is_err());
}
