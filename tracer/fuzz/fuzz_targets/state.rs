//! Any bytes as a saved state of the model, and any events after it. Two bytes hold the
//! length of the state; the rest is input of [`tracer_fuzz::forge`].

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer::{model::Model, recording::Reader, report};

/// Bound on the number of processes in the model, as for a recording of some megabytes.
const MADE: usize = 1 << 22;

fuzz_target!(|input: &[u8]| {
    let Some((&length, rest)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(length)).min(rest.len());
    let (state, events) = rest.split_at(length);
    let Ok(mut model) = Model::restore(state, MADE) else {
        return;
    };
    let recording = tracer_fuzz::forge(events);
    if let Ok(reader) = Reader::new(&recording[..]) {
        reader
            .map_while(Result::ok)
            .for_each(|event| model.apply(&event));
    }
    let again = Model::restore(&model.save(), usize::MAX);
    assert!(again.as_ref() == Ok(&model), "it is saved as another");
    report::summary(&model, 80);
});
