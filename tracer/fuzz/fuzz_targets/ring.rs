//! Any bytes as a record of the ring buffer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tracer::records::{FaultClassifier, RecordDecoder};

fuzz_target!(|input: &[u8]| {
    let Some((how, record)) = input.split_first() else {
        return;
    };
    let faults = match how % 4 {
        0 => None,
        1 => Some(FaultClassifier::Candidates),
        2 => Some(FaultClassifier::FromAllocations),
        _ => Some(FaultClassifier::FromPageTable),
    };
    if let Ok(event) = (RecordDecoder { faults }).decode(record) {
        tracer_fuzz::assert_comes_back(&[event]);
    }
});
