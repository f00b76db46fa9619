//! Any events as a checkpoint after a missing block: the reader must use it. The first block of
//! the input precedes the missing one; a seed has a checkpoint next.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer::{
    model::{Model, Retention, presence_snapshot},
    recording::Reader,
    report,
};

const FEW: Retention = Retention {
    exited: 4,
    ..Retention::ALL
};

fuzz_target!(|input: &[u8]| {
    let bytes = tracer_fuzz::forge_gap(input);
    tracer_fuzz::read(&bytes);
    let Ok(reader) = Reader::new(&bytes[..]) else {
        return;
    };
    let mut model = Model::new(FEW);
    for event in reader
        .with_gap_repair(presence_snapshot)
        .map_while(Result::ok)
    {
        model.apply(&event);
    }
    let again = Model::restore(&model.save(), usize::MAX);
    assert!(again.as_ref() == Ok(&model), "it is saved as another");
    let snapshot = model.presence_snapshot();
    tracer_fuzz::assert_comes_back(&snapshot);
    snapshot.iter().for_each(|event| model.apply(event));
    report::summary(&model, 80);
});
