//! Any payloads in blocks with valid checksums: the decoders of events, of records and
//! their layouts, of indexes and of checkpoints.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    tracer_fuzz::read(&tracer_fuzz::forge(input));
});
