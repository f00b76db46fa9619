//! Any bytes as a recording: markers, checksums, compression, the index.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    tracer_fuzz::read(bytes);
});
